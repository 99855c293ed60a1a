// One bound for several processes. Each holds a portion of it and counts by itself; who runs out asks a broker, which has the others hand over what they
// do not use. At no time do the portions add up to more than the bound, so that it holds whatever gets lost on the way.

/** What a holder says to the broker. */
export type ToBroker =
  | { readonly type: 'portion-ask'; readonly name: string; readonly max: number; readonly want: number }
  /** Answer to `portion-yield`: so many are no longer held. */
  | { readonly type: 'portion-yielded'; readonly name: string; readonly max: number; readonly count: number };

/** What the broker says to a holder. */
export type FromBroker =
  | { readonly type: 'portion-grant'; readonly name: string; readonly max: number; readonly count: number }
  | { readonly type: 'portion-yield'; readonly name: string; readonly max: number };

/** How many of `max` each of `holders` has from the start, without asking. */
export function firstPortion(max: number, holders: number): number {
  return Math.floor(max / holders);
}

/** Names of bounds that a broker keeps; beyond them nothing is granted, and holders go on with their first portions. */
const BOUNDS_MAX = 65_536;
const NAME_CHARS_MAX = 1024;

interface Bound {
  free: number;
  readonly held: Map<string, number>;
  /** Asked for and not granted yet, oldest first. */
  readonly asking: { readonly holder: string; readonly want: number }[];
  /** Who was asked to yield and has not answered. */
  readonly yielding: Set<string>;
}

/** The broker: knows who holds what, and never gives out more than there is. */
export class PortionBroker {
  readonly #holders: readonly string[];
  readonly #send: (holder: string, message: FromBroker) => boolean;
  readonly #bounds = new Map<string, Bound>();
  /** Those that began anew, with nothing. */
  readonly #anew = new Set<string>();

  /** @param holders names of all processes that share, there or not @param send false when that one is not there */
  constructor(holders: readonly string[], send: (holder: string, message: FromBroker) => boolean) {
    this.#holders = holders;
    this.#send = send;
  }

  take(holder: string, message: ToBroker): void {
    const { name, max } = message;
    // Holders read hostile bytes, so what they say is not taken on faith.
    const number = message.type === 'portion-ask' ? message.want : message.count;
    if (typeof name !== 'string' || name.length > NAME_CHARS_MAX || !Number.isSafeInteger(number)) return;
    const bound = this.#bound(name, max);
    if (!bound) {
      if (message.type === 'portion-ask') this.#send(holder, { type: 'portion-grant', name, max, count: 0 });
      return;
    }
    if (message.type === 'portion-ask') {
      bound.asking.push({ holder, want: Math.max(1, Math.min(message.want, max)) });
      if (bound.free === 0) this.#gather(bound, name, max, holder);
    } else {
      bound.yielding.delete(holder);
      const held = bound.held.get(holder) ?? 0;
      const count = Math.max(0, Math.min(message.count, held));
      bound.held.set(holder, held - count);
      bound.free += count;
    }
    this.#settle(bound, name, max);
  }

  /** A holder ended: what it held is free, and its successor begins with nothing (`Portions.anew`). */
  left(holder: string): void {
    this.#anew.add(holder);
    for (const [key, bound] of this.#bounds) {
      bound.free += bound.held.get(holder) ?? 0;
      bound.held.set(holder, 0);
      bound.yielding.delete(holder);
      const asking = bound.asking.filter((one) => one.holder !== holder);
      bound.asking.splice(0, bound.asking.length, ...asking);
      const at = key.lastIndexOf(' ');
      this.#settle(bound, key.slice(0, at), Number(key.slice(at + 1)));
    }
  }

  /** Somebody waits for an answer: `expire` should be called in a while. */
  get waiting(): boolean {
    return [...this.#bounds.values()].some(({ asking }) => asking.length > 0);
  }

  /** Who has not answered by now yields nothing. */
  expire(): void {
    for (const [key, bound] of this.#bounds) {
      bound.yielding.clear();
      const at = key.lastIndexOf(' ');
      this.#settle(bound, key.slice(0, at), Number(key.slice(at + 1)));
    }
  }

  #bound(name: string, max: number): Bound | undefined {
    const key = `${name} ${max}`;
    let bound = this.#bounds.get(key);
    if (bound) return bound;
    if (!Number.isSafeInteger(max) || max < 1 || this.#bounds.size >= BOUNDS_MAX) return undefined;
    const first = firstPortion(max, this.#holders.length);
    const held = new Map(this.#holders.map((holder) => [holder, this.#anew.has(holder) ? 0 : first]));
    const free = max - [...held.values()].reduce((sum, one) => sum + one, 0);
    bound = { free, held, asking: [], yielding: new Set() };
    this.#bounds.set(key, bound);
    return bound;
  }

  #gather(bound: Bound, name: string, max: number, asker: string): void {
    for (const holder of this.#holders) {
      if (holder === asker || bound.yielding.has(holder)) continue;
      if (this.#send(holder, { type: 'portion-yield', name, max })) bound.yielding.add(holder);
    }
  }

  /** Grants what is free, oldest first; when nothing more can come, says so. */
  #settle(bound: Bound, name: string, max: number): void {
    while (bound.asking.length > 0 && (bound.free > 0 || bound.yielding.size === 0)) {
      const { holder, want } = bound.asking.shift()!;
      const count = Math.max(0, Math.min(bound.free, want));
      if (!this.#send(holder, { type: 'portion-grant', name, max, count })) continue;
      bound.free -= count;
      bound.held.set(holder, (bound.held.get(holder) ?? 0) + count);
    }
  }
}

/** A holder's portion of one bound. */
export class Portion {
  readonly name: string;
  #max: number;
  #held: number;
  #used = 0;
  readonly #portions: Portions;
  #asking: Promise<boolean> | undefined;
  #granted: ((some: boolean) => void) | undefined;

  constructor(portions: Portions, name: string, max: number) {
    this.name = name;
    this.#portions = portions;
    this.#max = max;
    this.#held = portions.first(max);
  }

  get max(): number {
    return this.#max;
  }

  /** Taken here and not given back. */
  get used(): number {
    return this.#used;
  }

  /** Another bound takes this one's place; what is in use stays so. */
  set max(max: number) {
    if (max === this.#max) return;
    this.#max = max;
    this.#held = this.#portions.first(max);
    this.#settle(false);
  }

  /** Takes one of this process's own portion. @returns false when it is used up: `ask` may find more */
  take(): boolean {
    if (this.#used >= this.#held) return false;
    this.#used++;
    return true;
  }

  /** Takes one whatever is held: for what a process must have to go on at all. */
  force(): void {
    this.#used++;
  }

  give(): void {
    this.#used--;
  }

  /** For a count that somebody else keeps. @param used how many there are now @returns whether there may be one more */
  covers(used: number): boolean {
    this.#used = used;
    return used < this.#held;
  }

  /** Takes one, of what others do not use if need be. @returns false when all of the bound is used, or nobody answers */
  async acquire(): Promise<boolean> {
    while (!this.take()) if (!(await this.ask())) return false;
    return true;
  }

  /** Looks for more where others do not use theirs. @returns whether there was some; nothing is taken by that, and others may wait for it too */
  ask(): Promise<boolean> {
    if (this.#portions.alone) return Promise.resolve(this.#used < this.#held);
    this.#asking ??= new Promise<boolean>((resolve) => {
      this.#granted = resolve;
      // A quarter of what is held at once, so that growing takes few turns.
      const want = Math.max(1, this.#held >> 2);
      if (!this.#portions.say({ type: 'portion-ask', name: this.name, max: this.#max, want })) this.#settle(false);
    });
    return this.#asking;
  }

  /** Gives up waiting for an answer; one that comes later still counts. */
  expire(): void {
    this.#settle(false);
  }

  receive(message: FromBroker): void {
    if (message.max !== this.#max) {
      // Of a bound that is no longer in force here: nothing of it is held any more.
      if (message.type === 'portion-yield') this.#portions.say({ ...message, type: 'portion-yielded', count: 0 });
      return;
    }
    if (message.type === 'portion-grant') {
      this.#held += message.count;
      this.#settle(message.count > 0);
      return;
    }
    // Half of what lies idle, and all of it when it is little; what is just being asked for stays.
    const idle = this.#asking ? 0 : Math.max(0, this.#held - this.#used);
    const count = Math.ceil(idle / 2);
    this.#held -= count;
    if (!this.#portions.say({ type: 'portion-yielded', name: this.name, max: this.#max, count })) this.#held += count;
  }

  #settle(some: boolean): void {
    const done = this.#granted;
    this.#granted = undefined;
    this.#asking = undefined;
    done?.(some);
  }
}

/** All portions of one process. */
export class Portions {
  readonly #holders: number;
  readonly #anew: boolean;
  readonly #send: (message: ToBroker) => boolean;
  readonly #portions = new Map<string, Portion>();

  /**
   * @param holders processes that share, this one among them
   * @param anew this process takes the place of one that ended, and so begins with nothing
   * @param send false when the broker cannot be had: then what is held is all there is
   */
  constructor(holders: number, anew: boolean, send: (message: ToBroker) => boolean) {
    this.#holders = holders;
    this.#anew = anew && holders > 1;
    this.#send = send;
  }

  /** The portion of that name, with `max` as its bound from now on. @param max positive, or Infinity for none */
  of(name: string, max: number): Portion {
    let portion = this.#portions.get(name);
    if (portion) portion.max = max;
    else this.#portions.set(name, (portion = new Portion(this, name, max)));
    return portion;
  }

  get alone(): boolean {
    return this.#holders === 1;
  }

  first(max: number): number {
    if (max === Infinity) return Infinity;
    return this.#anew ? 0 : firstPortion(max, this.#holders);
  }

  say(message: ToBroker): boolean {
    return Number.isSafeInteger(message.max) && this.#send(message);
  }

  /** Who still waits for the broker's answer goes on without it. */
  expire(): void {
    for (const portion of this.#portions.values()) portion.expire();
  }

  receive(message: FromBroker): void {
    const known = this.#portions.get(message.name);
    if (known) known.receive(message);
    // Not used here yet: all of it is idle.
    else if (message.type === 'portion-yield') this.of(message.name, message.max).receive(message);
  }
}
