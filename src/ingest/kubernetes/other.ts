// Kubernetes kinds that are read for what they say about the system.
import { parseIpRange } from '#base/ip-set.ts';
import { also, anyText, integer, list, object, oneOf, optional, port, record, required, text, word } from '../check.ts';
import type { Check, Fields } from '../check.ts';
import { resourceOf } from '../kind.ts';
import type { KindReader, Part } from '../kind.ts';
import { shorten } from '../scope.ts';
import type { Scope } from '../scope.ts';
import { TRANSPORTS, known, portName } from './pod.ts';
import { labelSelector } from './workload.ts';

const strings = list(anyText);
const WARN = { unknown: 'warning' } as const;

/** A kind whose `spec` has these members; the resource keeps it as written. */
function withSpec(fields: Fields, options: { readonly spec: 'required' | 'optional' } = { spec: 'required' }): KindReader {
  const check = object(fields, WARN);
  return (document, scope) => {
    const raw = document.raw['spec'];
    if (raw === undefined || raw === null) {
      if (options.spec === 'required') scope.error('required', 'the document needs `spec`');
      return options.spec === 'required' ? undefined : { resource: resourceOf(document, document.kind, raw ?? undefined) };
    }
    const spec = scope.at('spec', () => check(raw, scope));
    return spec && { resource: resourceOf(document, document.kind, raw) };
  };
}

/** A kind whose members stand beside `metadata`, without a spec. */
function withBody(fields: Fields, part?: (read: unknown) => Part): KindReader {
  const check = object({ ...fields, ...known('apiVersion', 'kind', 'metadata') }, WARN);
  return (document, scope) => {
    const read = check(document.raw, scope);
    return read && { resource: resourceOf(document, document.kind, document.raw['spec']), ...(part ? { part: part(read) } : {}) };
  };
}

const cidr = also(word, (value, scope) => {
  if (!value.includes('/') || parseIpRange(value) === undefined)
    scope.error('cidr', `\`${shorten(value)}\` is not a range such as \`10.0.0.0/8\``);
});

export const readNamespace: KindReader = (document) => ({
  resource: resourceOf(document, 'Namespace', document.raw['spec']),
  part: { type: 'namespace' },
});

export const readServiceAccount = withBody({ ...known('secrets', 'imagePullSecrets', 'automountServiceAccountToken') });

export const readConfigMap = withBody(
  { data: optional(record(anyText)), binaryData: optional(record(anyText)), ...known('immutable') },
  (read) => ({
    type: 'configMap',
    data: (read as { readonly data?: Readonly<Record<string, string>> }).data ?? {},
  }),
);

export const readHorizontalPodAutoscaler = withSpec({
  scaleTargetRef: required(object({ apiVersion: optional(anyText), kind: required(word), name: required(word) }, WARN)),
  minReplicas: optional(integer(0, 2_147_483_647)),
  maxReplicas: required(integer(1, 2_147_483_647)),
  ...known('metrics', 'behavior', 'targetCPUUtilizationPercentage'),
});

export const readNode = withSpec(
  {
    podCIDR: optional(cidr),
    podCIDRs: optional(list(cidr)),
    ...known('providerID', 'unschedulable', 'taints', 'configSource', 'externalID'),
  },
  { spec: 'optional' },
);

const ingressBackend = object(
  {
    service: optional(
      object({ name: required(word), port: optional(object({ name: optional(anyText), number: optional(port) }, WARN)) }, WARN),
    ),
    ...known('resource', 'serviceName', 'servicePort'),
  },
  WARN,
);
const ingressPath = object(
  {
    path: optional(anyText),
    pathType: optional(oneOf(['Exact', 'Prefix', 'ImplementationSpecific'])),
    backend: required(ingressBackend),
  },
  WARN,
);
export const readIngress = withSpec({
  ingressClassName: optional(anyText),
  defaultBackend: optional(ingressBackend),
  tls: optional(list(object({ hosts: optional(strings), secretName: optional(anyText) }, WARN))),
  rules: optional(
    list(object({ host: optional(anyText), http: optional(object({ paths: required(list(ingressPath)) }, WARN)) }, WARN)),
  ),
  ...known('backend'),
});

const policyPort: Check<unknown> = (value, scope) => (typeof value === 'string' ? portName(value, scope) : port(value, scope));
const policyPorts = list(
  object({ port: optional(policyPort), endPort: optional(port), protocol: optional(oneOf(TRANSPORTS)) }, WARN),
);
const peer = also(
  object(
    {
      podSelector: optional(labelSelector),
      namespaceSelector: optional(labelSelector),
      ipBlock: optional(object({ cidr: required(cidr), except: optional(list(cidr)) }, WARN)),
    },
    WARN,
  ),
  (read, scope) => {
    if (read.ipBlock && (read.podSelector || read.namespaceSelector))
      scope.error('peer', '`ipBlock` cannot stand beside a selector', 'write two items');
    if (Object.keys(read).length === 0) scope.error('empty', 'a peer needs `podSelector`, `namespaceSelector` or `ipBlock`');
  },
);
export const readNetworkPolicy = withSpec({
  podSelector: optional(labelSelector),
  policyTypes: optional(list(oneOf(['Ingress', 'Egress']))),
  ingress: optional(list(object({ from: optional(list(peer)), ports: optional(policyPorts) }, WARN))),
  egress: optional(list(object({ to: optional(list(peer)), ports: optional(policyPorts) }, WARN))),
});

const rule = also(
  object(
    {
      verbs: required(list(word, { min: 1 })),
      apiGroups: optional(strings),
      resources: optional(list(word)),
      resourceNames: optional(strings),
      nonResourceURLs: optional(list(word)),
    },
    WARN,
  ),
  (read, scope: Scope) => {
    if ((read.resources ?? []).length === 0 && (read.nonResourceURLs ?? []).length === 0)
      scope.error('required', 'a rule needs `resources` or `nonResourceURLs`');
  },
);
const roleRef = object(
  { apiGroup: optional(anyText), kind: required(oneOf(['Role', 'ClusterRole'])), name: required(word) },
  WARN,
);
const subject = object(
  {
    kind: required(oneOf(['User', 'Group', 'ServiceAccount'])),
    name: required(word),
    namespace: optional(text()),
    apiGroup: optional(anyText),
    apiVersion: optional(anyText),
  },
  WARN,
);
export const readRole = withBody({ rules: optional(list(rule)), ...known('aggregationRule') });
export const readRoleBinding = withBody({ roleRef: required(roleRef), subjects: optional(list(subject)) });
