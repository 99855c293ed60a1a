// Where things stand in a document parsed by `yaml`.
import { isAlias, isCollection, isMap, isScalar, isSeq } from 'yaml';
import type { Document, Node, Pair, ParsedNode, YAMLMap, YAMLSeq } from 'yaml';
import type { EditPath } from './edit-model.ts';

export type AnyNode = Node | null | undefined;
export type AnyPair = Pair;

export function rangeOf(node: unknown): readonly [number, number, number] | undefined {
  const range = (node as { readonly range?: unknown } | null | undefined)?.range;
  return Array.isArray(range) ? (range as unknown as readonly [number, number, number]) : undefined;
}

export function keyOf(pair: AnyPair): string {
  const key: unknown = isScalar(pair.key) ? pair.key.value : pair.key;
  // The library keeps a merge key as a symbol.
  return typeof key === 'symbol' ? (key.description ?? '') : String(key);
}

export function pairOf(map: YAMLMap, key: string | number): AnyPair | undefined {
  return (map.items as AnyPair[]).find((pair) => keyOf(pair) === String(key));
}

/** Offset after the `:` of a pair; undefined for forms that have none. */
export function afterColon(pair: AnyPair): number | undefined {
  const token = (pair as { readonly srcToken?: { readonly sep?: readonly { readonly type: string; readonly offset: number }[] } })
    .srcToken;
  const colon = token?.sep?.find((each) => each.type === 'map-value-ind');
  return colon && colon.offset + 1;
}

/** Offset of the `-` of an item. */
export function dashOf(seq: YAMLSeq, index: number): number | undefined {
  const token = seq.srcToken as
    | { readonly items?: readonly { readonly start: readonly { readonly type: string; readonly offset: number }[] }[] }
    | undefined;
  return token?.items?.[index]?.start.find((each) => each.type === 'seq-item-ind')?.offset;
}

/** Where the last character of a node stands, plus one: comments and line breaks after it are not of it. */
export function contentEnd(node: unknown, text: string, otherwise: number): number {
  const range = rangeOf(node);
  if (!range) return otherwise;
  if (isCollection(node) && node.flow !== true) {
    const last: unknown = node.items.at(-1);
    if (isMap(node)) {
      const pair = last as AnyPair | undefined;
      if (!pair) return range[1];
      const colon = afterColon(pair) ?? rangeOf(pair.key)?.[1] ?? range[1];
      return Math.max(colon, contentEnd(pair.value, text, colon));
    }
    const dash = isSeq(node) ? dashOf(node, node.items.length - 1) : undefined;
    return contentEnd(last, text, (dash ?? range[1] - 1) + 1);
  }
  if (range[0] === range[1]) return Math.min(otherwise, range[0]) || otherwise;
  if (isScalar(node) && (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED')) {
    if (/^[|>][1-9]?\+/.test(text.slice(range[0], range[0] + 3))) return range[1];
    let end = range[1];
    while (end > range[0] && /[\s]/.test(text[end - 1]!)) end--;
    return end;
  }
  return range[1];
}

/** Offset of the line break that ends the line of an offset, or of the text's end. */
export function lineEnd(text: string, offset: number): number {
  for (let at = offset; at < text.length; at++) if (text[at] === '\n' || text[at] === '\r') return at;
  return text.length;
}

export function lineStart(text: string, offset: number): number {
  let at = offset;
  while (at > 0 && text[at - 1] !== '\n' && text[at - 1] !== '\r') at--;
  return at;
}

/** Offset after the line break at `offset`. */
export function afterBreak(text: string, offset: number): number {
  return text.startsWith('\r\n', offset) ? offset + 2 : offset < text.length ? offset + 1 : offset;
}

export interface Walk {
  /** The node at the end of the path that could be followed. */
  readonly node: AnyNode;
  readonly parent: YAMLMap | YAMLSeq | undefined;
  /** Steps that were taken. */
  readonly depth: number;
  /** Depth at which an alias or a merge key was in the way: what is there is shared with other places. */
  readonly shared: number | undefined;
}

/** Follows a path as far as it is written. */
export function walk(document: Document, path: EditPath): Walk {
  let node = document.contents as AnyNode;
  let parent: YAMLMap | YAMLSeq | undefined;
  for (let depth = 0; ; depth++) {
    if (isAlias(node)) return { node, parent, depth, shared: depth };
    const key = path[depth];
    if (key === undefined) return { node, parent, depth, shared: undefined };
    let next: AnyNode;
    if (isMap(node)) {
      const pair = pairOf(node, key);
      if (!pair) {
        const merged = (node.items as AnyPair[]).some((each) => keyOf(each) === '<<');
        return { node, parent, depth, shared: merged ? depth + 1 : undefined };
      }
      next = pair.value as AnyNode;
    } else if (isSeq(node) && typeof key === 'number' && key < node.items.length) next = node.items[key] as AnyNode;
    else return { node, parent, depth, shared: undefined };
    parent = node;
    node = next;
  }
}

/** The resource that a place means: a document, an item of a list, or the value of a key. */
export function pathAt(document: Document, text: string, line: number, column: number): EditPath | undefined {
  const offset = offsetOf(text, line, column);
  let near: EditPath | undefined;
  let queue: { readonly node: unknown; readonly path: EditPath }[] = [{ node: document.contents, path: [] }];
  for (let level = 0; level < 24 && queue.length > 0; level++) {
    const next: typeof queue = [];
    for (const { node, path } of queue) {
      if (level === 0 && rangeOf(node)?.[0] === offset) return path;
      for (const [key, start, value] of membersOf(node)) {
        const at = [...path, key];
        if (start === offset) return at;
        if (near === undefined && lineOf(text, start) === line) near = at;
        next.push({ node: value, path: at });
      }
    }
    queue = next;
  }
  // Tags, anchors and comments may stand between the place and what it means.
  const root = rangeOf(document.contents)?.[0];
  return near ?? (root !== undefined && line <= lineOf(text, root) ? [] : undefined);
}

function membersOf(node: unknown): readonly (readonly [key: string | number, start: number, value: unknown])[] {
  if (isMap(node))
    return (node.items as AnyPair[]).map((pair) => [keyOf(pair), rangeOf(pair.key)?.[0] ?? -1, pair.value] as const);
  if (isSeq(node)) return node.items.map((item, i) => [i, rangeOf(item)?.[0] ?? -1, item] as const);
  return [];
}

export function offsetOf(text: string, line: number, column: number): number {
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  for (let i = 1; i < line; i++) {
    const end = lineEnd(text, at);
    if (end >= text.length) return text.length;
    at = afterBreak(text, end);
  }
  return Math.min(at + column - 1, text.length);
}

function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = lineEnd(text, 0); at < offset; at = lineEnd(text, afterBreak(text, at))) line++;
  return line;
}

/** Column from 0. */
export function columnOf(text: string, offset: number): number {
  return offset - lineStart(text, offset);
}

export type { Document, ParsedNode };
