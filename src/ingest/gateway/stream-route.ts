// TLSRoute (v1, v1alpha3, v1alpha2), TCPRoute and UDPRoute (v1alpha2) of gateway.networking.k8s.io.
import type { StreamRouteRule, StreamRouteSpec } from '#model/gateway.ts';
import { anyText, list, object, optional, required } from '../check.ts';
import type { Check } from '../check.ts';
import { resourceOf } from '../kind.ts';
import type { KindReader } from '../kind.ts';
import { subdomain } from '../metadata.ts';
import { hostname } from './common.ts';
import { streamBackend } from './refs.ts';
import { parentRefs } from './route-parts.ts';

const rawRule = object({ name: optional(subdomain), backendRefs: required(list(streamBackend, { min: 1, max: 16 })) });
const rule: Check<StreamRouteRule> = rawRule;

const common = {
  parentRefs: optional(parentRefs),
  rules: required(list(rule, { min: 1, max: 16 })),
  useDefaultGateways: optional(anyText),
};
const TLS_SPEC = object({ ...common, hostnames: optional(list(hostname, { max: 16 })) });
const SPEC = object(common);
type RawSpec = NonNullable<ReturnType<typeof TLS_SPEC>>;

export const readStreamRoute: KindReader = (document, scope) => {
  const typed = scope.at('spec', (): StreamRouteSpec | undefined => {
    const raw = document.raw['spec'] ?? {};
    const check: Check<RawSpec> = document.kind === 'TLSRoute' ? TLS_SPEC : SPEC;
    const spec = check(raw, scope);
    return spec && { parentRefs: spec.parentRefs ?? [], hostnames: spec.hostnames ?? [], rules: spec.rules };
  });
  if (!typed) return undefined;
  if (document.kind === 'UDPRoute') scope.warn('not-acted-on', 'UDP is not served by this data plane: the route leads nowhere');
  const route = resourceOf(document, document.kind as 'TLSRoute' | 'TCPRoute' | 'UDPRoute', typed);
  return { resource: route, part: { type: 'streamRoute', route } };
};
