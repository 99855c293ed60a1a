// One edit of one document as a change of a stretch of its text; everything outside of it stays as it is, byte for byte.
import { isCollection, isMap, isScalar, isSeq } from 'yaml';
import type { Document, YAMLMap, YAMLSeq } from 'yaml';
import type { EditOp, EditPath } from './edit-model.ts';
import {
  afterBreak,
  afterColon,
  columnOf,
  contentEnd,
  dashOf,
  keyOf,
  lineEnd,
  lineStart,
  pairOf,
  rangeOf,
  walk,
} from './edit-nodes.ts';
import type { AnyNode, AnyPair } from './edit-nodes.ts';
import { isBlock, renderBlock, renderFlow, renderJson, renderKey, renderScalar } from './edit-render.ts';
import type { Layout } from './edit-render.ts';

export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * @param path from the document's root; no alias and no merge key stands in its way
 * @returns undefined when the text has a form that this does not know
 */
export function spliceOf(document: Document, text: string, op: EditOp, path: EditPath, value: unknown): Splice | undefined {
  return new Splicer(document, text).edit(op, path, value);
}

class Splicer {
  readonly #document: Document;
  readonly #text: string;
  readonly #layout: Layout;

  constructor(document: Document, text: string) {
    this.#document = document;
    this.#text = text;
    this.#layout = layoutOf(document, text);
  }

  edit(op: EditOp, path: EditPath, value: unknown): Splice | undefined {
    if (op === 'remove') return this.#remove(path);
    const { node, depth } = walk(this.#document, path);
    const rest = path.slice(depth);
    if (op === 'append') {
      if (rest.length === 0 && isSeq(node) && node.items.length > 0) return this.#append(node, value);
      return this.#set(path, [value]);
    }
    if (rest.length > 0 && isSeq(node) && rest[0] === node.items.length && node.items.length > 0)
      return this.#append(node, nested(rest.slice(1), value));
    return this.#set(path, value);
  }

  #set(path: EditPath, value: unknown): Splice | undefined {
    const { node, parent, depth } = walk(this.#document, path);
    const rest = path.slice(depth);
    if (rest.length === 0) {
      const key = path.at(-1);
      return key === undefined || !parent ? undefined : this.#replace(parent, key, value);
    }
    if (isMap(node) && node.items.length > 0) return this.#insert(node, String(rest[0]), nested(rest.slice(1), value));
    // Nothing, or an empty mapping or list, stands where members are wanted.
    const empty =
      node === null ||
      node === undefined ||
      (isScalar(node) && node.value === null) ||
      (isCollection(node) && node.items.length === 0);
    if (!empty || depth === 0) return undefined;
    const made = nested(rest, value);
    return parent && this.#replace(parent, path[depth - 1]!, made);
  }

  #replace(parent: YAMLMap | YAMLSeq, key: string | number, value: unknown): Splice | undefined {
    if (isMap(parent)) {
      const pair = pairOf(parent, key);
      const colon = pair && afterColon(pair);
      if (!pair || colon === undefined) return undefined;
      return this.#put(
        pair.value as AnyNode,
        colon,
        parent.flow === true,
        columnOf(this.#text, rangeOf(pair.key)?.[0] ?? 0),
        value,
        'map',
      );
    }
    const item = parent.items[Number(key)] as AnyNode;
    if (parent.flow === true) {
      const range = rangeOf(item);
      return (
        range && {
          start: range[0],
          end: range[1],
          text: this.#flow(value, columnOf(this.#text, lineStart(this.#text, range[0]))),
        }
      );
    }
    const dash = dashOf(parent, Number(key));
    return dash === undefined ? undefined : this.#put(item, dash + 1, false, columnOf(this.#text, dash), value, 'seq');
  }

  /** Puts a value after a `:` or `-` that ends at `after`. @param column of the key or dash */
  #put(node: AnyNode, after: number, flow: boolean, column: number, value: unknown, inside: 'map' | 'seq'): Splice | undefined {
    const text = this.#text;
    const range = rangeOf(node);
    const end = Math.max(after, contentEnd(node, text, after));
    const inline = range !== undefined && range[0] < range[1] && !/[\n\r]/.test(text.slice(after, range[0]));
    const plain =
      inline && !(isCollection(node) && node.flow !== true) && !(isScalar(node) && node.type?.startsWith('BLOCK') === true);
    if (flow || this.#layout.json) {
      const start = range && range[0] < range[1] ? range[0] : after;
      const written = this.#flow(value, indentOfLine(text, after));
      return { start, end, text: start === after ? ` ${written}` : written };
    }
    if (!isBlock(value)) {
      const scalar = renderScalar(value, false);
      // Anchors, tags and spaces before a value on the same line stay.
      if (plain) return { start: range[0], end, text: quotedAs(text.slice(range[0], end), value, scalar) };
      const comment = commentAfter(text, after, range?.[0] ?? end);
      return { start: after, end, text: ` ${scalar}${comment === '' ? '' : ` ${comment}`}` };
    }
    const step = Array.isArray(value) && inside === 'map' && !this.#layout.indentSeq ? 0 : this.#layout.step;
    const block = renderBlock(value, column + step, this.#layout);
    const head =
      plain || range === undefined || range[0] === range[1]
        ? commentAfter(text, end, lineEnd(text, end))
        : commentAfter(text, after, range[0]);
    const stop = plain || end === after ? Math.max(end, head === '' ? end : text.indexOf(head, end) + head.length) : end;
    if (inside === 'seq') return { start: after, end: stop, text: ` ${block.trimStart()}` };
    return { start: after, end: stop, text: `${head === '' ? '' : ` ${head}`}${this.#layout.eol}${block}` };
  }

  #flow(value: unknown, indent: number): string {
    return this.#layout.json && isBlock(value) && /[\n\r]/.test(this.#text.trim())
      ? renderJson(value, indent, this.#layout)
      : renderFlow(value, this.#layout);
  }

  #insert(map: YAMLMap, key: string, value: unknown): Splice | undefined {
    const pairs = map.items as AnyPair[];
    const text = this.#text;
    const first = rangeOf(pairs[0]!.key)?.[0];
    if (first === undefined) return undefined;
    const last = pairs.at(-1)!;
    const end = contentEnd(last.value, text, afterColon(last) ?? rangeOf(last.key)?.[1] ?? 0);
    if (map.flow === true) {
      const start = rangeOf(last.key)![0];
      const lines = /^\s*$/.test(text.slice(lineStart(text, start), start)) && lineStart(text, start) > 0;
      const indent = columnOf(text, start);
      const member = `${renderKey(key, this.#layout, true)}: ${this.#flow(value, lines ? indent : indentOfLine(text, start))}`;
      return this.#afterItem(
        Math.max(end, rangeOf(last.key)![1]),
        lines ? `${this.#layout.eol}${' '.repeat(indent)}` : ' ',
        member,
      );
    }
    const column = columnOf(text, first);
    const head = ' '.repeat(column) + renderKey(key, this.#layout, false);
    const step = Array.isArray(value) && !this.#layout.indentSeq ? 0 : this.#layout.step;
    const line = isBlock(value)
      ? `${head}:${this.#layout.eol}${renderBlock(value, column + step, this.#layout)}`
      : `${head}: ${renderScalar(value, false)}`;
    return this.#line(end, line);
  }

  #append(seq: YAMLSeq, value: unknown): Splice | undefined {
    const text = this.#text;
    const count = seq.items.length;
    const item: unknown = seq.items[count - 1];
    if (seq.flow === true) {
      const start = rangeOf(item)?.[0];
      if (start === undefined) return undefined;
      const lines = /^\s*$/.test(text.slice(lineStart(text, start), start)) && lineStart(text, start) > 0;
      const indent = columnOf(text, start);
      return this.#afterItem(
        contentEnd(item, text, start),
        lines ? `${this.#layout.eol}${' '.repeat(indent)}` : ' ',
        this.#flow(value, lines ? indent : indentOfLine(text, start)),
      );
    }
    const dash = dashOf(seq, 0);
    if (dash === undefined) return undefined;
    const column = columnOf(text, dash);
    const lastDash = dashOf(seq, count - 1) ?? dash;
    const body = isBlock(value) ? renderBlock(value, column + 2, this.#layout).trimStart() : renderScalar(value, false);
    return this.#line(contentEnd(item, text, lastDash + 1), `${' '.repeat(column)}- ${body}`);
  }

  /** A member after the last one of a flow collection, with the comma that may stand there already. */
  #afterItem(end: number, space: string, member: string): Splice {
    const comma = /^\s*,/.exec(this.#text.slice(end, end + 200));
    const at = comma ? end + comma[0].length : end;
    return { start: at, end: at, text: `${comma ? '' : ','}${space}${member}` };
  }

  /** A line after the line of an offset; its comment stays with it. */
  #line(offset: number, line: string): Splice {
    const text = this.#text;
    if (offset > 0 && (text[offset - 1] === '\n' || text[offset - 1] === '\r'))
      return { start: offset, end: offset, text: `${line}${this.#layout.eol}` };
    const at = lineEnd(text, offset);
    return { start: at, end: at, text: `${this.#layout.eol}${line}` };
  }

  #remove(path: EditPath): Splice | undefined {
    const { parent, depth } = walk(this.#document, path);
    const key = path.at(-1);
    if (depth !== path.length || key === undefined || !parent) return undefined;
    if (parent.items.length === 1) {
      const above = path.slice(0, -1);
      const empty = isMap(parent) ? {} : [];
      if (above.length === 0) return undefined;
      return this.#set(above, empty);
    }
    return parent.flow === true ? this.#removeFlow(parent, key) : this.#removeBlock(parent, key);
  }

  #removeBlock(parent: YAMLMap | YAMLSeq, key: string | number): Splice | undefined {
    const text = this.#text;
    const index = isMap(parent) ? (parent.items as AnyPair[]).findIndex((pair) => keyOf(pair) === String(key)) : Number(key);
    const startOf = (i: number): number | undefined =>
      isMap(parent) ? rangeOf((parent.items[i] as AnyPair).key)?.[0] : dashOf(parent, i);
    const start = startOf(index);
    if (start === undefined) return undefined;
    const item: unknown = parent.items[index];
    const end = isMap(parent)
      ? contentEnd((item as AnyPair).value, text, afterColon(item as AnyPair) ?? start)
      : contentEnd(item, text, start + 1);
    const indent = text.slice(lineStart(text, start), start);
    // The first member of an item stands behind the dash: the next one moves up to it.
    if (!/^\s*$/.test(indent)) {
      const next = startOf(index + 1);
      return next === undefined ? undefined : { start, end: next, text: '' };
    }
    const stop = end > 0 && (text[end - 1] === '\n' || text[end - 1] === '\r') ? end : afterBreak(text, lineEnd(text, end));
    if (stop >= text.length && !/[\n\r]$/.test(text)) {
      const before = lineStart(text, start);
      const from = before > 0 ? before - (text.slice(0, before).endsWith('\r\n') ? 2 : 1) : before;
      return { start: from, end: stop, text: '' };
    }
    return { start: lineStart(text, start), end: stop, text: '' };
  }

  #removeFlow(parent: YAMLMap | YAMLSeq, key: string | number): Splice | undefined {
    const index = isMap(parent) ? (parent.items as AnyPair[]).findIndex((pair) => keyOf(pair) === String(key)) : Number(key);
    const startOf = (i: number): number | undefined => {
      const item: unknown = parent.items[i];
      return rangeOf(isMap(parent) ? (item as AnyPair).key : item)?.[0];
    };
    const endOf = (i: number): number => {
      const item: unknown = parent.items[i];
      const value = isMap(parent) ? (item as AnyPair).value : item;
      return contentEnd(
        value,
        this.#text,
        isMap(parent) ? (afterColon(item as AnyPair) ?? rangeOf((item as AnyPair).key)![1]) : 0,
      );
    };
    const [start, next] = [startOf(index), index + 1 < parent.items.length ? startOf(index + 1) : undefined];
    if (start === undefined) return undefined;
    if (next !== undefined) return { start, end: next, text: '' };
    return { start: endOf(index - 1), end: endOf(index), text: '' };
  }
}

/** The value that lacks its containers. */
function nested(path: EditPath, value: unknown): unknown {
  return path.reduceRight<unknown>((inner, key) => (typeof key === 'number' ? [inner] : { [key]: inner }), value);
}

/** A new text keeps the quotes of the one that it replaces. */
function quotedAs(old: string, value: unknown, scalar: string): string {
  if (typeof value !== 'string' || /[\n\r]/.test(value)) return scalar;
  if (old.startsWith('"') && /^[ -!#-[\]-~]*$/.test(value)) return `"${value}"`;
  if (old.startsWith("'") && !value.includes("'")) return `'${value}'`;
  return scalar;
}

/** A comment on the rest of the line. */
function commentAfter(text: string, from: number, to: number): string {
  const line = text.slice(from, Math.min(lineEnd(text, from), Math.max(to, from)));
  return /(?:^|\s)(#.*)$/.exec(line)?.[1] ?? '';
}

function indentOfLine(text: string, offset: number): number {
  const start = lineStart(text, offset);
  let at = start;
  while (text[at] === ' ') at++;
  return at - start;
}

function layoutOf(document: Document, text: string): Layout {
  const root = document.contents;
  const json =
    (isMap(root) || isSeq(root)) && root.flow === true && /^[\s\uFEFF]*[{[]\s*(?:["{[\]}]|$)/.test(text.slice(0, 1000));
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  let step: number | undefined;
  let indentSeq: boolean | undefined;
  const visit = (node: unknown, depth: number): void => {
    if (depth > 64 || (step !== undefined && indentSeq !== undefined)) return;
    if (isMap(node)) {
      for (const pair of node.items as AnyPair[]) {
        const start = rangeOf(pair.key)?.[0];
        if (start === undefined) continue;
        const own = columnOf(text, start);
        const { value } = pair;
        if (isMap(value) && (value.flow !== true || json) && value.items.length > 0) {
          const inner = rangeOf((value.items[0] as AnyPair).key)?.[0];
          if (inner !== undefined && lineStart(text, inner) !== lineStart(text, start)) step ??= columnOf(text, inner) - own;
        } else if (isSeq(value) && value.flow !== true && indentSeq === undefined) {
          const dash = dashOf(value, 0);
          if (dash !== undefined) indentSeq = columnOf(text, dash) > own;
        }
        visit(value, depth + 1);
      }
    } else if (isSeq(node)) for (const item of node.items) visit(item, depth + 1);
  };
  visit(root, 0);
  return { json, step: step !== undefined && step >= 1 && step <= 8 ? step : 2, indentSeq: indentSeq ?? true, eol };
}
