// Workloads, their identities and the environment that ConfigMaps and Secrets of the System give them.
import type { MeshConfig } from '#model/istio.ts';
import type { Container, EnvVar, Workload } from '#model/system.ts';
import type { ImportedDocument } from '../import.ts';
import type { PodDraft } from '../kind.ts';

/** ConfigMaps and Secrets by `namespace/name`. */
export interface EnvironmentSources {
  readonly configMaps: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly secretKeys: ReadonlyMap<string, readonly string[]>;
}

export interface WorkloadDraft {
  readonly workload: Workload;
  readonly pod: PodDraft;
}

/** Variables a container may get through `envFrom`; what exceeds it is left out. */
const INHERITED_MAX = 10_000;

/** Which kind keeps the plain id when several workloads of a namespace have one name. */
const PRECEDENCE = ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'ReplicationController', 'Job', 'CronJob', 'Pod'];

/** All workloads that nothing else owns: a ReplicaSet of a Deployment and a Pod of a Job are spoken for by their owners. */
export function deriveWorkloads(
  documents: readonly ImportedDocument[],
  mesh: MeshConfig,
  sources: EnvironmentSources,
): readonly WorkloadDraft[] {
  const found: { readonly document: ImportedDocument; readonly pod: PodDraft }[] = [];
  for (const document of documents) {
    const { part } = document;
    if ((part?.type === 'workload' || part?.type === 'composeService') && !document.owned)
      found.push({ document, pod: part.pod });
  }
  const first = new Map<string, string>();
  for (const { document } of found) {
    const { kind, metadata } = document.resource;
    const id = `${metadata.namespace}/${metadata.name}`;
    const present = first.get(id);
    if (present === undefined || PRECEDENCE.indexOf(kind) < PRECEDENCE.indexOf(present)) first.set(id, kind);
  }
  return found.map(({ document, pod }) => {
    const { resource } = document;
    const { namespace, name } = resource.metadata;
    const id = `${namespace}/${name}`;
    const workload: Workload = {
      id: first.get(id) === resource.kind ? id : `${id}.${resource.kind.toLowerCase()}`,
      namespace,
      name,
      kind: resource.kind,
      labels: pod.labels,
      annotations: pod.annotations,
      serviceAccount: pod.serviceAccount,
      identity: `spiffe://${mesh.trustDomain}/ns/${namespace}/sa/${pod.serviceAccount}`,
      replicas: pod.replicas,
      containers: pod.containers.map((container, i) => withSources(container, i, pod, namespace, sources)),
      resource,
    };
    return { workload, pod };
  });
}

/** `envFrom` comes first and `env` wins; a ConfigMap's value is filled in, a Secret's never is. */
function withSources(
  container: Container,
  index: number,
  pod: PodDraft,
  namespace: string,
  sources: EnvironmentSources,
): Container {
  if (pod.envFrom.length === 0 && !container.env.some((variable) => variable.from?.kind === 'configMap')) return container;
  const env = new Map<string, EnvVar>();
  for (const { container: at, kind, name, prefix } of pod.envFrom) {
    if (at !== index) continue;
    const id = `${namespace}/${name}`;
    const keys = kind === 'secret' ? (sources.secretKeys.get(id) ?? []) : Object.keys(sources.configMaps.get(id) ?? {});
    for (const key of keys.slice(0, Math.max(0, INHERITED_MAX - env.size)))
      env.set(prefix + key, { name: prefix + key, from: { kind, name, key } });
  }
  for (const variable of container.env) {
    env.delete(variable.name);
    env.set(variable.name, variable);
  }
  return { ...container, env: [...env.values()].map((variable) => filled(variable, namespace, sources)) };
}

function filled(variable: EnvVar, namespace: string, sources: EnvironmentSources): EnvVar {
  if (variable.from?.kind !== 'configMap') return variable;
  const data = sources.configMaps.get(`${namespace}/${variable.from.name}`);
  return data && Object.hasOwn(data, variable.from.key) ? { ...variable, value: data[variable.from.key]! } : variable;
}
