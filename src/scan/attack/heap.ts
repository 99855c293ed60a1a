// A binary heap of numbers with priorities, for searches over graphs.

/** Gives back the entry of the largest priority first. */
export class MaxHeap {
  readonly #items: number[] = [];
  readonly #priorities: number[] = [];

  get size(): number {
    return this.#items.length;
  }

  push(item: number, priority: number): void {
    const [items, priorities] = [this.#items, this.#priorities];
    let at = items.length;
    items.push(item);
    priorities.push(priority);
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (priorities[up]! >= priority) break;
      items[at] = items[up]!;
      priorities[at] = priorities[up]!;
      at = up;
    }
    items[at] = item;
    priorities[at] = priority;
  }

  /** The entry of the largest priority; -1 when empty. */
  pop(): number {
    const [items, priorities] = [this.#items, this.#priorities];
    if (items.length === 0) return -1;
    const top = items[0]!;
    const item = items.pop()!;
    const priority = priorities.pop()!;
    const size = items.length;
    if (size === 0) return top;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= size) break;
      if (down + 1 < size && priorities[down + 1]! > priorities[down]!) down++;
      if (priorities[down]! <= priority) break;
      items[at] = items[down]!;
      priorities[at] = priorities[down]!;
      at = down;
    }
    items[at] = item;
    priorities[at] = priority;
    return top;
  }
}
