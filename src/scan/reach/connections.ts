// Sets of connections: sorted port ranges for each transport, interned in a table so that algebra on them is a look-up.
import type { PortRange, Transport } from './face.ts';

export const TRANSPORTS: readonly Transport[] = ['TCP', 'UDP', 'SCTP'];
export const PORT_MAX = 65_535;

/** Pairs first, last; sorted, disjoint and not touching. */
type Flat = readonly number[];

/** An interned set: equal sets of one table are one object. */
export interface Connections {
  /** Place in the table. */
  readonly id: number;
  /** By transport, in the order of TRANSPORTS. */
  readonly parts: readonly [Flat, Flat, Flat];
}

const FULL: Flat = [1, PORT_MAX];

/** Makes and combines sets; answers are remembered by the ids of what was combined. */
export class ConnectionTable {
  readonly #byKey = new Map<string, Connections>();
  readonly #all: Connections[] = [];
  readonly #memo: readonly [Map<number, Connections>, Map<number, Connections>, Map<number, Connections>] = [
    new Map(),
    new Map(),
    new Map(),
  ];
  readonly none: Connections = this.#intern([[], [], []]);
  readonly everything: Connections = this.#intern([FULL, FULL, FULL]);

  /** Ports outside 1-65535 are cut off. */
  of(ranges: Iterable<PortRange>): Connections {
    const parts: [number[][], number[][], number[][]] = [[], [], []];
    for (const { transport, first, last } of ranges) {
      const [low, high] = [Math.max(1, first), Math.min(PORT_MAX, last)];
      if (low <= high) parts[TRANSPORTS.indexOf(transport)]?.push([low, high]);
    }
    return this.#intern([flatten(parts[0]), flatten(parts[1]), flatten(parts[2])]);
  }

  union(a: Connections, b: Connections): Connections {
    if (a === b || b === this.none || a === this.everything) return a;
    if (a === this.none || b === this.everything) return b;
    return this.#combine(0, a, b, (x, y) => x || y);
  }

  intersect(a: Connections, b: Connections): Connections {
    if (a === b || b === this.everything || a === this.none) return a;
    if (a === this.everything || b === this.none) return b;
    return this.#combine(1, a, b, (x, y) => x && y);
  }

  /** What is in `a` and not in `b`. */
  subtract(a: Connections, b: Connections): Connections {
    if (a === this.none || b === this.none) return a;
    if (a === b || b === this.everything) return this.none;
    return this.#combine(2, a, b, (x, y) => x && !y);
  }

  #combine(operation: 0 | 1 | 2, a: Connections, b: Connections, keep: (x: boolean, y: boolean) => boolean): Connections {
    const key = a.id * 0x100_0000 + b.id;
    const memo = this.#memo[operation];
    let found = memo.get(key);
    if (found === undefined) {
      const at = (i: 0 | 1 | 2): Flat => sweep(a.parts[i], b.parts[i], keep);
      found = this.#intern([at(0), at(1), at(2)]);
      memo.set(key, found);
    }
    return found;
  }

  #intern(parts: readonly [Flat, Flat, Flat]): Connections {
    const key = `${parts[0].join()};${parts[1].join()};${parts[2].join()}`;
    let found = this.#byKey.get(key);
    if (found === undefined) {
      found = { id: this.#all.length, parts };
      this.#all.push(found);
      this.#byKey.set(key, found);
    }
    return found;
  }
}

/** Sorted and merged: TCP, then UDP, then SCTP. */
export function rangesOf(set: Connections): readonly PortRange[] {
  return TRANSPORTS.flatMap((transport, i) => {
    const flat = set.parts[i as 0 | 1 | 2];
    const ranges: PortRange[] = [];
    for (let at = 0; at < flat.length; at += 2) ranges.push({ transport, first: flat[at]!, last: flat[at + 1]! });
    return ranges;
  });
}

export function hasPort(set: Connections, transport: Transport, port: number): boolean {
  const flat = set.parts[TRANSPORTS.indexOf(transport) as 0 | 1 | 2];
  for (let at = 0; at < flat.length; at += 2) if (port >= flat[at]! && port <= flat[at + 1]!) return true;
  return false;
}

/** `TCP 80,8000-8080; UDP 53`, `all connections`, `nothing`. */
export function formatRanges(ranges: readonly PortRange[]): string {
  if (ranges.length === 0) return 'nothing';
  const isFull = ({ first, last }: PortRange): boolean => first === 1 && last === PORT_MAX;
  if (ranges.length === 3 && ranges.every(isFull)) return 'all connections';
  return TRANSPORTS.flatMap((transport) => {
    const own = ranges.filter((range) => range.transport === transport);
    if (own.length === 0) return [];
    if (own.length === 1 && isFull(own[0]!)) return [`${transport} all ports`];
    return [`${transport} ${own.map(({ first, last }) => (first === last ? first : `${first}-${last}`)).join(',')}`];
  }).join('; ');
}

function flatten(ranges: number[][]): Flat {
  ranges.sort((x, y) => x[0]! - y[0]!);
  const flat: number[] = [];
  for (const [first, last] of ranges as [number, number][]) {
    if (flat.length > 0 && first <= flat.at(-1)! + 1) flat[flat.length - 1] = Math.max(flat.at(-1)!, last);
    else flat.push(first, last);
  }
  return flat;
}

/** Walks both lists of ranges once; `keep` says for each stretch whether it is in the result. */
function sweep(a: Flat, b: Flat, keep: (x: boolean, y: boolean) => boolean): Flat {
  const result: number[] = [];
  let [i, j] = [0, 0];
  let open = 0;
  // An index is even before a range begins and odd inside it; a range ends one after its last port.
  const bound = (flat: Flat, at: number): number => (at >= flat.length ? PORT_MAX + 1 : at % 2 === 0 ? flat[at]! : flat[at]! + 1);
  for (let port = 1; port <= PORT_MAX;) {
    while (i < a.length && bound(a, i) <= port) i++;
    while (j < b.length && bound(b, j) <= port) j++;
    const inside = keep(i % 2 === 1, j % 2 === 1);
    if (inside && open === 0) open = port;
    if (!inside && open !== 0) {
      result.push(open, port - 1);
      open = 0;
    }
    port = Math.min(bound(a, i), bound(b, j));
  }
  if (open !== 0) result.push(open, PORT_MAX);
  return result;
}
