// The registered claims of a token (RFC 7519 section 4.1), checked before its signature: cheaper, and the order in which Envoy answers (an audience that is not
// ours is 403 even when the keys cannot be had).
import type { RequestAuth } from '#model/decision.ts';
import type { JwtRule } from '#model/istio.ts';

type Claims = Readonly<Record<string, unknown>>;

/** How far clocks may differ, in seconds. */
export const SKEW_SECONDS = 60;

export type Failure = 'malformed' | 'issuer' | 'expired' | 'not-yet' | 'audience' | 'keys' | 'key' | 'signature' | 'ambiguous';

export interface Refusal {
  readonly failure: Failure;
  /** Lower-case, to be put after "the token". */
  readonly text: string;
  readonly wanted: readonly string[];
  readonly actual: string;
}

export function refusal(failure: Failure, text: string, wanted: readonly string[] = [], actual = ''): Refusal {
  return { failure, text, wanted, actual };
}

/** The claims that are checked, in their right types. */
export interface Registered {
  readonly issuer: string | undefined;
  readonly subject: string | undefined;
  readonly audiences: readonly string[];
  /** Seconds since 1970. */
  readonly expires: number | undefined;
  readonly notBefore: number | undefined;
  readonly issuedAt: number | undefined;
}

const SECONDS_MAX = Number.MAX_SAFE_INTEGER / 1000;

/** NumericDate: seconds, a fraction is allowed. */
function isDate(value: unknown): value is number | undefined {
  return value === undefined || (typeof value === 'number' && value >= 0 && value <= SECONDS_MAX);
}
function isText(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}

/** Reads the registered claims; a wrong type is refused rather than converted. */
export function readRegistered(claims: Claims): Registered | Refusal {
  const { iss, sub, aud, exp, nbf, iat } = claims as Readonly<Record<'iss' | 'sub' | 'aud' | 'exp' | 'nbf' | 'iat', unknown>>;
  if (!isText(iss)) return refusal('malformed', 'has an `iss` that is not a text');
  if (!isText(sub)) return refusal('malformed', 'has a `sub` that is not a text');
  if (!isDate(exp)) return refusal('malformed', 'has an `exp` that is not a time');
  if (!isDate(nbf)) return refusal('malformed', 'has an `nbf` that is not a time');
  if (!isDate(iat)) return refusal('malformed', 'has an `iat` that is not a time');
  let audiences: readonly string[];
  if (aud === undefined) audiences = [];
  else if (typeof aud === 'string') audiences = [aud];
  else if (Array.isArray(aud) && aud.length <= 256 && aud.every((one) => typeof one === 'string')) audiences = aud;
  else return refusal('malformed', 'has an `aud` that is neither a text nor a list of texts');
  return { issuer: iss, subject: sub, audiences, expires: exp, notBefore: nbf, issuedAt: iat };
}

/** As Istio compares audiences: `https://shop.example.com/` and `shop.example.com` are one (scheme and one slash at the end do not count). */
function audienceKey(audience: string): string {
  const rest = audience.replace(/^https?:\/\//, '');
  return rest.endsWith('/') ? rest.slice(0, -1) : rest;
}

/** @returns why the times forbid the token at `nowMs`, or undefined */
export function timeFault(claims: Pick<Registered, 'expires' | 'notBefore' | 'issuedAt'>, nowMs: number): Refusal | undefined {
  const now = nowMs / 1000;
  const { expires, notBefore, issuedAt } = claims;
  if (expires !== undefined && now > expires + SKEW_SECONDS) return refusal('expired', 'has expired', [], iso(expires));
  if (notBefore !== undefined && now < notBefore - SKEW_SECONDS)
    return refusal('not-yet', 'is not valid yet', [], iso(notBefore));
  if (issuedAt !== undefined && now < issuedAt - SKEW_SECONDS)
    return refusal('not-yet', 'was issued in the future', [], iso(issuedAt));
  return undefined;
}

function iso(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString();
}

/** @returns why a rule does not take this token, its signature aside, or undefined */
export function claimsFault(rule: JwtRule, registered: Registered, nowMs: number): Refusal | undefined {
  // A rule without an issuer (it names a jwksUri) takes any.
  if (rule.issuer !== '' && registered.issuer !== rule.issuer) {
    return refusal('issuer', 'is of another issuer', [rule.issuer], registered.issuer ?? '');
  }
  const time = timeFault(registered, nowMs);
  if (time) return time;
  const wanted = rule.audiences ?? [];
  if (wanted.length === 0) return undefined;
  const keys = new Set(wanted.map(audienceKey));
  if (registered.audiences.some((one) => keys.has(audienceKey(one)))) return undefined;
  return refusal('audience', 'is for another audience', wanted, registered.audiences.join(', '));
}

/** A token's facts for policy. */
export function requestAuthOf(rule: JwtRule, registered: Registered, claims: Claims): RequestAuth {
  const { issuer = '', subject = '', audiences } = registered;
  const azp = claims['azp'];
  return {
    issuer,
    subject,
    principal: `${issuer}/${subject}`,
    audiences,
    presenter: typeof azp === 'string' ? azp : '',
    claims,
    ...(rule.spaceDelimitedClaims ? { spaceDelimitedClaims: rule.spaceDelimitedClaims } : {}),
  };
}
