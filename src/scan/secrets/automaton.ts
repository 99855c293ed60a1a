// One automaton for the keywords of all rules (A. Aho, M. Corasick, "Efficient string matching", 1975), as a flat table over byte classes.

export interface Automaton {
  /** `next[state + classes[byte]]` is the next state; states are offsets of rows. The table starts at 0. */
  readonly next: Int32Array;
  /** Byte -> column; upper-case letters share the column of the lower-case ones. */
  readonly classes: Uint8Array;
  /** States at and above this one end a keyword. */
  readonly firstOutput: number;
  /** Columns a row. */
  readonly stride: number;
  /** Keywords that end in an output state: `outputs[(state - firstOutput) / stride]`, longest first. */
  readonly outputs: readonly (readonly number[])[];
}

interface Node {
  readonly children: Map<number, Node>;
  readonly own: number[];
  fail: Node | undefined;
  all: readonly number[];
  row: number;
}

/**
 * @param keywords not empty each, at most 255 different bytes among them; compared without the case of ASCII letters
 */
export function buildAutomaton(keywords: readonly string[]): Automaton {
  const classes = new Uint8Array(256);
  let stride = 1;
  const bytesOf = keywords.map((keyword) => [...Buffer.from(keyword.toLowerCase(), 'utf8')]);
  for (const byte of bytesOf.flat()) if (classes[byte] === 0) classes[byte] = stride++;
  for (let upper = 0x41; upper <= 0x5a; upper++) classes[upper] = classes[upper + 32]!;
  const root = node();
  bytesOf.forEach((bytes, index) => {
    let at = root;
    for (const byte of bytes) {
      const column = classes[byte]!;
      let child = at.children.get(column);
      if (!child) at.children.set(column, (child = node()));
      at = child;
    }
    at.own.push(index);
  });
  const order = breadthFirst(root);
  // Rows with outputs come last, so that the scan tells them by one comparison.
  const rows = [...order.filter(({ all }) => all.length === 0), ...order.filter(({ all }) => all.length > 0)];
  rows.forEach((each, i) => (each.row = i * stride));
  const firstOutput = rows.findIndex(({ all }) => all.length > 0);
  const next = new Int32Array(rows.length * stride);
  for (const each of order) {
    const fallback = each.fail?.row ?? 0;
    for (let column = 0; column < stride; column++)
      next[each.row + column] = each.children.get(column)?.row ?? (each === root ? 0 : next[fallback + column]!);
  }
  return {
    next,
    classes,
    stride,
    firstOutput: firstOutput === -1 ? next.length : firstOutput * stride,
    outputs: firstOutput === -1 ? [] : rows.slice(firstOutput).map(({ all }) => all),
  };
}

function node(): Node {
  return { children: new Map(), own: [], fail: undefined, all: [], row: 0 };
}

/** Every node after its fallback, which is set on the way together with the keywords that end in it. */
function breadthFirst(root: Node): Node[] {
  const order = [root];
  for (let i = 0; i < order.length; i++) {
    const parent = order[i]!;
    parent.all = [...parent.own, ...(parent.fail?.all ?? [])];
    for (const [column, child] of parent.children) {
      let fallback = parent.fail;
      while (fallback && !fallback.children.has(column)) fallback = fallback.fail;
      child.fail = fallback?.children.get(column) ?? root;
      order.push(child);
    }
  }
  return order;
}
