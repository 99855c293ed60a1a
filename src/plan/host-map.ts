// Host names to values: an exact name wins, then the longest wildcard, then `*` (Gateway API, Listener.hostname and HTTPRouteSpec.hostnames).

/** Host patterns in lower case: names, `*.example.com` (any number of labels in the star's place), and `*` for all. */
export class HostMap<T> {
  readonly #values = new Map<string, T>();

  get size(): number {
    return this.#values.size;
  }

  /** The value of this very pattern. */
  get(pattern: string): T | undefined {
    return this.#values.get(pattern);
  }

  set(pattern: string, value: T): void {
    this.#values.set(pattern, value);
  }

  values(): IterableIterator<T> {
    return this.#values.values();
  }

  /** The value of the most specific pattern. @param name lower case, without port or trailing dot; '' meets `*` only */
  find(name: string): T | undefined {
    const exact = this.#values.get(name);
    if (exact !== undefined && name !== '*') return exact;
    for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
      const wild = this.#values.get(`*${name.slice(dot)}`);
      if (wild !== undefined) return wild;
    }
    return this.#values.get('*');
  }
}
