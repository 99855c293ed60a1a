// A connection to a destination outside the mesh, from the machine's own network: the name looked up once, every address of it judged, and the address that
// was judged dialled and no other.
import { type Socket, isIP } from 'node:net';
import type { SecureContext } from 'node:tls';
import { CullisError, messageOf } from '#base/errors.ts';
import { Lru } from '#base/lru.ts';
import type { Clock } from '#base/ports.ts';
import type { External, ExternalTls } from '#plan/plan.ts';
import { type OutsideIdentity, outsideContext, secureOutside } from '#wire/tls/outside.ts';
import type { Network } from '#wire/types.ts';
import type { FindSecrets } from './inspection.ts';

/** Port: what lies beyond the mesh. */
export interface OutsidePorts {
  /** All addresses of a host name. */
  resolve(host: string): Promise<readonly string[]>;
  /** Whether an address that a name resolved to may be dialled. @param privateRanges CIDR ranges that may although they are private */
  allows(host: string, address: string, port: number, privateRanges: readonly string[]): boolean;
  readonly findSecrets: FindSecrets;
}

export interface OutsideTarget {
  /** Of the ServiceEntry, how it is reached. */
  readonly external: External;
  /** What the certificate must be for when the rule says nothing else. */
  readonly host: string;
  readonly http2: boolean;
  readonly privateRanges: readonly string[];
  /** Own certificate, for MUTUAL and ISTIO_MUTUAL. @throws CullisError trust.rejected when there is none */
  readonly identity?: () => OutsideIdentity;
}

const NAMES_MAX = 4096;
const CONTEXTS_MAX = 64;
const FRESH_MS = 30_000;
/** Addresses of one name that are tried. */
const TRIES_MAX = 3;

interface Answer {
  readonly addresses: readonly string[];
  readonly untilMs: number;
}

export class OutsideDialer {
  readonly #network: Network;
  readonly #ports: OutsidePorts;
  readonly #clock: Clock;
  readonly #answers = new Lru<string, Answer>(NAMES_MAX);
  readonly #asking = new Map<string, Promise<readonly string[]>>();
  readonly #contexts = new Lru<string, SecureContext>(CONTEXTS_MAX);
  #turn = 0;

  constructor(network: Network, ports: OutsidePorts, clock: Clock) {
    this.#network = network;
    this.#ports = ports;
    this.#clock = clock;
  }

  /**
   * @param ip an address, which a ServiceEntry names, or a host name
   * @throws CullisError fetch.refused for an address that may not be reached, upstream.unreachable, trust.rejected
   */
  async dial(ip: string, port: number, target: OutsideTarget, timeoutMs: number): Promise<Socket> {
    const addresses = isIP(ip) === 0 ? await this.#judged(ip, port, target.privateRanges, timeoutMs) : [ip];
    const raw = await this.#connect(addresses, port, timeoutMs);
    const { tls } = target.external;
    return tls ? await this.#secure(raw, tls, target, timeoutMs) : raw;
  }

  async #judged(host: string, port: number, privateRanges: readonly string[], timeoutMs: number): Promise<readonly string[]> {
    const addresses = await this.#resolve(host, timeoutMs);
    // One private address among public ones is an attempt, not an accident.
    for (const one of addresses)
      if (!this.#ports.allows(host, one, port, privateRanges))
        throw new CullisError('fetch.refused', `\`${host}\` is at \`${one}\`, which is not a public address`);
    return addresses;
  }

  async #resolve(host: string, timeoutMs: number): Promise<readonly string[]> {
    const known = this.#answers.get(host);
    if (known && known.untilMs > this.#clock.monotonicMs()) return known.addresses;
    let asking = this.#asking.get(host);
    if (!asking) {
      asking = this.#ask(host).finally(() => this.#asking.delete(host));
      this.#asking.set(host, asking);
      asking.catch(() => {});
    }
    return await inTime(asking, timeoutMs, `the name \`${host}\` was not answered within ${timeoutMs} ms`);
  }

  async #ask(host: string): Promise<readonly string[]> {
    try {
      const addresses = await this.#ports.resolve(host);
      if (addresses.length === 0) throw new Error('no addresses');
      this.#answers.set(host, { addresses, untilMs: this.#clock.monotonicMs() + FRESH_MS });
      return addresses;
    } catch (error) {
      throw new CullisError('upstream.unreachable', `\`${host}\` has no address: ${messageOf(error)}`, { cause: error });
    }
  }

  async #secure(raw: Socket, tls: ExternalTls, target: OutsideTarget, timeoutMs: number): Promise<Socket> {
    try {
      const identity = tls.fault === undefined ? target.identity?.() : undefined;
      return await secureOutside(raw, {
        serverName: tls.sni === '' ? target.host : tls.sni,
        subjectAltNames: tls.subjectAltNames,
        context: this.#context(tls, identity),
        alpn: target.http2 ? ['h2'] : ['http/1.1'],
        insecureSkipVerify: tls.insecureSkipVerify,
        handshakeTimeoutMs: timeoutMs,
        name: target.host,
      });
    } catch (error) {
      raw.destroy();
      throw error;
    }
  }

  #context(tls: ExternalTls, identity: OutsideIdentity | undefined): SecureContext {
    if (tls.fault !== undefined) throw new CullisError('trust.rejected', `${tls.fault} (${tls.at})`);
    const key = `${tls.ca ?? ''}\n${identity?.certChainPem ?? ''}`;
    let context = this.#contexts.get(key);
    if (!context) this.#contexts.set(key, (context = outsideContext(tls.ca, identity)));
    return context;
  }

  async #connect(addresses: readonly string[], port: number, timeoutMs: number): Promise<Socket> {
    const start = this.#turn++;
    let failure: unknown;
    for (let i = 0; i < Math.min(addresses.length, TRIES_MAX); i++) {
      const ip = addresses[(start + i) % addresses.length]!;
      try {
        return await this.#network.connect({ ip, port }, timeoutMs);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }
}

function inTime<T>(work: Promise<T>, ms: number, text: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new CullisError('upstream.unreachable', text)), ms);
    work
      .then(resolve, reject)
      .finally(() => clearTimeout(timer))
      .catch(() => {});
  });
}
