// The transformers that a kustomization's own fields stand for, with kustomize's default field specifications.
import { isObject } from '../check.ts';
import { groupOf, lookUp } from '../kinds.ts';
import type { Mark, Trace, Tree } from '../trace.ts';
import type { KustomizeObject } from './object.ts';
import { kindOfObject, listAt, mappingAt, objectAt, textAt } from './object.ts';

const TEMPLATED = new Set(['Deployment', 'ReplicaSet', 'DaemonSet', 'StatefulSet', 'ReplicationController', 'Job']);
const SELECTING = new Set(['Deployment', 'ReplicaSet', 'DaemonSet', 'StatefulSet']);

export function isClusterScoped(tree: Tree): boolean {
  const found = lookUp(textAt(tree, 'apiVersion'), textAt(tree, 'kind'));
  if (found.found === 'row' || found.found === 'version') return found.row.scope === 'cluster';
  return found.found === 'none' && found.clusterScoped;
}

/** `namespace`: of every object that can have one, the name of Namespaces, and the default account in bindings. */
export function setNamespace(trace: Trace, objects: readonly KustomizeObject[], namespace: string, mark: Mark | undefined): void {
  for (const object of objects) {
    const { tree } = object;
    const metadata = mappingAt(trace, tree, 'metadata');
    if (!metadata) continue;
    if (kindOfObject(object) === 'Namespace') trace.set(metadata, 'name', namespace, mark);
    else if (!isClusterScoped(tree)) trace.set(metadata, 'namespace', namespace, mark);
    for (const subject of listAt(tree, 'subjects'))
      if (isObject(subject) && subject['kind'] === 'ServiceAccount' && subject['name'] === 'default')
        trace.set(subject, 'namespace', namespace, mark);
  }
}

/** Pod templates of an object, each with its path. */
function templatesOf(tree: Tree): readonly (readonly string[])[] {
  const kind = textAt(tree, 'kind');
  if (TEMPLATED.has(kind)) return [['spec', 'template']];
  return kind === 'CronJob'
    ? [
        ['spec', 'jobTemplate'],
        ['spec', 'jobTemplate', 'spec', 'template'],
      ]
    : [];
}

export interface LabelChange {
  readonly pairs: readonly (readonly [string, string])[];
  readonly selectors: boolean;
  readonly templates: boolean;
  /** Where a pair is written. */
  readonly markOf: (key: string) => Mark | undefined;
}

/** `commonLabels` and `labels`. */
export function addLabels(trace: Trace, objects: readonly KustomizeObject[], change: LabelChange): void {
  for (const { tree } of objects) {
    put(trace, mappingAt(trace, tree, 'metadata', 'labels'), change);
    if (change.templates || change.selectors) {
      for (const path of templatesOf(tree))
        if (objectAt(tree, ...path)) put(trace, mappingAt(trace, tree, ...path, 'metadata', 'labels'), change);
    }
    const kind = textAt(tree, 'kind');
    if (kind === 'StatefulSet' && (change.templates || change.selectors)) {
      for (const claim of listAt(tree, 'spec', 'volumeClaimTemplates'))
        if (isObject(claim)) put(trace, mappingAt(trace, claim as Tree, 'metadata', 'labels'), change);
    }
    if (!change.selectors) continue;
    if (kind === 'Service' && groupOf(textAt(tree, 'apiVersion')) === '') {
      if (objectAt(tree, 'spec')) put(trace, mappingAt(trace, tree, 'spec', 'selector'), change);
    } else if (kind === 'ReplicationController') put(trace, mappingAt(trace, tree, 'spec', 'selector'), change);
    else if (SELECTING.has(kind)) put(trace, mappingAt(trace, tree, 'spec', 'selector', 'matchLabels'), change);
    else if (kind === 'Job' || kind === 'PodDisruptionBudget')
      put(trace, objectAt(tree, 'spec', 'selector', 'matchLabels'), change);
    else if (kind === 'CronJob') put(trace, objectAt(tree, 'spec', 'jobTemplate', 'spec', 'selector', 'matchLabels'), change);
    else if (kind === 'NetworkPolicy') {
      put(trace, objectAt(tree, 'spec', 'podSelector', 'matchLabels'), change);
      for (const [list, member] of [
        ['ingress', 'from'],
        ['egress', 'to'],
      ] as const) {
        for (const rule of listAt(tree, 'spec', list))
          for (const peer of listAt(rule, member)) put(trace, objectAt(peer, 'podSelector', 'matchLabels'), change);
      }
    }
    for (const path of templatesOf(tree)) affinityTerms(trace, objectAt(tree, ...path, 'spec'), change);
  }
}

function affinityTerms(trace: Trace, pod: Tree | undefined, change: LabelChange): void {
  if (!pod) return;
  for (const side of ['podAffinity', 'podAntiAffinity']) {
    for (const term of listAt(pod, 'affinity', side, 'requiredDuringSchedulingIgnoredDuringExecution'))
      put(trace, objectAt(term, 'labelSelector', 'matchLabels'), change);
    for (const term of listAt(pod, 'affinity', side, 'preferredDuringSchedulingIgnoredDuringExecution'))
      put(trace, objectAt(term, 'podAffinityTerm', 'labelSelector', 'matchLabels'), change);
  }
  for (const spread of listAt(pod, 'topologySpreadConstraints'))
    put(trace, objectAt(spread, 'labelSelector', 'matchLabels'), change);
}

/** `commonAnnotations` */
export function addAnnotations(trace: Trace, objects: readonly KustomizeObject[], change: LabelChange): void {
  for (const { tree } of objects) {
    put(trace, mappingAt(trace, tree, 'metadata', 'annotations'), change);
    for (const path of templatesOf(tree))
      if (objectAt(tree, ...path)) put(trace, mappingAt(trace, tree, ...path, 'metadata', 'annotations'), change);
  }
}

function put(trace: Trace, target: Tree | undefined, { pairs, markOf }: LabelChange): void {
  if (target) for (const [key, value] of pairs) trace.set(target, key, value, markOf(key));
}

const SCALED = new Set(['Deployment', 'ReplicationController', 'ReplicaSet', 'StatefulSet']);

/** `replicas` */
export function setReplicas(
  trace: Trace,
  objects: readonly KustomizeObject[],
  name: string,
  count: unknown,
  mark: Mark | undefined,
): boolean {
  let found = false;
  for (const object of objects) {
    if (!SCALED.has(kindOfObject(object)) || ![textAt(object.tree, 'metadata', 'name'), ...object.formerNames].includes(name))
      continue;
    const spec = mappingAt(trace, object.tree, 'spec');
    if (spec) trace.set(spec, 'replicas', Number(count), mark);
    found = true;
  }
  return found;
}

export interface ImageChange {
  readonly name: string;
  readonly newName: string;
  readonly newTag: string;
  readonly digest: string;
  readonly tagSuffix: string;
}

const DEPTH_MAX = 100;

/** `images`, in order: every `image` of containers, wherever a list of containers stands. */
export function setImages(
  trace: Trace,
  objects: readonly KustomizeObject[],
  changes: readonly { readonly change: ImageChange; readonly mark: Mark }[],
): void {
  const byName = Map.groupBy(
    changes.map((each, i) => ({ ...each, i })),
    ({ change }) => change.name,
  );
  const apply = (container: Tree): void => {
    let image = textAt(container, 'image');
    // A change may give a name that a later one speaks about.
    for (let from = 0; image !== '' && from < changes.length;) {
      const next = byName.get(imageParts(image).name)?.find(({ i }) => i >= from);
      if (!next) return;
      from = next.i + 1;
      const changed = changedImage(image, next.change);
      if (changed === undefined || changed === image) continue;
      image = changed;
      trace.set(container, 'image', image, next.mark);
    }
  };
  const visit = (value: unknown, depth: number): void => {
    if (depth > DEPTH_MAX) return;
    if (Array.isArray(value)) for (const item of value) visit(item, depth + 1);
    else if (isObject(value)) {
      for (const list of ['containers', 'initContainers', 'ephemeralContainers'])
        for (const container of listAt(value, list)) if (isObject(container)) apply(container as Tree);
      for (const name in value) visit(value[name], depth + 1);
    }
  };
  if (changes.length === 0) return;
  for (const { tree } of objects) if (kindOfObject({ tree }) !== 'CustomResourceDefinition') visit(tree, 0);
}

function imageParts(image: string): { readonly name: string; readonly tag: string; readonly digest: string } {
  const at = image.indexOf('@');
  const rest = at === -1 ? image : image.slice(0, at);
  const colon = rest.indexOf(':', rest.lastIndexOf('/') + 1);
  return {
    name: colon === -1 ? rest : rest.slice(0, colon),
    tag: colon === -1 ? '' : rest.slice(colon + 1),
    digest: at === -1 ? '' : image.slice(at + 1),
  };
}

/** The image with the change put in; undefined when another image is meant. */
export function changedImage(image: string, change: ImageChange): string | undefined {
  const { name, tag, digest } = imageParts(image);
  if (name !== change.name) return undefined;
  const newName = change.newName === '' ? name : change.newName;
  if (change.digest !== '') return `${newName}${change.newTag === '' ? '' : `:${change.newTag}`}@${change.digest}`;
  if (change.newTag !== '') return `${newName}:${change.newTag}${change.tagSuffix}`;
  return `${newName}${tag === '' ? '' : `:${tag}${change.tagSuffix}`}${digest === '' ? '' : `@${digest}`}`;
}
