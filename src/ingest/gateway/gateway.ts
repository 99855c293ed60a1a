// Gateway (gateway.networking.k8s.io/v1, v1beta1, v1alpha2).
import type { ClientValidation, GatewayListener, GatewaySpec } from '#model/gateway.ts';
import { also, anyText, anything, list, object, oneOf, optional, port, record, required, text } from '../check.ts';
import type { Check } from '../check.ts';
import { resourceOf } from '../kind.ts';
import type { KindReader } from '../kind.ts';
import { labels, subdomain } from '../metadata.ts';
import type { Scope } from '../scope.ts';
import { GATEWAY_GROUP, group, hostname, kind } from './common.ts';
import { objectRef } from './refs.ts';

/** Istio's key of `options`: `ISTIO_MUTUAL` ends the mesh's own TLS, with the identities of both sides. */
const TERMINATE_MODE = 'gateway.istio.io/tls-terminate-mode';
/** Key of `options` for the lowest version, `1.2` or `1.3`. */
const MINIMUM_VERSION = 'cullis.dev/minimum-tls-version';
const VERSIONS = { '1.2': 'TLSv1.2', '1.3': 'TLSv1.3' } as const;

const clientValidation: Check<ClientValidation> = (value, scope) => {
  const read = object({
    mode: optional(oneOf(['AllowValidOnly', 'AllowInsecureFallback'])),
    caCertificateRefs: required(list(objectRef('ConfigMap'), { min: 1, max: 8 })),
  })(value, scope);
  return read && { mode: read.mode ?? 'AllowValidOnly', caCertificateRefs: read.caCertificateRefs };
};
const tls = object({
  mode: optional(oneOf(['Terminate', 'Passthrough'])),
  certificateRefs: optional(list(objectRef('Secret'), { max: 64 })),
  options: optional(record(text({ max: 4096 }))),
  frontendValidation: optional(clientValidation),
});
const frontendConfig = object({ validation: optional(clientValidation) });
const gatewayTls = object({
  backend: optional(object({ clientCertificateRef: optional(objectRef('Secret')), resolvedRefs: optional(anything) })),
  frontend: optional(
    object({
      default: required(frontendConfig),
      perPort: optional(list(object({ port: required(port), tls: required(frontendConfig) }), { max: 64 })),
    }),
  ),
});

const expression = also(
  object({
    key: required(text({ min: 1, max: 317 })),
    operator: required(oneOf(['In', 'NotIn', 'Exists', 'DoesNotExist'])),
    values: optional(list(text({ max: 63 }), { max: 256 })),
  }),
  ({ operator, values = [] }, scope) => {
    const needed = operator === 'In' || operator === 'NotIn';
    if (needed !== values.length > 0)
      scope.error('value', needed ? `\`${operator}\` needs \`values\`` : `\`${operator}\` has no \`values\``);
  },
);
const namespaces = also(
  object({
    from: optional(oneOf(['All', 'Same', 'Selector', 'None'])),
    selector: optional(object({ matchLabels: optional(labels), matchExpressions: optional(list(expression, { max: 64 })) })),
  }),
  (read, scope) => {
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
  backendTLS: optional(object({ clientCertificateRef: optional(objectRef('Secret')) })),
  tls: optional(gatewayTls),
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
    each.tls.options?.[TERMINATE_MODE] !== 'ISTIO_MUTUAL' &&
    Object.keys(each.tls.options ?? {}).every((key) => key === MINIMUM_VERSION || key === TERMINATE_MODE)
  ) {
    scope.at('tls', () => scope.error('tls', 'mode `Terminate` needs `certificateRefs`'));
  }
  const version = each.tls?.options?.[MINIMUM_VERSION];
  if (version !== undefined && !Object.hasOwn(VERSIONS, version))
    scope.at('tls', () => scope.error('tls', `\`${MINIMUM_VERSION}\` must be \`1.2\` or \`1.3\``));
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
    ...(each.tls ? { tls: typedTls(each.tls) } : {}),
    ...(each.allowedRoutes
      ? {
          allowedRoutes: {
            namespaces: {
              from: from?.from ?? 'Same',
              ...(from?.selector ? { selector: from.selector.matchLabels ?? {} } : {}),
              ...(from?.selector?.matchExpressions
                ? { expressions: from.selector.matchExpressions.map((one) => ({ ...one, values: one.values ?? [] })) }
                : {}),
            },
            ...(kinds && kinds.length > 0
              ? { kinds: kinds.map((one) => ({ group: one.group ?? GATEWAY_GROUP, kind: one.kind })) }
              : {}),
          },
        }
      : {}),
  };
}

function typedTls(tls: NonNullable<RawListener['tls']>): NonNullable<GatewayListener['tls']> {
  const { [MINIMUM_VERSION]: version, [TERMINATE_MODE]: terminate, ...others } = tls.options ?? {};
  const mesh = terminate === 'ISTIO_MUTUAL' && (tls.mode ?? 'Terminate') === 'Terminate';
  const unknownOptions = [
    ...Object.keys(others),
    ...(terminate === undefined || mesh || terminate === 'SIMPLE' ? [] : [TERMINATE_MODE]),
  ];
  return {
    mode: tls.mode ?? 'Terminate',
    certificateRefs: tls.certificateRefs ?? [],
    ...(mesh ? { mesh: true as const } : {}),
    ...(version === undefined ? {} : { minVersion: VERSIONS[version as keyof typeof VERSIONS] }),
    ...(unknownOptions.length > 0 ? { unknownOptions } : {}),
    ...(tls.frontendValidation ? { clientValidation: tls.frontendValidation } : {}),
  };
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
    const { frontend, backend } = spec.tls ?? {};
    const certificate = backend?.clientCertificateRef ?? spec.backendTLS?.clientCertificateRef;
    return {
      gatewayClassName: spec.gatewayClassName,
      listeners,
      ...(frontend
        ? {
            frontend: {
              ...frontend.default,
              perPort: (frontend.perPort ?? []).map((each) => ({ port: each.port, ...each.tls })),
            },
          }
        : {}),
      ...(certificate ? { backendCertificate: certificate } : {}),
    };
  });
  if (!typed) return undefined;
  const gateway = resourceOf(document, 'Gateway', typed);
  return { resource: gateway, part: { type: 'gateway', gateway } };
};
