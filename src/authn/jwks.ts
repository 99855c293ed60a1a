// Where keys come from: inline, a URL, or OpenID discovery from the issuer alone. Fetched sets are kept five minutes and renewed before they are due; while their
// source is down they serve a bounded while longer, then everything is refused. There is no fallback key.
import { parseDurationMs } from '#base/duration.ts';
import { messageOf } from '#base/errors.ts';
import { Lru } from '#base/lru.ts';
import type { Clock } from '#base/ports.ts';
import type { JwtRule } from '#model/istio.ts';
import type { Fetch } from '#model/ports.ts';
import { readJsonObject } from '#pki/json-object.ts';
import { readJwks } from '#pki/jwk.ts';
import type { VerificationKey } from '#pki/jwk.ts';

export interface KeySet {
  readonly keys: readonly VerificationKey[];
  /** Changes with the keys: a verdict reached under another generation is void. */
  readonly generation: number;
}

/** A source of keys. */
export interface KeySource {
  /** Why it never has keys, whatever happens. */
  readonly broken?: string;
  /** Keys that may be used now without waiting; undefined when there are none. May start a renewal in the background. */
  current(): KeySet | undefined;
  /** Keys after at most one fetch. @returns a reason when there are none */
  load(): Promise<KeySet | string>;
  /** Asks the source again because a token names a key that is not in the set; at most once in 30 s. @returns undefined when it may not ask yet */
  refresh(): Promise<KeySet | string> | undefined;
}

export const FRESH_MS = 5 * 60_000;
/** From here on a set is renewed in the background, so that no request waits for it. */
const RENEW_AFTER_MS = 4 * 60_000;
/** How old a set may get while its source fails. */
export const STALE_MAX_MS = 15 * 60_000;
export const REFRESH_INTERVAL_MS = 30_000;
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 30_000;
const DEFAULT_TIMEOUT_MS = 5_000;
const BODY_BYTES_MAX = 1024 * 1024;

/** Keys written in the rule itself. A set that cannot be read refuses every token. */
export function inlineKeys(text: string): KeySource {
  // Only here may a key be symmetric: an inline set is configuration, a fetched one is published.
  const read = readJwks(Buffer.from(text, 'utf8'), true);
  if (!read.ok) return closed(read.reason);
  const set: KeySet = { keys: read.keys, generation: 0 };
  return { current: () => set, load: () => Promise.resolve(set), refresh: () => undefined };
}

/** A rule whose source of keys makes no sense. */
function closed(reason: string): KeySource {
  return { broken: reason, current: () => undefined, load: () => Promise.resolve(reason), refresh: () => undefined };
}

interface Ports {
  readonly fetch: Fetch;
  readonly clock: Clock;
}

class RemoteKeys implements KeySource {
  readonly #ports: Ports;
  readonly #find: () => Promise<readonly VerificationKey[]>;
  #set: KeySet | undefined;
  #fetchedAtMs = 0;
  #pending: Promise<KeySet | string> | undefined;
  #lastReason = '';
  #retryMs = RETRY_FIRST_MS;
  #retryAtMs = Number.NEGATIVE_INFINITY;
  #refreshAtMs = Number.NEGATIVE_INFINITY;

  constructor(ports: Ports, find: () => Promise<readonly VerificationKey[]>) {
    this.#ports = ports;
    this.#find = find;
  }

  current(): KeySet | undefined {
    if (!this.#set) return undefined;
    const now = this.#ports.clock.monotonicMs();
    const age = now - this.#fetchedAtMs;
    if (age >= RENEW_AFTER_MS && now >= this.#retryAtMs) void this.#start();
    if (age < FRESH_MS) return this.#set;
    // Beyond five minutes the old keys serve only while asking again has just failed.
    return age < STALE_MAX_MS && now < this.#retryAtMs && !this.#pending ? this.#set : undefined;
  }

  async load(): Promise<KeySet | string> {
    const now = this.#ports.clock.monotonicMs();
    if (!this.#pending && now < this.#retryAtMs) return this.#stale(now) ?? this.#lastReason;
    return this.#start();
  }

  refresh(): Promise<KeySet | string> | undefined {
    const now = this.#ports.clock.monotonicMs();
    // A fetch that is under way, or a set fetched just now, is as new as one can have.
    if (this.#pending) return this.#pending;
    if (now < this.#refreshAtMs || now < this.#retryAtMs) return undefined;
    return this.#start();
  }

  /** One fetch at a time, whoever asks. */
  #start(): Promise<KeySet | string> {
    this.#pending ??= this.#fetchOnce().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async #fetchOnce(): Promise<KeySet | string> {
    const { clock } = this.#ports;
    this.#refreshAtMs = clock.monotonicMs() + REFRESH_INTERVAL_MS;
    try {
      const keys = await this.#find();
      this.#set = { keys, generation: (this.#set?.generation ?? 0) + 1 };
      this.#fetchedAtMs = clock.monotonicMs();
      this.#retryMs = RETRY_FIRST_MS;
      this.#retryAtMs = Number.NEGATIVE_INFINITY;
      return this.#set;
    } catch (error) {
      const now = clock.monotonicMs();
      this.#lastReason = messageOf(error);
      this.#retryAtMs = now + this.#retryMs;
      this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MAX_MS);
      return this.#stale(now) ?? this.#lastReason;
    }
  }

  #stale(now: number): KeySet | undefined {
    return this.#set && now - this.#fetchedAtMs < STALE_MAX_MS ? this.#set : undefined;
  }
}

function isWebUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

async function getBody(ports: Ports, url: string, timeoutMs: number): Promise<Uint8Array> {
  const response = await ports.fetch({ url, timeoutMs, bodyBytesMax: BODY_BYTES_MAX, headers: { accept: 'application/json' } });
  if (response.status !== 200) throw new Error(`the key source answered ${response.status}`);
  if (response.body.length > BODY_BYTES_MAX) throw new Error('the key source answered too much');
  return response.body;
}

async function getKeys(ports: Ports, url: string, timeoutMs: number): Promise<readonly VerificationKey[]> {
  const read = readJwks(await getBody(ports, url, timeoutMs), false);
  if (!read.ok) throw new Error(read.reason);
  return read.keys;
}

/** OpenID Connect Discovery 1.0 section 4: the document must name the same issuer, or it is another's. */
async function discover(ports: Ports, issuer: string, timeoutMs: number): Promise<string> {
  const body = await getBody(ports, `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, timeoutMs);
  const document = readJsonObject(body);
  if (document?.['issuer'] !== issuer) throw new Error('the discovery document names another issuer');
  const uri = document['jwks_uri'];
  if (typeof uri !== 'string' || !isWebUrl(uri)) throw new Error('the discovery document names no `jwks_uri`');
  return uri;
}

/** Key sources by what they fetch: rules of several workloads that name one URL share one cache and one fetch. */
export class KeySources {
  readonly #ports: Ports;
  readonly #remote = new Lru<string, KeySource>(256);

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** The source that a rule names: inline keys win over a URL, a URL over discovery. */
  of(rule: JwtRule): KeySource {
    if (rule.jwks) return inlineKeys(rule.jwks);
    const timeoutMs = rule.timeout === undefined ? DEFAULT_TIMEOUT_MS : (parseDurationMs(rule.timeout) ?? 0);
    if (!(timeoutMs > 0)) return closed('the rule has a `timeout` that is not a duration');
    const target = rule.jwksUri || rule.issuer;
    if (!isWebUrl(target))
      return closed(
        rule.jwksUri
          ? 'the `jwksUri` is not an http(s) URL'
          : 'the rule has no keys, and its issuer is not a URL to discover them from',
      );
    const ports = this.#ports;
    const key = `${rule.jwksUri ? 'jwks' : 'discovery'} ${timeoutMs} ${target}`;
    let source = this.#remote.get(key);
    if (!source) {
      source = new RemoteKeys(ports, async () =>
        getKeys(ports, rule.jwksUri || (await discover(ports, rule.issuer, timeoutMs)), timeoutMs),
      );
      this.#remote.set(key, source);
    }
    return source;
  }
}
