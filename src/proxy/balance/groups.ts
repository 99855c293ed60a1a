// What is remembered of destinations while configurations come and go: their bounds' counts, and their endpoints' records.
import type { Portions } from '#base/portions.ts';
import type { UpstreamEndpoint } from '../upstreams.ts';
import { Circuit } from './circuit.ts';
import { Host } from './host.ts';

/** A destination as called by one identity. */
export class Group {
  readonly circuit: Circuit;
  readonly hosts = new Map<UpstreamEndpoint, Host>();
  /** Raised with each change of who takes requests. */
  changes = 0;
  #settled = false;

  constructor(portions: Portions, name: string) {
    this.circuit = new Circuit(portions, name);
  }

  /** The record of an endpoint; one that comes later than the first ones starts slowly. */
  host(endpoint: UpstreamEndpoint, nowMs: number): Host {
    let host = this.hosts.get(endpoint);
    if (!host) {
      host = new Host(endpoint, this.#settled ? nowMs : -Infinity);
      this.hosts.set(endpoint, host);
    }
    return host;
  }

  /** Forgets who is not in use any more. */
  keepOnly(used: ReadonlySet<UpstreamEndpoint>): void {
    this.#settled = true;
    for (const endpoint of this.hosts.keys()) if (!used.has(endpoint)) this.hosts.delete(endpoint);
    this.changes++;
  }
}

export class Groups {
  readonly #groups = new Map<string, Group>();
  readonly #portions: Portions;

  constructor(portions: Portions) {
    this.#portions = portions;
  }

  /** @param key names the destination and who calls it */
  of(key: string): Group {
    let group = this.#groups.get(key);
    if (!group) this.#groups.set(key, (group = new Group(this.#portions, key)));
    return group;
  }

  keepOnly(used: ReadonlySet<string>): void {
    for (const key of this.#groups.keys()) if (!used.has(key)) this.#groups.delete(key);
  }
}
