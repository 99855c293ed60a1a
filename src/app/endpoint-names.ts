// Endpoints that have names: looked up again when what was found gets old, within bounds; while nobody answers the last addresses stay.
import { Resolver } from 'node:dns/promises';

const TTL_MS_MIN = 1000;
const TTL_MS_MAX = 300_000;
const FAILED_MS = 5000;
const NAMES_MAX = 1000;
const ADDRESSES_MAX = 100;

export interface Found {
  readonly addresses: readonly string[];
  readonly ttlMs: number;
}

/** @throws when the name cannot be looked up, or has no address */
export type Lookup = (name: string) => Promise<Found>;

/** Asks the machine's name servers for IPv4 addresses, else for IPv6 ones. */
export const resolveNames: Lookup = async (name) => {
  const resolver = new Resolver({ timeout: 2000, tries: 2 });
  const records = await resolver.resolve4(name, { ttl: true }).catch(() => resolver.resolve6(name, { ttl: true }));
  return { addresses: records.map(({ address }) => address), ttlMs: Math.min(...records.map(({ ttl }) => ttl)) * 1000 };
};

export class EndpointNames {
  readonly #lookup: Lookup;
  readonly #onChange: (resolved: Readonly<Record<string, readonly string[]>>) => void;
  readonly #known = new Map<string, readonly string[]>();
  readonly #timers = new Map<string, NodeJS.Timeout>();

  /** @param onChange gets all names that are known, sorted addresses each */
  constructor(lookup: Lookup, onChange: (resolved: Readonly<Record<string, readonly string[]>>) => void) {
    this.#lookup = lookup;
    this.#onChange = onChange;
  }

  /** These names are wanted, and no others any more. */
  watch(names: readonly string[]): void {
    const wanted = new Set(names.slice(0, NAMES_MAX));
    for (const [name, timer] of this.#timers) {
      if (wanted.has(name)) continue;
      clearTimeout(timer);
      this.#timers.delete(name);
      this.#known.delete(name);
    }
    for (const name of wanted) if (!this.#timers.has(name)) this.#again(name, 0);
  }

  close(): void {
    this.watch([]);
  }

  #again(name: string, afterMs: number): void {
    this.#timers.set(name, setTimeout(() => void this.#look(name), afterMs).unref());
  }

  async #look(name: string): Promise<void> {
    const timer = this.#timers.get(name);
    const found = await this.#lookup(name).catch(() => undefined);
    // It is no longer wanted, or somebody asked for it anew.
    if (this.#timers.get(name) !== timer) return;
    if (!found) {
      this.#again(name, FAILED_MS);
      return;
    }
    this.#again(name, Math.min(TTL_MS_MAX, Math.max(TTL_MS_MIN, found.ttlMs)));
    const addresses = [...new Set(found.addresses)].sort().slice(0, ADDRESSES_MAX);
    if (JSON.stringify(addresses) === JSON.stringify(this.#known.get(name))) return;
    this.#known.set(name, addresses);
    this.#onChange(Object.fromEntries(this.#known));
  }
}
