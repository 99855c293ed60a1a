import { EVENT_ID, SCALAR_STYLE, getScalarValue } from 'js-yaml';
import type { Event } from 'js-yaml';
import { keyText, resolvePlain } from './scalar.ts';

const FOLLOWED_MAX = 16;

/** Of one mapping: where its keys stand, and the values of its `<<`. */
interface Keys {
  readonly members: ReadonlyMap<string, number>;
  readonly merges: readonly number[];
}

/** Finds where the parts of one document are written, by walking its events again. Nothing of this is paid for when nobody asks. */
export class Locator {
  readonly #events: readonly Event[];
  readonly #source: string;
  readonly #root: number;
  readonly #items = new Map<number, number[]>();
  readonly #keys = new Map<number, Keys>();
  #ends: Int32Array | undefined;

  /** @param root index of the DOCUMENT event */
  constructor(events: readonly Event[], source: string, root: number) {
    this.#events = events;
    this.#source = source;
    this.#root = root;
  }

  /** Offset of the key, or of the item, that `path` names; of its nearest written ancestor when it is not there. */
  offset(path: readonly (string | number)[]): number {
    let node = this.#root + 1;
    let offset = this.eventOffset(node);
    for (const part of path) {
      const found = this.#member(node, part, FOLLOWED_MAX);
      if (found === undefined) break;
      node = found.node;
      offset = this.eventOffset(found.at);
    }
    return offset;
  }

  /** Offset of the value, rather than of its key; the key's when the value was not written. */
  eventOffset(index: number): number {
    for (let at = index; at > this.#root; at--) {
      const event = this.#events[at]!;
      const start = startOf(event);
      if (start !== -1) return start;
    }
    return 0;
  }

  /** Where the member or item stands (`at`), and its value (`node`). */
  #member(start: number, part: string | number, followed: number): { readonly at: number; readonly node: number } | undefined {
    const node = this.#resolve(start, followed);
    const event = this.#events[node];
    if (event?.type === EVENT_ID.SEQUENCE) {
      const item = this.#itemsOf(node)[Number(part)];
      return item === undefined ? undefined : { at: item, node: item };
    }
    if (event?.type !== EVENT_ID.MAPPING) return undefined;
    const { members, merges } = this.#keysOf(node);
    const key = members.get(String(part));
    return key === undefined ? this.#merged(merges, part, followed) : { at: key, node: this.#end(key) };
  }

  /** Where the items of a list begin; told once, since a reader asks for one part after the other. */
  #itemsOf(node: number): readonly number[] {
    let items = this.#items.get(node);
    if (!items) {
      items = [];
      for (let item = node + 1; this.#events[item]!.type !== EVENT_ID.POP; item = this.#end(item)) items.push(item);
      this.#items.set(node, items);
    }
    return items;
  }

  #keysOf(node: number): Keys {
    let keys = this.#keys.get(node);
    if (!keys) {
      const members = new Map<string, number>();
      const merges: number[] = [];
      for (let key = node + 1; this.#events[key]!.type !== EVENT_ID.POP;) {
        const value = this.#end(key);
        const text = this.#keyText(key);
        if (text !== undefined && !members.has(text)) members.set(text, key);
        if (text === '<<') merges.push(value);
        key = this.#end(value);
      }
      keys = { members, merges };
      this.#keys.set(node, keys);
    }
    return keys;
  }

  #merged(merges: readonly number[], part: string | number, followed: number): { at: number; node: number } | undefined {
    if (followed <= 0) return undefined;
    for (const merge of merges) {
      const node = this.#resolve(merge, followed);
      const list = this.#events[node]?.type === EVENT_ID.SEQUENCE;
      for (let source = list ? node + 1 : node; this.#events[source]!.type !== EVENT_ID.POP; source = this.#end(source)) {
        const found = this.#member(source, part, followed - 1);
        if (found) return found;
        if (!list) break;
      }
    }
    return undefined;
  }

  #keyText(index: number): string | undefined {
    const event = this.#events[index]!;
    if (event.type !== EVENT_ID.SCALAR) return undefined;
    const text = getScalarValue(this.#source, event);
    return event.style === SCALAR_STYLE.PLAIN && event.tagStart === -1 ? keyText(resolvePlain(text)) : text;
  }

  /** Follows an alias to the anchor last written before it. */
  #resolve(index: number, followed: number): number {
    let at = index;
    for (let i = 0; i < followed; i++) {
      const event = this.#events[at];
      if (event?.type !== EVENT_ID.ALIAS) return at;
      const anchor = this.#anchorBefore(at, this.#source.slice(event.anchorStart, event.anchorEnd));
      if (anchor === undefined) return at;
      at = anchor;
    }
    return at;
  }

  #anchorBefore(index: number, name: string): number | undefined {
    for (let at = index - 1; at > this.#root; at--) {
      const event = this.#events[at]!;
      if (!('anchorStart' in event) || event.anchorStart === -1 || event.type === EVENT_ID.ALIAS) continue;
      if (this.#source.slice(event.anchorStart, event.anchorEnd) === name) return at;
    }
    return undefined;
  }

  /** Index after the node that begins at `index`. */
  #end(index: number): number {
    const type = this.#events[index]!.type;
    if (type === EVENT_ID.SCALAR || type === EVENT_ID.ALIAS) return index + 1;
    return (this.#ends ??= endsOf(this.#events))[index]!;
  }
}

function startOf(event: Event): number {
  if (event.type === EVENT_ID.SCALAR) {
    const quoted = event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED;
    return event.valueStart === -1 ? -1 : event.valueStart - (quoted ? 1 : 0);
  }
  if (event.type === EVENT_ID.ALIAS) return event.anchorStart - 1;
  return event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE ? event.start : -1;
}

function endsOf(events: readonly Event[]): Int32Array {
  const ends = new Int32Array(events.length);
  const open: number[] = [];
  for (let i = 0; i < events.length; i++) {
    const type = events[i]!.type;
    if (type === EVENT_ID.POP) ends[open.pop()!] = i + 1;
    else if (type !== EVENT_ID.SCALAR && type !== EVENT_ID.ALIAS) open.push(i);
  }
  return ends;
}
