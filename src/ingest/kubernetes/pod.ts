// The pod template that every workload kind carries (core/v1 PodTemplateSpec).
import type { Container, ContainerPort, EnvVar } from '#model/system.ts';
import { also, anyText, anything, isObject, list, object, oneOf, optional, port, required, text, word } from '../check.ts';
import type { Check, Field } from '../check.ts';
import type { PodDraft } from '../kind.ts';
import { annotations, dnsLabel, labels, subdomain } from '../metadata.ts';
import type { Scope } from '../scope.ts';

export const TRANSPORTS = ['TCP', 'UDP', 'SCTP'] as const;

/** Members that are known and kept, but not looked into. */
export function known<const N extends string>(...names: readonly N[]): Readonly<Record<N, Field<unknown, false>>> {
  return Object.fromEntries(names.map((name) => [name, optional(anything)])) as Record<N, Field<unknown, false>>;
}

/** IANA service name: at most 15 lower-case characters with a letter among them (Kubernetes, container and target ports). */
export const portName: Check<string> = text({
  min: 1,
  max: 15,
  pattern: /^(?=.*[a-z])(?!.*--)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/,
  meaning: 'at most 15 lower-case letters, digits and `-`, with a letter among them',
});

const keyRef = object({ name: required(word), key: required(word), optional: optional(anything) }, { unknown: 'warning' });
const valueFrom = object(
  {
    secretKeyRef: optional(keyRef),
    configMapKeyRef: optional(keyRef),
    fieldRef: optional(object({ fieldPath: required(word), apiVersion: optional(anyText) }, { unknown: 'warning' })),
    resourceFieldRef: optional(
      object({ resource: required(word), containerName: optional(anyText), divisor: optional(anything) }, { unknown: 'warning' }),
    ),
    ...known('fileKeyRef'),
  },
  { unknown: 'warning' },
);
const variable = object(
  {
    name: required(text({ min: 1, pattern: /^[ -<>-~]+$/, meaning: 'printable characters without `=`' })),
    value: optional(anyText),
    valueFrom: optional(valueFrom),
  },
  { unknown: 'warning' },
);
const environment = list(
  also(variable, ({ value, valueFrom: from }, scope) => {
    if (value !== undefined && value !== '' && from !== undefined)
      scope.error('env', 'a variable has either `value` or `valueFrom`, not both');
  }),
);

const containerPort = object(
  {
    name: optional(portName),
    containerPort: required(port),
    protocol: optional(oneOf(TRANSPORTS)),
    ...known('hostPort', 'hostIP'),
  },
  { unknown: 'warning', hints: { port: 'did you mean `containerPort`?' } },
);
const sourceRef = object({ name: required(word), optional: optional(anything) }, { unknown: 'warning' });
const envFrom = object(
  { prefix: optional(anyText), configMapRef: optional(sourceRef), secretRef: optional(sourceRef) },
  { unknown: 'warning' },
);

const container = object(
  {
    name: required(dnsLabel),
    image: optional(anyText),
    command: optional(list(anyText)),
    args: optional(list(anyText)),
    env: optional(environment),
    envFrom: optional(list(envFrom, { max: 1000 })),
    ports: optional(list(containerPort)),
    ...known(
      'workingDir',
      'resources',
      'resizePolicy',
      'restartPolicy',
      'restartPolicyRules',
      'volumeMounts',
      'volumeDevices',
      'livenessProbe',
      'readinessProbe',
      'startupProbe',
      'lifecycle',
      'terminationMessagePath',
      'terminationMessagePolicy',
      'imagePullPolicy',
      'securityContext',
      'stdin',
      'stdinOnce',
      'tty',
    ),
  },
  { unknown: 'warning' },
);

const podSpec = also(
  object(
    {
      containers: required(list(container, { min: 1, max: 1000 })),
      initContainers: optional(list(container, { max: 1000 })),
      serviceAccountName: optional(subdomainOrEmpty),
      serviceAccount: optional(subdomainOrEmpty),
      ...known(
        'volumes',
        'ephemeralContainers',
        'restartPolicy',
        'terminationGracePeriodSeconds',
        'activeDeadlineSeconds',
        'dnsPolicy',
        'nodeSelector',
        'automountServiceAccountToken',
        'nodeName',
        'hostNetwork',
        'hostPID',
        'hostIPC',
        'shareProcessNamespace',
        'securityContext',
        'imagePullSecrets',
        'hostname',
        'subdomain',
        'affinity',
        'schedulerName',
        'tolerations',
        'hostAliases',
        'priorityClassName',
        'priority',
        'dnsConfig',
        'readinessGates',
        'runtimeClassName',
        'enableServiceLinks',
        'preemptionPolicy',
        'overhead',
        'topologySpreadConstraints',
        'setHostnameAsFQDN',
        'os',
        'hostUsers',
        'schedulingGates',
        'resourceClaims',
        'resources',
        'hostnameOverride',
        'workloadRef',
      ),
    },
    { unknown: 'warning' },
  ),
  (spec, scope) => {
    const seen = new Set<string>();
    for (const { name } of [...(spec.initContainers ?? []), ...spec.containers]) {
      if (seen.has(name)) scope.error('duplicate', `two containers are named \`${name}\``);
      seen.add(name);
    }
  },
);

function subdomainOrEmpty(value: unknown, scope: Scope): string | undefined {
  return value === '' ? '' : subdomain(value, scope);
}

type RawContainer = NonNullable<ReturnType<typeof container>>;

function typedContainer(raw: RawContainer, init: boolean): Container {
  const ports = (raw.ports ?? []).map((each): ContainerPort => ({
    name: each.name ?? '',
    port: each.containerPort,
    transport: each.protocol ?? 'TCP',
  }));
  return {
    name: raw.name,
    image: raw.image ?? '',
    command: raw.command ?? [],
    args: raw.args ?? [],
    env: (raw.env ?? []).map(typedVariable),
    ports,
    init,
  };
}

function typedVariable({ name, value, valueFrom: from }: NonNullable<ReturnType<typeof variable>>): EnvVar {
  if (from?.secretKeyRef) return { name, from: { kind: 'secret', name: from.secretKeyRef.name, key: from.secretKeyRef.key } };
  if (from?.configMapKeyRef)
    return { name, from: { kind: 'configMap', name: from.configMapKeyRef.name, key: from.configMapKeyRef.key } };
  if (from?.fieldRef) return { name, from: { kind: 'field', name: '', key: from.fieldRef.fieldPath } };
  if (from?.resourceFieldRef) return { name, from: { kind: 'resource', name: '', key: from.resourceFieldRef.resource } };
  return { name, value: value ?? '' };
}

/** A pod's spec, and what its metadata gives it. Stands at the pod spec's own path. */
export function readPodSpec(
  raw: unknown,
  scope: Scope,
  meta: { readonly labels: PodDraft['labels']; readonly annotations: PodDraft['annotations'] },
  replicas: number,
  podPath: readonly (string | number)[],
): PodDraft | undefined {
  const spec = podSpec(raw, scope);
  if (!spec) return undefined;
  const account = spec.serviceAccountName ?? spec.serviceAccount ?? '';
  const init = spec.initContainers ?? [];
  return {
    labels: meta.labels,
    annotations: meta.annotations,
    serviceAccount: account === '' ? 'default' : account,
    replicas,
    containers: [
      ...init.map((each) => typedContainer(each, true)),
      ...spec.containers.map((each) => typedContainer(each, false)),
    ],
    envFrom: [...init, ...spec.containers].flatMap((each, container) =>
      (each.envFrom ?? []).flatMap(({ prefix = '', configMapRef, secretRef }) => [
        ...(configMapRef ? [{ container, kind: 'configMap' as const, name: configMapRef.name, prefix }] : []),
        ...(secretRef ? [{ container, kind: 'secret' as const, name: secretRef.name, prefix }] : []),
      ]),
    ),
    podPath,
  };
}

const templateMeta = object(
  {
    labels: optional(labels),
    annotations: optional(annotations),
    ...known('name', 'generateName', 'namespace', 'creationTimestamp', 'finalizers'),
  },
  { unknown: 'warning' },
);

/** `template`: metadata and spec of the pods that a workload makes. Stands at the template's own path. */
export function readPodTemplate(
  raw: unknown,
  scope: Scope,
  replicas: number,
  path: readonly (string | number)[],
): PodDraft | undefined {
  if (!isObject(raw)) {
    scope.error('required', `${scope.name()} must be a pod template with \`metadata\` and \`spec\``);
    return undefined;
  }
  const meta = scope.at('metadata', () => templateMeta(raw['metadata'] ?? {}, scope));
  if (raw['spec'] === undefined || raw['spec'] === null) {
    scope.error('required', '`template` needs `spec`');
    return undefined;
  }
  return scope.at('spec', () =>
    readPodSpec(raw['spec'], scope, { labels: meta?.labels ?? {}, annotations: meta?.annotations ?? {} }, replicas, [
      ...path,
      'spec',
    ]),
  );
}
