// Workloads that no policy can tell apart, so that reachability is asked once for all of them.
import type { System, Workload } from '#model/system.ts';
import { asObject } from '../../reach/raw.ts';
import { rawPod } from '../pod.ts';

const DEPTH_MAX = 24;
/** Kinds that select nothing. */
const SILENT = new Set(['ConfigMap', 'Secret', 'CustomResourceDefinition', 'Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding', 'ServiceAccount']);
/** Labels and annotations that change how a mesh treats a pod. */
const MESH_KEY = /istio\.io\/|linkerd\.io\/|cilium\.io\//;

/**
 * Splits workloads into classes of which no member is treated in another way than the others: same namespace, same values of every label that any
 * selector of the System names, same identity where mesh policies exist, same network of the host, same ports.
 * @returns the class of each workload, by its place in the System, and one representative for each class
 */
export function classesOf(system: System): { readonly of: Int32Array; readonly members: readonly (readonly number[])[] } {
  const labels = new Set<string>();
  for (const { labels: own } of system.workloads) for (const key of Object.keys(own)) labels.add(key);
  const named = new Set<string>();
  for (const resource of system.resources) {
    if (SILENT.has(resource.kind) || 'containers' in resource) continue;
    collect(resource.spec, labels, named, 0);
  }
  const mesh = system.authorizationPolicies.length + system.peerAuthentications.length + system.requestAuthentications.length > 0 || system.runs.length > 0;
  const addressed = system.resources.some(({ kind }) => kind === 'EndpointSlice');
  const keys = [...named].sort();
  const known = new Map<string, number>();
  const members: number[][] = [];
  const of = new Int32Array(system.workloads.length);
  system.workloads.forEach((workload, i) => {
    const key = addressed ? String(i) : signature(workload, keys, mesh);
    let at = known.get(key);
    if (at === undefined) {
      at = members.length;
      known.set(key, at);
      members.push([]);
    }
    of[i] = at;
    members[at]!.push(i);
  });
  return { of, members };
}

function signature(workload: Workload, keys: readonly string[], mesh: boolean): string {
  const parts: unknown[] = [workload.namespace];
  for (const key of keys) parts.push(Object.hasOwn(workload.labels, key) ? workload.labels[key] : null);
  const { spec, containers } = rawPod(workload);
  // What is no pod (Compose) is told apart by its own rules.
  if (containers.length === 0) return workload.id;
  parts.push(spec['hostNetwork'] === true);
  for (const { ports, init, name } of workload.containers) {
    if (!init) parts.push(ports.map((each) => [each.name, each.port, each.transport]));
    if (name === 'istio-proxy') parts.push('proxy');
  }
  for (const [key, value] of [...Object.entries(workload.annotations), ...Object.entries(workload.labels)]) if (MESH_KEY.test(key)) parts.push(key, value);
  if (mesh) parts.push(workload.identity);
  return JSON.stringify(parts);
}

/** Label keys that stand anywhere in a policy: as a key of a mapping, or as the text of an expression. */
function collect(value: unknown, labels: ReadonlySet<string>, into: Set<string>, depth: number): void {
  if (depth > DEPTH_MAX) return;
  if (typeof value === 'string') {
    if (labels.has(value)) into.add(value);
  } else if (Array.isArray(value)) {
    for (const each of value) collect(each, labels, into, depth + 1);
  } else {
    const object = asObject(value);
    if (!object) return;
    for (const [key, member] of Object.entries(object)) {
      if (labels.has(key)) into.add(key);
      collect(member, labels, into, depth + 1);
    }
  }
}
