// JSON Web Keys (RFC 7517) for verification only. What a key may verify is settled when the key is read, from the key alone: the token never chooses
// (RFC 8725 sections 3.1 and 3.2).
import { createPublicKey, createSecretKey } from 'node:crypto';
import type { JsonWebKeyInput, KeyObject } from 'node:crypto';
import { readJsonObject } from './json-object.ts';

/** Keys of one set that are looked at; more are a mistake or an attack. */
export const KEYS_MAX = 64;

export interface VerificationKey {
  /** '' when the key has none. */
  readonly kid: string;
  /** The `alg` values this key verifies: one when the key names it, else those that fit its type. */
  readonly algorithms: readonly string[];
  readonly key: KeyObject;
}

export type JwkResult = { readonly ok: true; readonly key: VerificationKey } | { readonly ok: false; readonly reason: string };

const RSA = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const CURVES: Readonly<Record<string, string>> = { 'P-256': 'ES256', 'P-384': 'ES384', 'P-521': 'ES512' };
/** RFC 7518 section 3.2: an HMAC key is at least as long as the hash. */
const HMAC_BYTES: Readonly<Record<string, number>> = { HS256: 32, HS384: 48, HS512: 64 };
const BASE64URL = /^[A-Za-z0-9_-]+$/;

function refuse(reason: string): JwkResult {
  return { ok: false, reason };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= 4096 && BASE64URL.test(value) ? value : undefined;
}

/** The public members of a key, and the algorithms its type and curve allow. */
function publicPart(
  jwk: Readonly<Record<string, unknown>>,
): { readonly jwk: JsonWebKeyInput['key']; readonly algorithms: readonly string[] } | undefined {
  const [n, e, x, y] = [text(jwk['n']), text(jwk['e']), text(jwk['x']), text(jwk['y'])];
  const crv = jwk['crv'];
  if (jwk['kty'] === 'RSA' && n !== undefined && e !== undefined) return { jwk: { kty: 'RSA', n, e }, algorithms: RSA };
  if (jwk['kty'] === 'EC' && typeof crv === 'string' && Object.hasOwn(CURVES, crv) && x !== undefined && y !== undefined) {
    return { jwk: { kty: 'EC', crv, x, y }, algorithms: [CURVES[crv]!] };
  }
  // RFC 9864 names the curve in the algorithm; RFC 8037 tokens say EdDSA.
  if (jwk['kty'] === 'OKP' && crv === 'Ed25519' && x !== undefined)
    return { jwk: { kty: 'OKP', crv, x }, algorithms: ['EdDSA', 'Ed25519'] };
  return undefined;
}

/**
 * Reads one key.
 * @param symmetric whether an `oct` key may be used; only a key that never left this configuration is a secret
 */
export function readJwk(jwk: unknown, symmetric: boolean): JwkResult {
  if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk)) return refuse('is not an object');
  const members = jwk as Readonly<Record<string, unknown>>;
  const { kid = '', use, alg, key_ops: operations } = members as Readonly<Record<'kid' | 'use' | 'alg' | 'key_ops', unknown>>;
  if (typeof kid !== 'string' || kid.length > 1024) return refuse('has a `kid` that is not a text');
  if (use !== undefined && use !== 'sig') return refuse('is not for signatures (`use`)');
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify')))
    return refuse('is not for verification (`key_ops`)');
  if (alg !== undefined && typeof alg !== 'string') return refuse('has an `alg` that is not a text');

  if (members['kty'] === 'oct') {
    const k = text(members['k']);
    if (!symmetric) return refuse('is symmetric, which a published key cannot be');
    if (k === undefined) return refuse('lacks `k`');
    const bytes = Buffer.from(k, 'base64url');
    const fitting = Object.keys(HMAC_BYTES).filter((name) => bytes.length >= HMAC_BYTES[name]!);
    const algorithms = alg === undefined ? fitting : fitting.filter((name) => name === alg);
    if (algorithms.length === 0) return refuse('is too short for its algorithm');
    return { ok: true, key: { kid, algorithms, key: createSecretKey(bytes) } };
  }

  const part = publicPart(members);
  if (!part) return refuse('is of a type or curve that is not supported, or lacks a member');
  const algorithms = alg === undefined ? part.algorithms : part.algorithms.filter((name) => name === alg);
  if (algorithms.length === 0) return refuse('names an `alg` that does not fit its type');
  let key: KeyObject;
  try {
    key = createPublicKey({ key: part.jwk, format: 'jwk' });
  } catch {
    return refuse('is not a valid key');
  }
  const { modulusLength, publicExponent } = key.asymmetricKeyDetails ?? {};
  if (modulusLength !== undefined && (modulusLength < 2048 || modulusLength > 8192))
    return refuse('is an RSA key of less than 2048 or more than 8192 bits');
  if (publicExponent !== undefined && (publicExponent < 3n || publicExponent % 2n === 0n || publicExponent > 0xffff_ffffn)) {
    return refuse('has an unsound RSA exponent');
  }
  return { ok: true, key: { kid, algorithms, key } };
}

/**
 * Reads a key set. Keys that cannot be used are left out, as RFC 7517 section 5 asks; a set without a usable key is refused.
 * @param symmetric as in `readJwk`
 */
export function readJwks(
  bytes: Uint8Array,
  symmetric: boolean,
): { readonly ok: true; readonly keys: readonly VerificationKey[] } | { readonly ok: false; readonly reason: string } {
  const list = readJsonObject(bytes)?.['keys'];
  if (!Array.isArray(list)) return { ok: false, reason: 'the key set is not a JSON object with a list `keys`' };
  if (list.length > KEYS_MAX) return { ok: false, reason: `the key set has more than ${KEYS_MAX} keys` };
  const keys: VerificationKey[] = [];
  let why = 'it is empty';
  for (const [i, jwk] of list.entries()) {
    const read = readJwk(jwk, symmetric);
    if (read.ok) keys.push(read.key);
    else why = `key ${i} ${read.reason}`;
  }
  return keys.length > 0 ? { ok: true, keys } : { ok: false, reason: `the key set has no usable key: ${why}` };
}
