// `patches`, `patchesStrategicMerge` and `patchesJson6902` of one kustomization.
import { isObject } from '../check.ts';
import type { RawObject } from '../check.ts';
import { groupOf } from '../kinds.ts';
import { joinPath } from '#base/paths.ts';
import { shorten } from '../scope.ts';
import type { Mark, Trace, Tree } from '../trace.ts';
import { childMark, locateMark, rootMark } from '../trace.ts';
import type { KustomizeFiles } from './files.ts';
import { parseText } from './files.ts';
import { applyOperation } from './json-patch.ts';
import type { KustomizeObject } from './object.ts';
import { kindOfObject, listAt, nameOf, namespaceOf, objectAt, textAt } from './object.ts';
import type { Selector } from './select.ts';
import { selectorOf, selects } from './select.ts';
import { mergesLists, strategicMerge } from './strategic.ts';

export interface PatchContext {
  readonly trace: Trace;
  readonly files: KustomizeFiles;
  readonly folder: string;
  readonly mark: Mark;
  use(path: string): void;
  /** Whether a patch may still be held against all objects. */
  spend(): boolean;
  tell(what: string, message: string, mark: Mark): void;
}

interface PatchDocument {
  readonly value: unknown;
  readonly mark: Mark;
}

/** Applies every patch of a kustomization in kustomize's order. @returns the objects that are left */
export function applyPatches(context: PatchContext, raw: RawObject, objects: KustomizeObject[]): KustomizeObject[] {
  let left = objects;
  for (const [i, entry] of listAt(raw, 'patchesStrategicMerge').entries()) {
    const mark = childMark(childMark(context.mark, 'patchesStrategicMerge'), i);
    if (typeof entry === 'string')
      for (const patch of documentsOf(context, entry, entry.includes('\n') ? 'text' : 'path', mark))
        left = merge(context, left, patch, undefined, undefined);
  }
  for (const member of ['patches', 'patchesJson6902']) {
    for (const [i, entry] of listAt(raw, member).entries()) {
      const mark = childMark(childMark(context.mark, member), i);
      const [path, text] = [textAt(entry, 'path'), textAt(entry, 'patch')];
      const target = objectAt(entry, 'target');
      const documents =
        path !== '' ? documentsOf(context, path, 'path', mark) : documentsOf(context, text, 'text', childMark(mark, 'patch'));
      const selector = target && selectorOf(target);
      const operations = documents.flatMap(({ value, mark: at }) =>
        Array.isArray(value)
          ? (value as readonly unknown[]).map((each, index) => ({ value: each, mark: childMark(at, index) }))
          : [],
      );
      if (operations.length > 0) jsonPatch(context, left, operations, selector, mark);
      for (const patch of documents) {
        if (isObject(patch.value)) left = merge(context, left, patch, selector, objectAt(entry, 'options'));
      }
    }
  }
  return left;
}

/** A patch stands in a file, or as a text inside the kustomization. */
function documentsOf(context: PatchContext, source: string, form: 'path' | 'text', mark: Mark): readonly PatchDocument[] {
  const path = joinPath(context.folder, source);
  const parsed = form === 'path' ? context.files.parse(path) : parseText('', source);
  if (!parsed) {
    context.tell('missing', `the patch \`${shorten(source)}\` is not among the files`, mark);
    return [];
  }
  if (form === 'path') context.use(path);
  for (const mistake of parsed.mistakes)
    if (mistake.severity === 'error') context.tell('unparsed', `this patch cannot be read: ${mistake.message}`, mark);
  return parsed.documents.map(({ raw, origin }) => {
    // A text inside a text has no places of its own: all of it stands where the outer one does.
    const at = form === 'path' ? rootMark(origin) : rootMark({ locate: () => locateMark(mark) });
    return { value: context.trace.copy(raw, at), mark: at };
  });
}

function jsonPatch(
  context: PatchContext,
  objects: readonly KustomizeObject[],
  operations: readonly PatchDocument[],
  selector: Selector | undefined,
  mark: Mark,
): void {
  if (!context.spend()) return;
  if (!selector) {
    context.tell('kustomize', 'a JSON patch needs a `target`', mark);
    return;
  }
  const targets = objects.filter((object) => selects(selector, object));
  if (targets.length === 0) context.tell('kustomize', 'no object is the `target` of this patch', mark);
  for (const [i, target] of targets.entries()) {
    for (const operation of operations) {
      if (!isObject(operation.value)) continue;
      // Each target gets values of its own.
      const own = i === 0 ? operation.value : context.trace.copy(operation.value, operation.mark);
      const wrong = applyOperation(context.trace, target.tree, own as Tree, operation.mark);
      if (wrong !== undefined) context.tell('kustomize', `an operation of this patch is left out: ${wrong}`, operation.mark);
    }
  }
}

function merge(
  context: PatchContext,
  objects: KustomizeObject[],
  patch: PatchDocument,
  selector: Selector | undefined,
  options: Tree | undefined,
): KustomizeObject[] {
  if (!context.spend()) return objects;
  const tree = patch.value as Tree;
  const targets = objects.filter((object) => (selector ? selects(selector, object) : isSame(object, tree)));
  if (targets.length === 0)
    context.tell(
      'kustomize',
      `no object is meant by this patch of ${shorten(textAt(tree, 'kind')) || 'unknown kind'} \`${shorten(textAt(tree, 'metadata', 'name'))}\``,
      patch.mark,
    );
  const deleted = new Set<KustomizeObject>();
  for (const target of targets) {
    const own = context.trace.copy(tree, patch.mark) as Tree;
    // A patch of a kind or name does not rename unless it is allowed to.
    const metadata = objectAt(own, 'metadata');
    if (options?.['allowNameChange'] !== true && metadata) delete metadata['name'];
    if (metadata && !selector) delete metadata['namespace'];
    if (options?.['allowKindChange'] !== true) {
      delete own['kind'];
      delete own['apiVersion'];
    }
    if (!strategicMerge(context.trace, target.tree, own, mergesLists(textAt(target.tree, 'apiVersion')))) deleted.add(target);
  }
  return deleted.size === 0 ? objects : objects.filter((object) => !deleted.has(object));
}

/** Group, kind, name and namespace say which object a patch without `target` means. */
function isSame(object: KustomizeObject, patch: Tree): boolean {
  const namespace = textAt(patch, 'metadata', 'namespace');
  return (
    kindOfObject(object) === textAt(patch, 'kind') &&
    groupOf(textAt(object.tree, 'apiVersion')) === groupOf(textAt(patch, 'apiVersion')) &&
    [nameOf(object), ...object.formerNames].includes(textAt(patch, 'metadata', 'name')) &&
    (namespace === '' || namespace === namespaceOf(object) || (namespaceOf(object) === '' && namespace === 'default'))
  );
}
