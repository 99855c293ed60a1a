// Sockets of the data plane that stay bound while a worker is started anew: those that the world and the peers connect to. Connections wait in them
// meanwhile instead of being refused, and from the first worker that listens on it nobody else can take the port. Several workers accept on one socket:
// whoever is free takes the next connection, and when one dies the others go on with what waits.
import type { Address, Observed } from '#model/observed.ts';
import { bindRaw, type RawHandle } from '#host/raw.ts';

export class HeldSockets {
  readonly #held = new Map<string, RawHandle>();
  readonly #outboundToo: boolean;

  /** @param outboundToo there are several workers, which cannot each bind the same address */
  constructor(outboundToo: boolean) {
    this.#outboundToo = outboundToo;
  }

  get(ip: string, port: number): RawHandle | undefined {
    return this.#held.get(`${ip}:${port}`);
  }

  /** Binds what is not bound yet. @throws the system's error (EADDRINUSE when somebody was quicker); what was bound before stays so */
  hold(observed: Observed): void {
    for (const { ip, port } of this.#wanted(observed)) {
      const key = `${ip}:${port}`;
      if (!this.#held.has(key)) this.#held.set(key, bindRaw(ip, port));
    }
  }

  /** Lets go of what these have no use for; undefined has none for any. A worker that listens there goes on until it stops by itself. */
  keepOnly(observed: Observed | undefined): void {
    const wanted = new Set(observed ? this.#wanted(observed).map(({ ip, port }) => `${ip}:${port}`) : []);
    for (const [key, raw] of this.#held) {
      if (wanted.has(key)) continue;
      this.#held.delete(key);
      raw.close();
    }
  }

  /** A single worker binds a program's own way out by itself: there may be very many, and the program itself is the only one that comes. */
  #wanted({ placements, gateways }: Observed): Address[] {
    const copies = Object.values(placements).flatMap((one) => [one, ...(one.replicas ?? [])]);
    const sidecars = copies.flatMap(({ inbound, outbound }) => [
      ...Object.values(inbound),
      ...(this.#outboundToo ? Object.values(outbound ?? {}) : []),
    ]);
    return [...sidecars, ...Object.values(gateways)].filter(({ namespaceOf }) => namespaceOf === undefined);
  }
}
