// Gateway (gateway.networking.k8s.io/v1, v1beta1).
import type { GatewayListener, GatewaySpec } from '#model/gateway.ts';
import { also, anyText, anything, list, object, oneOf, optional, port, required, text } from '../check.ts';
import type { Check } from '../check.ts';
import { resourceOf } from '../kind.ts';
import type { KindReader } from '../kind.ts';
import { dnsLabel, labels, subdomain } from '../metadata.ts';
import type { Scope } from '../scope.ts';
import { GATEWAY_GROUP, group, hostname, kind, objectName } from './common.ts';

const certificateRef = object({
  group: optional(group),
  kind: optional(kind),
  name: required(objectName),
  namespace: optional(dnsLabel),
});
const tls = object({
  mode: optional(oneOf(['Terminate', 'Passthrough'])),
  certificateRefs: optional(list(certificateRef, { max: 64 })),
  options: optional(anything),
  frontendValidation: optional(anything),
});
const namespaces = also(
  object({
    from: optional(oneOf(['All', 'Same', 'Selector'])),
    selector: optional(object({ matchLabels: optional(labels), matchExpressions: optional(anything) })),
  }),
  (read, scope) => {
    if (read.selector?.matchExpressions !== undefined)
      scope.at('selector', () => scope.error('unsupported', '`matchExpressions` is not supported here', 'use `matchLabels`'));
    if (read.from === 'Selector' && read.selector === undefined) scope.error('required', '`from: Selector` needs `selector`');
  },
);
const allowedRoutes = object({
  namespaces: optional(namespaces),
  kinds: optional(list(object({ group: optional(group), kind: required(kind) }), { max: 8 })),
});
const listener = object({
  name: required(subdomain),
  hostname: optional((value, scope) => (value === '' ? '' : hostname(value, scope))),
  port: required(port),
  protocol: required(oneOf(['HTTP', 'HTTPS', 'TLS', 'TCP', 'UDP'])),
  tls: optional(tls),
  allowedRoutes: optional(allowedRoutes),
});
type RawListener = NonNullable<ReturnType<typeof listener>>;

const SPEC = object({
  gatewayClassName: required(text({ min: 1, max: 253 })),
  listeners: required(list(also(listener, checkListener), { min: 1, max: 64 })),
  addresses: optional(list(object({ type: optional(anyText), value: optional(anyText) }), { max: 16 })),
  infrastructure: optional(anything),
  allowedListeners: optional(anything),
  backendTLS: optional(anything),
  tls: optional(anything),
  defaultScope: optional(anyText),
});

function checkListener(each: RawListener, scope: Scope): void {
  const { protocol } = each;
  const secure = protocol === 'HTTPS' || protocol === 'TLS';
  if (!secure && each.tls) scope.at('tls', () => scope.error('tls', `\`tls\` has no meaning with protocol ${protocol}`));
  if (secure && !each.tls) scope.error('tls', `protocol ${protocol} needs \`tls\``);
  if (protocol === 'HTTPS' && each.tls?.mode === 'Passthrough')
    scope.at('tls', () => scope.error('tls', 'HTTPS is terminated here: mode `Passthrough` goes with protocol TLS'));
  if (
    each.tls &&
    (each.tls.mode ?? 'Terminate') === 'Terminate' &&
    (each.tls.certificateRefs ?? []).length === 0 &&
    each.tls.options === undefined
  ) {
    scope.at('tls', () => scope.error('tls', 'mode `Terminate` needs `certificateRefs`'));
  }
  if ((protocol === 'TCP' || protocol === 'UDP') && (each.hostname ?? '') !== '')
    scope.at('hostname', () => scope.error('hostname', `protocol ${protocol} knows no host names`));
}

function typedListener(each: RawListener): GatewayListener {
  const from = each.allowedRoutes?.namespaces;
  const kinds = each.allowedRoutes?.kinds;
  return {
    name: each.name,
    ...(each.hostname ? { hostname: each.hostname } : {}),
    port: each.port,
    protocol: each.protocol,
    ...(each.tls
      ? {
          tls: {
            mode: each.tls.mode ?? 'Terminate',
            certificateRefs: (each.tls.certificateRefs ?? []).map((ref) => ({
              kind: qualifiedKind(ref.group ?? '', ref.kind ?? 'Secret', ''),
              name: ref.name,
              ...(ref.namespace === undefined ? {} : { namespace: ref.namespace }),
            })),
          },
        }
      : {}),
    ...(each.allowedRoutes
      ? {
          allowedRoutes: {
            namespaces: { from: from?.from ?? 'Same', ...(from?.selector ? { selector: from.selector.matchLabels ?? {} } : {}) },
            ...(kinds && kinds.length > 0
              ? { kinds: kinds.map((one) => ({ group: one.group ?? GATEWAY_GROUP, kind: one.kind })) }
              : {}),
          },
        }
      : {}),
  };
}

/** A kind of another group than the expected one carries its group, so that `example.com/Service` is never taken for a Service. */
export function qualifiedKind(groupName: string, kindName: string, expected: string): string {
  return groupName === expected || (expected === '' && groupName === 'core') ? kindName : `${groupName}/${kindName}`;
}

function checkUnique(listeners: readonly GatewayListener[], scope: Scope): void {
  const names = new Set<string>();
  const places = new Set<string>();
  listeners.forEach((each, i) => {
    const transport = each.protocol === 'UDP' ? 'UDP' : 'TCP';
    const place = `${transport} ${each.port} ${each.protocol} ${each.hostname ?? ''}`;
    scope.at('listeners', () =>
      scope.at(i, () => {
        if (names.has(each.name)) scope.error('duplicate', `two listeners are named \`${each.name}\``);
        if (places.has(place))
          scope.error('duplicate', `two listeners have port ${each.port}, protocol ${each.protocol} and the same host name`);
      }),
    );
    names.add(each.name);
    places.add(place);
  });
}

export const readGateway: KindReader = (document, scope) => {
  const raw = document.raw['spec'];
  const typed = scope.at('spec', (): GatewaySpec | undefined => {
    const spec = (SPEC as Check<NonNullable<ReturnType<typeof SPEC>>>)(raw ?? {}, scope);
    if (!spec) return undefined;
    const listeners = spec.listeners.map(typedListener);
    checkUnique(listeners, scope);
    return { gatewayClassName: spec.gatewayClassName, listeners };
  });
  if (!typed) return undefined;
  const gateway = resourceOf(document, 'Gateway', typed);
  return { resource: gateway, part: { type: 'gateway', gateway } };
};
