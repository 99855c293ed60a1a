// Names that change take along what refers to them (kustomize's default name references).
import { isObject } from '../check.ts';
import type { Trace, Tree } from '../trace.ts';
import type { KustomizeObject } from './object.ts';
import { kindOfObject, listAt, nameOf, namespaceOf, objectAt, textAt } from './object.ts';

/** Member of a mapping that names an object of a kind. `parent` is the member that the mapping stands in. */
interface Reference {
  readonly kind: string;
  readonly key: string;
  readonly parent?: string;
}

const REFERENCES: readonly Reference[] = [
  ...['configMap', 'configMapRef', 'configMapKeyRef'].map((parent) => ({ kind: 'ConfigMap', key: 'name', parent })),
  ...['secretRef', 'secretKeyRef', 'imagePullSecrets', 'secrets'].map((parent) => ({ kind: 'Secret', key: 'name', parent })),
  { kind: 'Secret', key: 'name', parent: 'secret' },
  { kind: 'Secret', key: 'secretName' },
  { kind: 'ServiceAccount', key: 'serviceAccountName' },
  { kind: 'PersistentVolumeClaim', key: 'claimName' },
  { kind: 'PersistentVolume', key: 'volumeName' },
  { kind: 'StorageClass', key: 'storageClassName' },
  { kind: 'PriorityClass', key: 'priorityClassName' },
  { kind: 'IngressClass', key: 'ingressClassName' },
  { kind: 'Service', key: 'serviceName' },
  { kind: 'Service', key: 'name', parent: 'service' },
];
const BY_KEY = Map.groupBy(REFERENCES, (reference) => reference.key);
/** Mappings that say the kind of what they name. */
const KINDED = new Set(['scaleTargetRef', 'subjects', 'roleRef', 'targetRef']);
const DEPTH_MAX = 100;

export type Renames = ReadonlyMap<string, string>;

function keyOf(kind: string, namespace: string, name: string): string {
  return `${kind} ${namespace}/${name}`;
}

/** Gives objects new names, and follows in every reference among them. @param newName undefined: it keeps its name */
export function rename(
  trace: Trace,
  objects: readonly KustomizeObject[],
  newName: (object: KustomizeObject) => string | undefined,
): void {
  const renames = new Map<string, string>();
  for (const object of objects) {
    const old = nameOf(object);
    const name = newName(object);
    if (name === undefined || name === old) continue;
    renames.set(keyOf(kindOfObject(object), namespaceOf(object), old), name);
    object.formerNames.push(old);
    const metadata = object.tree['metadata'] as Tree;
    trace.set(metadata, 'name', name, trace.markOf(metadata, 'name'));
  }
  if (renames.size === 0) return;
  for (const { tree } of objects) follow(trace, tree, '', namespaceOf({ tree }), renames, 0);
}

function follow(trace: Trace, value: unknown, parent: string, namespace: string, renames: Renames, depth: number): void {
  if (depth > DEPTH_MAX) return;
  if (Array.isArray(value)) {
    for (const item of value) follow(trace, item, parent, namespace, renames, depth + 1);
    return;
  }
  if (!isObject(value)) return;
  const tree = value as Tree;
  for (const key of Object.keys(tree)) {
    const member = tree[key];
    if (typeof member === 'string') {
      for (const reference of BY_KEY.get(key) ?? []) {
        if (reference.parent !== undefined && reference.parent !== parent) continue;
        change(trace, tree, key, reference.kind, textAt(tree, 'namespace') || namespace, renames);
      }
      if (key === 'name' && KINDED.has(parent))
        change(trace, tree, key, textAt(tree, 'kind'), textAt(tree, 'namespace') || namespace, renames);
    } else if (key !== 'metadata' || depth > 0) follow(trace, member, key, namespace, renames, depth + 1);
  }
}

function change(trace: Trace, tree: Tree, key: string, kind: string, namespace: string, renames: Renames): void {
  const old = tree[key] as string;
  const name = renames.get(keyOf(kind, namespace, old)) ?? renames.get(keyOf(kind, '', old));
  // Where it is written stays: the reference, not what renamed it.
  if (name !== undefined) trace.set(tree, key, name, trace.markOf(tree, key));
}

/**
 * References that name a namespace follow into the one that their objects were put into: accounts of bindings, services of webhooks.
 * @param moved `Kind namespace/name` to the new namespace
 */
export function moveReferences(trace: Trace, objects: readonly KustomizeObject[], moved: ReadonlyMap<string, string>): void {
  const follow = (reference: Tree, kind: string): void => {
    const namespace = moved.get(`${kind} ${textAt(reference, 'namespace')}/${textAt(reference, 'name')}`);
    if (namespace !== undefined) trace.set(reference, 'namespace', namespace, trace.markOf(reference, 'namespace'));
  };
  for (const { tree } of objects) {
    const services = [
      ...listAt(tree, 'webhooks').map((hook) => objectAt(hook, 'clientConfig', 'service')),
      kindOfObject({ tree }) === 'APIService' ? objectAt(tree, 'spec', 'service') : undefined,
    ];
    for (const service of services) if (service) follow(service, 'Service');
    const subjects = tree['subjects'];
    if (!Array.isArray(subjects)) continue;
    for (const subject of subjects as readonly unknown[]) {
      if (isObject(subject) && subject['kind'] === 'ServiceAccount') follow(subject as Tree, 'ServiceAccount');
    }
  }
}
