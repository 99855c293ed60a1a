// One JWT rule made ready: where it looks, what it accepts, what it has accepted lately.
import { hash } from 'node:crypto';
import { Lru } from '#base/lru.ts';
import type { Clock } from '#base/ports.ts';
import type { RequestAuth } from '#model/decision.ts';
import type { JwtRule } from '#model/istio.ts';
import { readJsonObject } from '#pki/json-object.ts';
import { readJws, verifyJws } from '#pki/jws.ts';
import type { Jws } from '#pki/jws.ts';
import { claimsFault, readRegistered, refusal, requestAuthOf, timeFault } from './claims.ts';
import type { Refusal, Registered } from './claims.ts';
import type { KeySet, KeySource } from './jwks.ts';
import { locationsOf } from './locations.ts';
import type { Location } from './locations.ts';
import { outputHeaders, outputsOf } from './outputs.ts';

/** A verdict is trusted this long, so that a key that was withdrawn stops working soon. */
export const VERDICT_MS = 60_000;
const VERDICTS_MAX = 2048;

/** A token that a provider accepts. */
export interface Accepted {
  readonly auth: RequestAuth;
  readonly setHeaders: readonly (readonly [string, string])[];
}

interface Verdict extends Accepted {
  readonly registered: Registered;
  readonly generation: number;
  readonly untilMs: number;
}

/** A token taken apart once per request, however many rules look at it. */
export class PresentedToken {
  readonly text: string;
  #digest: string | undefined;
  #read:
    | { readonly jws: Jws; readonly claims: Readonly<Record<string, unknown>>; readonly registered: Registered }
    | Refusal
    | undefined;

  constructor(text: string) {
    this.text = text;
  }

  /** SHA-256: caches keep this, not the token. */
  get digest(): string {
    return (this.#digest ??= hash('sha256', this.text, 'base64'));
  }

  /** Its parts, or why it has none. Nothing of it is verified. */
  read(): { readonly jws: Jws; readonly claims: Readonly<Record<string, unknown>>; readonly registered: Registered } | Refusal {
    return (this.#read ??= this.#parse());
  }

  #parse(): { readonly jws: Jws; readonly claims: Readonly<Record<string, unknown>>; readonly registered: Registered } | Refusal {
    const parsed = readJws(this.text);
    if (!parsed.ok) return refusal('malformed', parsed.reason);
    const claims = readJsonObject(parsed.jws.payload);
    if (!claims) return refusal('malformed', 'has a payload that is not a JSON object');
    const registered = readRegistered(claims);
    return 'failure' in registered ? registered : { jws: parsed.jws, claims, registered };
  }
}

function isRefusal(value: object): value is Refusal {
  return 'failure' in value;
}

/** Whether the set lacks the key that the token names, so that asking the source again may help. */
function namesUnknownKey(jws: Jws, set: KeySet): boolean {
  return jws.kid !== '' && !set.keys.some((key) => key.kid === jws.kid || key.kid === '');
}

export class Provider {
  readonly rule: JwtRule;
  readonly locations: readonly Location[];
  /** Names this rule writes, lower case. */
  readonly outputs: readonly string[];
  readonly #source: KeySource;
  readonly #clock: Clock;
  readonly #verdicts = new Lru<string, Verdict>(VERDICTS_MAX);

  constructor(rule: JwtRule, source: KeySource, clock: Clock) {
    this.rule = rule;
    this.locations = locationsOf(rule);
    this.outputs = outputHeaders(rule);
    this.#source = source;
    this.#clock = clock;
  }

  /** Fetches the keys now, so that the first token does not wait. */
  async warm(): Promise<void> {
    if (!this.#source.current()) await this.#source.load();
  }

  /** Synchronous unless keys have to be fetched. */
  verify(token: PresentedToken): Accepted | Refusal | Promise<Accepted | Refusal> {
    const set = this.#source.current();
    const known = this.#verdicts.get(token.digest);
    if (known && set && known.generation === set.generation && this.#clock.monotonicMs() < known.untilMs) {
      return timeFault(known.registered, this.#clock.nowMs()) ?? known;
    }
    const read = token.read();
    if (isRefusal(read)) return read;
    const fault = claimsFault(this.rule, read.registered, this.#clock.nowMs());
    if (fault) return fault;
    if (this.#source.broken !== undefined) return this.#afterFetch(token, this.#source.broken);
    if (!set) return this.#source.load().then((loaded) => this.#afterFetch(token, loaded));
    if (namesUnknownKey(read.jws, set)) {
      const refreshed = this.#source.refresh();
      if (refreshed) return refreshed.then((loaded) => this.#afterFetch(token, loaded));
      return refusal('key', 'names a key that the issuer does not have', [], read.jws.kid);
    }
    return this.#verifySignature(token, set);
  }

  #afterFetch(token: PresentedToken, loaded: KeySet | string): Accepted | Refusal {
    if (typeof loaded === 'string')
      return refusal('keys', `could not be verified, because the issuer's keys could not be had: ${loaded}`);
    const read = token.read();
    if (isRefusal(read)) return read;
    if (namesUnknownKey(read.jws, loaded)) return refusal('key', 'names a key that the issuer does not have', [], read.jws.kid);
    return this.#verifySignature(token, loaded);
  }

  #verifySignature(token: PresentedToken, set: KeySet): Accepted | Refusal {
    const read = token.read();
    if (isRefusal(read)) return read;
    const { jws, claims, registered } = read;
    if (!verifyJws(jws, set.keys)) return refusal('signature', 'has no valid signature of its issuer', [], jws.algorithm);
    const verdict: Verdict = {
      auth: requestAuthOf(this.rule, registered, claims),
      setHeaders: outputsOf(this.rule, claims, jws.payloadText),
      registered,
      generation: set.generation,
      untilMs: this.#clock.monotonicMs() + VERDICT_MS,
    };
    this.#verdicts.set(token.digest, verdict);
    return verdict;
  }
}
