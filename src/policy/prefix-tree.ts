// A radix tree from path literals to sets of rules: one walk over a path finds every rule that names it or a prefix of it.

interface Building {
  edge: string;
  readonly children: Map<number, Building>;
  readonly prefixed: number[];
  readonly exact: number[];
}

interface Node {
  readonly edge: string;
  readonly children: ReadonlyMap<number, Node>;
  /** Rules of all prefixes that end here or above. */
  readonly prefixed: Int32Array;
  /** The same, and the rules of the path that ends exactly here. */
  readonly exact: Int32Array;
}

export interface PathKey {
  readonly text: string;
  readonly exact: boolean;
  readonly rule: number;
}

export class PrefixTree {
  readonly #root: Node;

  /** @param always rules that no path excludes @param words 32-bit words a set has */
  constructor(keys: readonly PathKey[], always: Int32Array, words: number) {
    const root = building('');
    for (const key of keys) insert(root, key);
    this.#root = freeze(root, always, words);
  }

  /** The rules that a path does not exclude, as a bit set. */
  find(path: string): Int32Array {
    let node = this.#root;
    let at = 0;
    for (;;) {
      if (at === path.length) return node.exact;
      const child = node.children.get(path.charCodeAt(at));
      if (child === undefined || !path.startsWith(child.edge, at)) return node.prefixed;
      at += child.edge.length;
      node = child;
    }
  }
}

function building(edge: string): Building {
  return { edge, children: new Map(), prefixed: [], exact: [] };
}

function insert(root: Building, { text, exact, rule }: PathKey): void {
  let node = root;
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    const child = node.children.get(code);
    if (child === undefined) {
      const leaf = building(text.slice(at));
      node.children.set(code, leaf);
      node = leaf;
      break;
    }
    const shared = sharedLength(child.edge, text, at);
    if (shared < child.edge.length) {
      const middle = building(child.edge.slice(0, shared));
      child.edge = child.edge.slice(shared);
      middle.children.set(child.edge.charCodeAt(0), child);
      node.children.set(code, middle);
      node = middle;
    } else node = child;
    at += shared;
  }
  (exact ? node.exact : node.prefixed).push(rule);
}

function sharedLength(edge: string, text: string, at: number): number {
  let length = 0;
  while (length < edge.length && edge.charCodeAt(length) === text.charCodeAt(at + length)) length += 1;
  return length;
}

function freeze(node: Building, above: Int32Array, words: number): Node {
  const prefixed = above.slice(0, words);
  for (const rule of node.prefixed) setBit(prefixed, rule);
  const exact = prefixed.slice();
  for (const rule of node.exact) setBit(exact, rule);
  const children = new Map([...node.children].map(([code, child]) => [code, freeze(child, prefixed, words)]));
  return { edge: node.edge, children, prefixed, exact };
}

export function setBit(bits: Int32Array, index: number): void {
  bits[index >>> 5] = (bits[index >>> 5] as number) | (1 << (index & 31));
}
