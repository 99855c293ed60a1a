// PeerAuthentication, security.istio.io/v1 and v1beta1.
import { MTLS_MODES } from '#model/istio.ts';
import type { PeerAuthenticationSpec } from '#model/istio.ts';
import { object, oneOf, optional, record } from '../check.ts';
import type { Check } from '../check.ts';
import { resourceOf } from '../kind.ts';
import type { KindReader } from '../kind.ts';
import { shorten } from '../scope.ts';
import { checkDryRun, selector } from './common.ts';

const mtls = object({ mode: optional(oneOf(MTLS_MODES)) });

const portKey: Check<string> = (value, scope) => {
  const key = value as string;
  const port = Number(key);
  if (/^\d+$/.test(key) && port >= 1 && port <= 65_535) return key;
  const message = /^\d+$/.test(key)
    ? `\`${shorten(key)}\` is not a port: port must be between 1-65535`
    : `\`${shorten(key)}\` is not a port number`;
  scope.error('port', message, 'the key is the port of the workload, not of the service');
  return undefined;
};

const SPEC = object({
  selector: optional(selector),
  mtls: optional(mtls),
  portLevelMtls: optional(record(mtls, portKey, { min: 1 })),
});

export const readPeerAuthentication: KindReader = (document, scope) => {
  checkDryRun(document, undefined, scope);
  const typed = scope.at('spec', (): PeerAuthenticationSpec | undefined => {
    const spec = SPEC(document.raw['spec'] ?? {}, scope);
    if (!spec) return undefined;
    if (spec.portLevelMtls && Object.keys(spec.selector?.matchLabels ?? {}).length === 0) {
      scope.at('portLevelMtls', () =>
        scope.error(
          'port-level',
          'portLevelMtls requires selector with labels',
          'a policy for the whole namespace or mesh has no ports of its own',
        ),
      );
    }
    return spec;
  });
  if (!typed) return undefined;
  const policy = resourceOf(document, 'PeerAuthentication', typed);
  return { resource: policy, part: { type: 'peerAuthentication', policy } };
};
