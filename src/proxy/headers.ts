/** Headers being put together for the next hop: policy is decided on this list and this list is sent, so both see the same. */
export class Headers {
  /** Names as they are written and values in turn, the shape that the codec takes. */
  readonly flat: string[] = [];
  /** Lower-case names, one for each pair. */
  readonly #names: string[] = [];

  get length(): number {
    return this.#names.length;
  }

  /** @param name lower case @param written the name as it goes on the wire */
  add(name: string, written: string, value: string): void {
    this.#names.push(name);
    this.flat.push(written, value);
  }

  /** Replaces every copy. @param name lower case, also written so */
  set(name: string, value: string): void {
    const at = this.#names.indexOf(name);
    if (at === -1) {
      this.add(name, name, value);
      return;
    }
    this.flat[at * 2 + 1] = value;
    for (let i = this.#names.length - 1; i > at; i--) if (this.#names[i] === name) this.#cut(i);
  }

  /** @param name lower case */
  remove(name: string): void {
    for (let i = this.#names.length - 1; i >= 0; i--) if (this.#names[i] === name) this.#cut(i);
  }

  /** Whether at least one header of this lower-case name is there. */
  has(name: string): boolean {
    return this.#names.includes(name);
  }

  /** Values of one name joined by `,` as Istio's proxies see them; undefined when absent. @param name lower case */
  get(name: string): string | undefined {
    let joined: string | undefined;
    for (let i = 0; i < this.#names.length; i++) {
      if (this.#names[i] !== name) continue;
      const value = this.flat[i * 2 + 1]!;
      joined = joined === undefined ? value : `${joined},${value}`;
    }
    return joined;
  }

  /** Values in order. @param name lower case */
  all(name: string): string[] {
    const values: string[] = [];
    for (let i = 0; i < this.#names.length; i++) if (this.#names[i] === name) values.push(this.flat[i * 2 + 1]!);
    return values;
  }

  /** Lower-case name of pair `i`. */
  name(i: number): string {
    return this.#names[i]!;
  }

  value(i: number): string {
    return this.flat[i * 2 + 1]!;
  }

  #cut(i: number): void {
    this.#names.splice(i, 1);
    this.flat.splice(i * 2, 2);
  }
}
