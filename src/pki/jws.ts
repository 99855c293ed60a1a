// JSON Web Signatures in compact form (RFC 7515), as tokens use them: read strictly, verified with keys whose algorithm is settled beforehand. Headers that point
// to keys (`jku`, `x5u`, `jwk`, `x5c`) are never looked at.
import { constants, createHmac, timingSafeEqual, verify } from 'node:crypto';
import type { VerificationKey } from './jwk.ts';
import { readJsonObject } from './json-object.ts';

/** A bearer token that is longer does not fit into most servers' headers anyway. */
export const TOKEN_CHARACTERS_MAX = 8 * 1024;
/** Keys tried for one token when its `kid` does not single one out. */
const TRIES_MAX = 8;

export interface Jws {
  readonly algorithm: string;
  /** '' when absent. */
  readonly kid: string;
  readonly header: Readonly<Record<string, unknown>>;
  /** Base64url as it stands in the token. */
  readonly payloadText: string;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  /** What was signed: `header.payload`. */
  readonly signingInput: string;
}

export type JwsResult = { readonly ok: true; readonly jws: Jws } | { readonly ok: false; readonly reason: string };

const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*$/;

function refuse(reason: string): JwsResult {
  return { ok: false, reason };
}

/** Only the one spelling of some bytes: no padding, no foreign characters, no set bits after the end (RFC 4648 section 3.5). */
function decode(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}

/**
 * Reads a token; nothing is verified yet.
 * @param charactersMax longer tokens are refused unread
 */
export function readJws(token: string, charactersMax: number = TOKEN_CHARACTERS_MAX): JwsResult {
  if (token.length > charactersMax) return refuse(`has more than ${charactersMax} characters`);
  if (!COMPACT.test(token)) return refuse('is not three parts of base64url');
  const first = token.indexOf('.');
  const second = token.indexOf('.', first + 1);
  const headerBytes = decode(token.slice(0, first));
  const payloadText = token.slice(first + 1, second);
  const payload = decode(payloadText);
  const signature = decode(token.slice(second + 1));
  if (!headerBytes || !payload || !signature) return refuse('is not well-formed base64url');
  const header = readJsonObject(headerBytes);
  if (!header) return refuse('has a header that is not a JSON object');
  const { alg, kid = '' } = header as Readonly<Record<'alg' | 'kid', unknown>>;
  if (typeof alg !== 'string') return refuse('names no algorithm');
  if (typeof kid !== 'string' || kid.length > 1024) return refuse('has a `kid` that is not a text');
  // No extension is understood here, so a token that makes one a condition is refused (RFC 7515 section 4.1.11); so are `b64`, `zip` and `enc`, which change
  // what the bytes mean.
  for (const name of ['crit', 'b64', 'zip', 'enc']) if (Object.hasOwn(header, name)) return refuse(`has the header \`${name}\``);
  return {
    ok: true,
    jws: { algorithm: alg, kid, header, payloadText, payload, signature, signingInput: token.slice(0, second) },
  };
}

type Verifier = (key: VerificationKey, data: Buffer, signature: Uint8Array) => boolean;

function rsa(hash: string, pss: boolean): Verifier {
  return ({ key }, data, signature) =>
    verify(
      hash,
      data,
      pss
        ? // RFC 7518 section 3.5: the salt is as long as the hash.
          { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
        : { key, padding: constants.RSA_PKCS1_PADDING },
      signature,
    );
}

function ecdsa(hash: string, signatureBytes: number): Verifier {
  return ({ key }, data, signature) =>
    signature.length === signatureBytes && verify(hash, data, { key, dsaEncoding: 'ieee-p1363' }, signature);
}

function hmac(hash: string): Verifier {
  return ({ key }, data, signature) => {
    const wanted = createHmac(hash, key).update(data).digest();
    return wanted.length === signature.length && timingSafeEqual(wanted, signature);
  };
}

const eddsa: Verifier = ({ key }, data, signature) => signature.length === 64 && verify(null, data, key, signature);

/** One row an algorithm. `none` has no row, in whatever case it is written. */
const VERIFIERS: Readonly<Record<string, Verifier>> = {
  RS256: rsa('sha256', false),
  RS384: rsa('sha384', false),
  RS512: rsa('sha512', false),
  PS256: rsa('sha256', true),
  PS384: rsa('sha384', true),
  PS512: rsa('sha512', true),
  ES256: ecdsa('sha256', 64),
  ES384: ecdsa('sha384', 96),
  ES512: ecdsa('sha512', 132),
  EdDSA: eddsa,
  Ed25519: eddsa,
  HS256: hmac('sha256'),
  HS384: hmac('sha384'),
  HS512: hmac('sha512'),
};

/** Keys of a set that could have signed this token: same `kid` where both have one, and an algorithm the key is for. */
export function candidateKeys(jws: Jws, keys: readonly VerificationKey[]): readonly VerificationKey[] {
  return keys.filter(
    (one) => (jws.kid === '' || one.kid === '' || one.kid === jws.kid) && one.algorithms.includes(jws.algorithm),
  );
}

/** Whether any of `keys` made the token's signature. Synchronous; at most eight keys are tried. */
export function verifyJws(jws: Jws, keys: readonly VerificationKey[]): boolean {
  const verifier = Object.hasOwn(VERIFIERS, jws.algorithm) ? VERIFIERS[jws.algorithm] : undefined;
  if (!verifier) return false;
  const data = Buffer.from(jws.signingInput, 'latin1');
  for (const key of candidateKeys(jws, keys).slice(0, TRIES_MAX)) {
    try {
      if (verifier(key, data, jws.signature)) return true;
    } catch {
      // OpenSSL throws for signatures it cannot even parse: that is a wrong signature.
      continue;
    }
  }
  return false;
}
