// Service (core/v1), and what flows on its ports.
import type { AppProtocol } from '#model/system.ts';
import { also, anyText, list, object, oneOf, optional, port, record, required, text } from '../check.ts';
import type { Check } from '../check.ts';
import { resourceOf } from '../kind.ts';
import type { KindReader, ServicePortDraft } from '../kind.ts';
import { dnsLabel, labelValue, qualifiedName } from '../metadata.ts';
import { TRANSPORTS, known, portName } from './pod.ts';

/** RFC 1035 label: a Service's name begins with a letter. */
export const serviceName: Check<string> = text({
  min: 1,
  max: 63,
  pattern: /^[a-z](?:[-a-z0-9]*[a-z0-9])?$/,
  meaning: 'lower-case letters, digits and `-`, beginning with a letter',
});

const targetPort: Check<number | string> = (value, scope) =>
  typeof value === 'string' ? portName(value, scope) : port(value, scope);

const servicePort = object(
  {
    name: optional(dnsLabel),
    port: required(port),
    targetPort: optional(targetPort),
    protocol: optional(oneOf(TRANSPORTS)),
    appProtocol: optional(anyText),
    ...known('nodePort'),
  },
  { unknown: 'warning', hints: { containerPort: 'did you mean `targetPort`?' } },
);

const SPEC = also(
  object(
    {
      type: optional(oneOf(['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'])),
      selector: optional(record(labelValue, qualifiedName)),
      ports: optional(list(servicePort, { max: 1000 })),
      externalName: optional(anyText),
      ...known(
        'clusterIP',
        'clusterIPs',
        'externalIPs',
        'sessionAffinity',
        'sessionAffinityConfig',
        'loadBalancerIP',
        'loadBalancerSourceRanges',
        'externalTrafficPolicy',
        'healthCheckNodePort',
        'publishNotReadyAddresses',
        'ipFamilies',
        'ipFamilyPolicy',
        'allocateLoadBalancerNodePorts',
        'loadBalancerClass',
        'internalTrafficPolicy',
        'trafficDistribution',
        'topologyKeys',
      ),
    },
    { unknown: 'warning', hints: { matchLabels: "a Service's `selector` holds the labels themselves" } },
  ),
  (spec, scope) => {
    const ports = spec.ports ?? [];
    const seen = new Set<string>();
    const names = new Set<string>();
    ports.forEach((each, i) => {
      scope.enter('ports');
      scope.enter(i);
      const key = `${each.protocol ?? 'TCP'}/${each.port}`;
      if (seen.has(key)) scope.error('duplicate', `port ${key} is written twice`);
      if (each.name === undefined && ports.length > 1) scope.error('required', 'each port needs a `name` when there are several');
      if (each.name !== undefined && names.has(each.name)) scope.error('duplicate', `two ports are named \`${each.name}\``);
      seen.add(key);
      names.add(each.name ?? '');
      scope.leave();
      scope.leave();
    });
    if (spec.type === 'ExternalName' && (spec.externalName ?? '') === '')
      scope.error('required', 'a Service of type ExternalName needs `externalName`');
  },
);

export const readService: KindReader = (document, scope) => {
  const raw = document.raw['spec'];
  if (raw === undefined || raw === null) {
    scope.error('required', 'the document needs `spec`');
    return undefined;
  }
  const spec = scope.at('spec', () => SPEC(raw, scope));
  if (!spec) return undefined;
  const ports = (spec.ports ?? []).map((each, i): ServicePortDraft => {
    const draft: ServicePortDraft = {
      name: each.name ?? '',
      port: each.port,
      targetPort: each.targetPort ?? each.port,
      transport: each.protocol ?? 'TCP',
      appProtocol: each.appProtocol ?? '',
    };
    if (draft.transport === 'TCP' && selectProtocol(draft) === undefined && spec.type !== 'ExternalName') {
      scope.at('spec', () =>
        scope.at('ports', () =>
          scope.at(i, () =>
            scope.info('port-protocol', untold(draft), 'name the port `http`, `grpc`, `tcp`, …, or set `appProtocol`'),
          ),
        ),
      );
    }
    return draft;
  });
  const selector = spec.selector && Object.keys(spec.selector).length > 0 ? spec.selector : undefined;
  return {
    resource: resourceOf(document, 'Service', raw),
    part: { type: 'service', service: { type: spec.type ?? 'ClusterIP', selector, ports } },
  };
};

function untold(draft: ServicePortDraft): string {
  const why =
    draft.appProtocol !== ''
      ? `\`appProtocol\` is \`${draft.appProtocol}\``
      : draft.name === ''
        ? 'it has no name'
        : `it is named \`${draft.name}\``;
  return `port ${draft.port} is taken as tcp, since nothing says what it speaks: ${why}`;
}

// Istio's protocol words; what is not HTTP is passed through as bytes.
const WORDS: Readonly<Record<string, AppProtocol>> = {
  http: 'http',
  http2: 'http2',
  grpc: 'grpc',
  'grpc-web': 'grpc',
  tcp: 'tcp',
  tls: 'tls',
  https: 'tls',
  mongo: 'tcp',
  redis: 'tcp',
  mysql: 'tcp',
  http_proxy: 'http',
  udp: 'udp',
  'kubernetes.io/h2c': 'http2',
  'kubernetes.io/ws': 'http',
  'kubernetes.io/wss': 'tls',
};
/** Ports whose server speaks first, so that Istio never waits to see what a client sends: SMTP, DNS, MySQL, MongoDB. */
const WELL_KNOWN_TCP = new Set([25, 53, 3306, 27_017]);

/**
 * Istio's explicit protocol selection: `appProtocol`, else the port name up to its first `-`, else the well-known number.
 * @returns undefined where Istio would look at the bytes to find out
 */
export function selectProtocol(draft: ServicePortDraft): AppProtocol | undefined {
  if (draft.transport !== 'TCP') return 'udp';
  const word = (draft.appProtocol === '' ? draft.name : draft.appProtocol).toLowerCase();
  const first = word.startsWith('grpc-web') ? 'grpc-web' : Object.hasOwn(WORDS, word) ? word : word.split('-', 1)[0]!;
  if (Object.hasOwn(WORDS, first)) return WORDS[first];
  return WELL_KNOWN_TCP.has(draft.port) ? 'tcp' : undefined;
}
