// Strategic merge patches (Kubernetes API conventions, Strategic Merge Patch).
import { isObject } from '../check.ts';
import type { Trace, Tree } from '../trace.ts';
import { textAt } from './object.ts';

/** Lists of the built-in kinds whose items are told apart by a member; every other list is replaced as a whole. */
const MERGE_KEYS: Readonly<Record<string, readonly string[]>> = {
  containers: ['name'],
  initContainers: ['name'],
  ephemeralContainers: ['name'],
  volumes: ['name'],
  env: ['name'],
  imagePullSecrets: ['name'],
  secrets: ['name'],
  resourceClaims: ['name'],
  schedulingGates: ['name'],
  webhooks: ['name'],
  volumeMounts: ['mountPath'],
  volumeDevices: ['devicePath'],
  hostAliases: ['ip'],
  topologySpreadConstraints: ['topologyKey'],
  ownerReferences: ['uid'],
  conditions: ['type'],
  // Of a container by containerPort, of a Service by port; the protocol belongs to both.
  ports: ['containerPort', 'port'],
};
const BUILT_IN = /^(?:v\d[a-z0-9]*$|(?:apps|batch|autoscaling|policy|extensions|(?:[a-z0-9.-]{1,100}\.)?k8s\.io)\/)/;
/** Custom resources in groups of Kubernetes itself have no schema in kustomize. */
const CUSTOM = /^(?:gateway|policy)\.networking\.k8s\.io\//;

/** Whether lists of such an object are merged by their keys. */
export function mergesLists(apiVersion: string): boolean {
  return BUILT_IN.test(apiVersion) && !CUSTOM.test(apiVersion);
}

/**
 * Changes `target` as the patch says.
 * @param patch a traced copy of its own
 * @returns false when the patch deletes the whole object
 */
export function strategicMerge(trace: Trace, target: Tree, patch: Tree, byKey: boolean): boolean {
  const directive = patch['$patch'];
  if (directive === 'delete') return false;
  if (directive === 'replace') {
    for (const key of Object.keys(target)) delete target[key];
  }
  const retained = patch['$retainKeys'];
  if (Array.isArray(retained)) for (const key of Object.keys(target)) if (!retained.includes(key)) delete target[key];
  for (const key of Object.keys(patch)) {
    if (key === '$patch' || key === '$retainKeys' || key.startsWith('$setElementOrder/')) continue;
    if (key.startsWith('$deleteFromPrimitiveList/')) {
      const list = target[key.slice(25)];
      const gone = patch[key];
      if (Array.isArray(list) && Array.isArray(gone)) rebuild(trace, target, key.slice(25), list, (item) => !gone.includes(item));
      continue;
    }
    const value = patch[key];
    const present = target[key];
    if (value === null) delete target[key];
    else if (isObject(value) && isObject(present)) {
      if (!strategicMerge(trace, present as Tree, value as Tree, byKey)) delete target[key];
    } else if (isObject(value)) {
      if (value['$patch'] !== 'delete') trace.set(target, key, clean(value), trace.markOf(patch, key));
    } else if (Array.isArray(value) && Array.isArray(present) && byKey && mergeKey(key, value, present) !== undefined) {
      mergeList(trace, target, key, present, value, mergeKey(key, value, present)!);
    } else if (Array.isArray(value) && Array.isArray(present) && key === 'finalizers') {
      for (const [i, item] of value.entries())
        if (!present.includes(item)) trace.set(present, present.length, item, trace.markOf(value, i));
    } else if (Array.isArray(value)) {
      const kept = value.filter((item) => !(isObject(item) && '$patch' in item));
      trace.set(target, key, kept.length === value.length ? value : kept.map(clean), trace.markOf(patch, key));
    } else trace.set(target, key, value, trace.markOf(patch, key));
  }
  return true;
}

/** The first key of the list that its items carry. */
function mergeKey(list: string, patch: readonly unknown[], present: readonly unknown[]): string | undefined {
  return MERGE_KEYS[list]?.find((key) =>
    [...patch, ...present].some((item) => isObject(item) && (key in item || item['$patch'] === 'replace')),
  );
}

function mergeList(trace: Trace, target: Tree, name: string, present: unknown[], patch: readonly unknown[], key: string): void {
  if (patch.some((item) => isObject(item) && item['$patch'] === 'replace')) {
    rebuild(trace, target, name, patch, (item) => !(isObject(item) && '$patch' in item));
    return;
  }
  const idOf = (item: unknown): string =>
    isObject(item) ? `${textAt(item, key)}/${key.endsWith('ort') ? textAt(item, 'protocol') || 'TCP' : ''}` : '';
  const result: unknown[] = [];
  const placed = new Set<unknown>();
  const byId = new Map<string, number>();
  const byKey = new Map<string, number>();
  for (const [i, item] of present.entries()) {
    const [id, name] = [idOf(item), textAt(item, key)];
    if (!byId.has(id)) byId.set(id, i);
    if (!byKey.has(name)) byKey.set(name, i);
  }
  // Items of the patch come first, in its order, then the others: so kustomize has it.
  for (const [i, item] of patch.entries()) {
    // A patch that says no protocol means the port whatever its protocol is.
    const found = byId.get(idOf(item)) ?? (textAt(item, 'protocol') === '' ? byKey.get(textAt(item, key)) : undefined);
    const match = found === undefined ? undefined : present[found];
    if (match !== undefined) placed.add(match);
    if (isObject(item) && item['$patch'] === 'delete') continue;
    if (match !== undefined && isObject(item)) {
      strategicMerge(trace, match as Tree, item as Tree, true);
      trace.set(result, result.length, match, trace.markOf(present, found!));
    } else trace.set(result, result.length, isObject(item) ? clean(item) : item, trace.markOf(patch, i));
  }
  for (const [i, item] of present.entries())
    if (!placed.has(item)) trace.set(result, result.length, item, trace.markOf(present, i));
  trace.set(target, name, result, trace.markOf(target, name));
  const place = trace.placeOf(present);
  if (place) trace.place(result, place);
}

function rebuild(trace: Trace, target: Tree, name: string, list: readonly unknown[], keep: (item: unknown) => boolean): void {
  const result: unknown[] = [];
  for (const [i, item] of list.entries()) if (keep(item)) trace.set(result, result.length, item, trace.markOf(list, i));
  const place = trace.placeOf(list);
  if (place) trace.place(result, place);
  trace.set(target, name, result);
}

/** Directives and nulls are no content. Changes the value. */
function clean(value: unknown): unknown {
  if (Array.isArray(value)) value.forEach(clean);
  else if (isObject(value)) {
    for (const key of Object.keys(value)) {
      if (key.startsWith('$') || value[key] === null) delete (value as Tree)[key];
      else clean(value[key]);
    }
  }
  return value;
}
