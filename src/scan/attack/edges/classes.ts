// Workloads that no policy can tell apart, so that reachability is asked once for all of them.
import type { Resource } from '#model/resource.ts';
import type { System, Workload } from '#model/system.ts';
import { asObject } from '#base/raw.ts';
import { rawPod } from '../pod.ts';

const DEPTH_MAX = 24;
/** Kinds that tell pods apart by their labels. */
const SELECTING = /Policy$|^(?:PeerAuthentication|RequestAuthentication|Sidecar|EnvoyFilter|Telemetry)$/;
/** Kinds whose selectors speak of their own namespace, unless that is the mesh's root. */
const OWN_NAMESPACE = /^(?:NetworkPolicy|AuthorizationPolicy|PeerAuthentication|RequestAuthentication|Sidecar)$/;
/** Labels and annotations that change how a mesh treats a pod. */
export const MESH_KEY = /istio\.io\/|linkerd\.io\/|cilium\.io\//;
const EVERYWHERE = '*';

/**
 * Splits workloads into classes of which no member is treated in another way than the others: same namespace, same values of every label that a policy
 * which may hold or name them looks at, same identity where mesh policies exist, same network of the host, same ports.
 * @param portsOf a text that is equal for workloads with the same ports
 * @returns members of each class, by place in the System
 */
export function classesOf(system: System, portsOf: (workload: Workload) => string): readonly (readonly number[])[] {
  const keys = selectedKeys(system);
  const mesh =
    system.authorizationPolicies.length + system.peerAuthentications.length + system.requestAuthentications.length > 0 ||
    system.runs.length > 0;
  // Without any of them nothing tells one namespace from another.
  const apart = mesh || system.resources.some(({ kind }) => SELECTING.test(kind));
  const addressed = system.resources.some(({ kind }) => kind === 'EndpointSlice');
  const byKey = new Map<string, number[]>();
  for (const [i, workload] of system.workloads.entries()) {
    const own = [...(keys.get(EVERYWHERE) ?? []), ...(keys.get(workload.namespace) ?? [])];
    const key = addressed ? String(i) : signature(workload, own, { mesh, apart }, portsOf(workload));
    const present = byKey.get(key);
    if (present) present.push(i);
    else byKey.set(key, [i]);
  }
  return [...byKey.values()];
}

function signature(
  workload: Workload,
  keys: readonly string[],
  { mesh, apart }: { readonly mesh: boolean; readonly apart: boolean },
  ports: string,
): string {
  const { spec, kubernetes } = rawPod(workload);
  // What is no pod (Compose) is told apart by its own rules.
  if (!kubernetes) return workload.id;
  const parts: unknown[] = [apart ? workload.namespace : '', ports, spec['hostNetwork'] === true];
  for (const key of keys) parts.push(Object.hasOwn(workload.labels, key) ? workload.labels[key] : null);
  // Policies may name a port by its name.
  for (const { ports: own, init } of workload.containers)
    if (!init) parts.push(own.map((each) => [each.name, each.port, each.transport]));
  if (workload.containers.some(({ name }) => name === 'istio-proxy')) parts.push('proxy');
  for (const [key, value] of [...Object.entries(workload.annotations), ...Object.entries(workload.labels)])
    if (MESH_KEY.test(key)) parts.push(key, value);
  if (mesh) parts.push(workload.id, workload.identity);
  return JSON.stringify(parts);
}

/** Label keys that policies look at, by the namespace whose pods they may tell apart; `*` for all. */
function selectedKeys(system: System): ReadonlyMap<string, ReadonlySet<string>> {
  const labels = new Set<string>();
  for (const { labels: own } of system.workloads) for (const key of Object.keys(own)) labels.add(key);
  const found = new Map<string, Set<string>>();
  for (const resource of system.resources) {
    if (!SELECTING.test(resource.kind)) continue;
    const named = new Set<string>();
    const wide = collect(resource.spec, labels, named, 0) || !isLocal(resource, system.mesh.rootNamespace);
    const scope = wide ? EVERYWHERE : resource.metadata.namespace;
    const present = found.get(scope);
    if (present) for (const key of named) present.add(key);
    else found.set(scope, named);
  }
  return found;
}

function isLocal({ kind, metadata }: Resource, root: string): boolean {
  return OWN_NAMESPACE.test(kind) && metadata.namespace !== root && metadata.namespace !== '';
}

/**
 * Label keys that stand anywhere in a policy: as a key of a mapping, or as the text of an expression.
 * @returns whether it speaks of other namespaces
 */
function collect(value: unknown, labels: ReadonlySet<string>, into: Set<string>, depth: number): boolean {
  if (depth > DEPTH_MAX) return true;
  if (typeof value === 'string') {
    if (labels.has(value)) into.add(value);
    return false;
  }
  let wide = false;
  if (Array.isArray(value)) for (const each of value) wide = collect(each, labels, into, depth + 1) || wide;
  else
    for (const [key, member] of Object.entries(asObject(value) ?? {})) {
      if (labels.has(key)) into.add(key);
      wide = collect(member, labels, into, depth + 1) || key === 'namespaceSelector' || wide;
    }
  return wide;
}
