// Edits that leave comments, layout and everything that is not edited as it is.
import { isNode, isPair, isSeq, parseDocument, stringify, visit } from 'yaml';
import type { Document } from 'yaml';
import { canonicalJson } from '#base/canonical-json.ts';
import { applyToData, valueAt } from './edit-model.ts';
import type { EditOp, EditPath } from './edit-model.ts';
import { keyOf, offsetOf, pathAt, walk } from './edit-nodes.ts';
import type { AnyPair } from './edit-nodes.ts';
import { spliceOf } from './edit-splice.ts';
import type { Splice } from './edit-splice.ts';
import { splitDocuments } from './split.ts';

/** One change of a text, in the shape of model's FindingEdit. */
export type TextEdit =
  | {
      readonly op: EditOp;
      /** Where the edited resource begins: its document, its item in a list, or its key. */
      readonly document: { readonly line: number; readonly column: number };
      /** From the resource's root; missing mappings and lists on the way are made. */
      readonly path: EditPath;
      readonly value?: unknown;
    }
  | { readonly op: 'create'; readonly value: unknown };

type ResourceEdit = Exclude<TextEdit, { readonly op: 'create' }>;

const DOCUMENTS_MAX = 50_000;
const OPTIONS = { keepSourceTokens: true, merge: true, logLevel: 'silent', uniqueKeys: false } as const;

/**
 * Makes changes in a YAML or JSON text. Lines that are not changed stay byte for byte; what an alias or a merge key brings is written out
 * where it is changed, so that the other places keep what they have. An edit that cannot be made is left out.
 * @param edits of this file; `document` is what originOf(resource) says of the text as it is now
 * @example applyEdits('a: 1 # one\n', [{ op: 'set', document: { line: 1, column: 1 }, path: ['b'], value: 2 }]) // 'a: 1 # one\nb: 2\n'
 */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  return editText(text, edits).text;
}

/** The same, with the edits that could not be made. Never throws. */
export function editText(
  text: string,
  edits: readonly TextEdit[],
): { readonly text: string; readonly failed: readonly TextEdit[] } {
  const failed: TextEdit[] = [];
  const pieces = splitDocuments(text, DOCUMENTS_MAX);
  const byPiece = new Map<number, ResourceEdit[]>();
  for (const edit of edits) {
    if (edit.op === 'create') continue;
    const offset = offsetOf(text, edit.document.line, edit.document.column);
    const index = pieces.findLastIndex((piece) => piece.start <= offset);
    if (index === -1) failed.push(edit);
    else byPiece.set(index, [...(byPiece.get(index) ?? []), edit]);
  }
  let result = text;
  // From the end to the beginning, so that places before stay true.
  for (const [index, own] of [...byPiece].sort(([a], [b]) => b - a)) {
    const { start, end } = pieces[index]!;
    const before = text.slice(0, start).split(/\r\n|\n|\r/).length - 1;
    const piece = editDocument(result.slice(start, end), own, before, failed);
    result = result.slice(0, start) + piece + result.slice(end);
  }
  for (const edit of edits) if (edit.op === 'create') result = withDocument(result, edit.value);
  return { text: result, failed };
}

/** @param linesBefore of the file before this document */
function editDocument(text: string, edits: readonly ResourceEdit[], linesBefore: number, failed: TextEdit[]): string {
  let document = parse(text);
  if (!document) {
    failed.push(...edits);
    return text;
  }
  const roots = edits.map(({ document: { line, column } }) => pathAt(document!, text, line - linesBefore, column));
  let result = text;
  for (let i = 0; i < edits.length;) {
    const together = document ? batchOf(document, result, edits, roots, i) : undefined;
    if (together) {
      result = together.text;
      i += together.count;
    } else {
      const edit = edits[i]!;
      const whole = wholePath(roots[i], edit.path);
      const changed = whole && document && editOnce(document, result, edit.op, whole, edit.value);
      if (changed === undefined) failed.push(edit);
      else result = changed;
      i++;
    }
    document = parse(result);
  }
  return result;
}

/** A service of a Compose file has no `spec` of its own: its members stand right below its name. */
function wholePath(root: EditPath | undefined, path: EditPath): EditPath | undefined {
  if (!root) return undefined;
  return root.at(-2) === 'services' && path[0] === 'spec' ? [...root, ...path.slice(1)] : [...root, ...path];
}

/** Edits from `first` on whose stretches of text do not touch are made at once: reading the text again costs more than an edit. */
function batchOf(
  document: Document,
  text: string,
  edits: readonly ResourceEdit[],
  roots: readonly (EditPath | undefined)[],
  first: number,
): { readonly text: string; readonly count: number } | undefined {
  if (edits.length - first < 2) return undefined;
  try {
    const wanted = dataOf(document);
    const splices: Splice[] = [];
    let count = 0;
    for (let i = first; i < edits.length; i++, count++) {
      const { op, path, value } = edits[i]!;
      const whole = wholePath(roots[i], path);
      const splice = whole && walk(document, whole).shared === undefined ? spliceOf(document, text, op, whole, value) : undefined;
      if (!whole || !splice || splices.some((each) => splice.start <= each.end && each.start <= splice.end)) break;
      if (!applyToData(wanted, op, whole, structuredClone(value))) break;
      splices.push(splice);
    }
    if (count < 2) return undefined;
    let changed = text;
    for (const { start, end, text: put } of splices.toSorted((a, b) => b.start - a.start))
      changed = changed.slice(0, start) + put + changed.slice(end);
    return says(changed, canonicalJson(wanted)) ? { text: changed, count } : undefined;
  } catch {
    return undefined;
  }
}

/** One edit; what comes out is read again and must say exactly what was wanted. */
function editOnce(document: Document, text: string, op: EditOp, path: EditPath, value: unknown): string | undefined {
  try {
    const before = dataOf(document);
    const wanted = dataOf(document);
    if (!applyToData(wanted, op, path, structuredClone(value))) return undefined;
    const want = canonicalJson(wanted);
    if (want === canonicalJson(before)) return text;
    return (
      spliced(document, text, op, path, value, wanted, want) ??
      apart(document, text, before, (own, written) => spliced(own, written, op, path, value, wanted, want)) ??
      relaid(document, path, wanted, want)
    );
  } catch {
    // Aliases that stand for too much.
    return undefined;
  }
}

function spliced(
  document: Document,
  text: string,
  op: EditOp,
  path: EditPath,
  value: unknown,
  wanted: unknown,
  want: string,
): string | undefined {
  const { shared } = walk(document, path);
  // Something shared is written out at the first place that is this document's own.
  const own = shared === undefined ? path : path.slice(0, Math.max(1, shared));
  const splice =
    shared === undefined || valueAt(wanted, own) === undefined
      ? spliceOf(document, text, op, own, value)
      : spliceOf(document, text, 'set', own, valueAt(wanted, own));
  if (!splice) return undefined;
  const changed = text.slice(0, splice.start) + splice.text + text.slice(splice.end);
  return says(changed, want) ? changed : undefined;
}

const ALIASES_MAX = 200;

/** Where an anchor is edited, its aliases are written out first: they keep what they have. */
function apart(
  document: Document,
  text: string,
  before: unknown,
  then: (document: Document, text: string) => string | undefined,
): string | undefined {
  const want = canonicalJson(before);
  let result = text;
  const aliases = aliasPaths(document);
  if (aliases.length === 0 || aliases.length > ALIASES_MAX) return undefined;
  for (const { path, value } of aliases.toReversed()) {
    const now = parse(result);
    const splice = now && spliceOf(now, result, 'set', path, value);
    if (!splice) return undefined;
    result = result.slice(0, splice.start) + splice.text + result.slice(splice.end);
  }
  const now = parse(result);
  return now && canonicalJson(dataOf(now)) === want ? then(now, result) : undefined;
}

/** Every alias with what it stands for, in order. */
function aliasPaths(document: Document): { readonly path: EditPath; readonly value: unknown }[] {
  const found: { readonly path: EditPath; readonly value: unknown }[] = [];
  visit(document, {
    Alias: (_, alias, above) => {
      const path: (string | number)[] = [];
      let inner: unknown = alias;
      for (const node of above.toReversed()) {
        if (isPair(node)) {
          if (node.key === inner) return;
          path.push(keyOf(node as AnyPair));
        } else if (isSeq(node)) path.push(node.items.indexOf(inner));
        if (isNode(node) || isPair(node)) inner = node;
      }
      const value: unknown = alias.resolve(document)?.toJS(document, { maxAliasCount: 10_000 }) ?? null;
      found.push({ path: path.toReversed(), value: JSON.parse(JSON.stringify(value)) as unknown });
    },
  });
  return found;
}

/** The last resort for forms that no splice knows: the library lays the document out again, with its comments. */
function relaid(document: Document, path: EditPath, wanted: unknown, want: string): string | undefined {
  try {
    const copy = document.clone();
    const value = valueAt(wanted, path);
    if (value === undefined) copy.deleteIn(path);
    else copy.setIn(path, copy.createNode(value, { aliasDuplicateObjects: false }));
    const changed = copy.toString({ lineWidth: 0 });
    return says(changed, want) ? changed : undefined;
  } catch {
    return undefined;
  }
}

function parse(text: string): Document | undefined {
  try {
    const document = parseDocument(text, OPTIONS) as unknown as Document;
    return document.errors.length === 0 ? document : undefined;
  } catch {
    return undefined;
  }
}

/** Plain data in which nothing is shared, so that one place can be changed without another. */
function dataOf(document: Document): unknown {
  const data: unknown = document.toJS({ maxAliasCount: 10_000 });
  return data === undefined ? null : (JSON.parse(JSON.stringify(data)) as unknown);
}

function says(text: string, want: string): boolean {
  const document = parse(text);
  try {
    return document !== undefined && canonicalJson(dataOf(document)) === want;
  } catch {
    return false;
  }
}

/** Adds a document at the end; in a JSON file that is a List, an item. */
function withDocument(text: string, value: unknown): string {
  if (text.trim() === '') return stringify(value, { lineWidth: 0, version: '1.1' });
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  if (/^[\s\uFEFF]*\{/.test(text.slice(0, 1000))) {
    const document = parse(text);
    const list =
      document && Array.isArray(valueAt(dataOf(document), ['items'])) && editOnce(document, text, 'append', ['items'], value);
    return list || `${text.replace(/\s*$/, '')}${eol}${JSON.stringify(value, null, 2)}${eol}`;
  }
  const body = stringify(value, { lineWidth: 0, version: '1.1' }).replaceAll('\n', eol);
  return `${text}${/[\n\r]$/.test(text) ? '' : eol}---${eol}${body}`;
}
