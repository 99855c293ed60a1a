// Issuers and tokens for tests: keys made once per file, tokens of any badness.
import { constants, createHmac, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

export interface Issuer {
  readonly kid: string;
  readonly privateKey: KeyObject;
  /** Public key as a JWK with its kid. */
  readonly jwk: Readonly<Record<string, unknown>>;
}

export function rsaIssuer(kid: string): Issuer {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { kid, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid } };
}

export function ecIssuer(kid: string, namedCurve = 'P-256'): Issuer {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
  return { kid, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid } };
}

export function edIssuer(kid: string): Issuer {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { kid, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid } };
}

export function base64url(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

const HASH: Readonly<Record<string, string>> = { '256': 'sha256', '384': 'sha384', '512': 'sha512' };

/** Signs `data` as `alg` says, whatever key that is. */
export function signAs(alg: string, key: KeyObject | string, data: string): string {
  const bytes = Buffer.from(data);
  const hash = HASH[alg.slice(-3)] ?? null;
  if (alg.startsWith('HS')) return createHmac(hash!, key).update(bytes).digest('base64url');
  const padding = alg.startsWith('PS')
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : {};
  return sign(hash, bytes, { key: key as KeyObject, dsaEncoding: 'ieee-p1363', ...padding }).toString('base64url');
}

/** @param header over `{ alg, kid }`; undefined members are left out */
export function token(
  issuer: Issuer,
  claims: unknown,
  header: Readonly<Record<string, unknown>> = {},
  alg = algOf(issuer),
): string {
  const input = `${base64url({ alg, kid: issuer.kid, typ: 'JWT', ...header })}.${base64url(claims)}`;
  return `${input}.${signAs(alg, issuer.privateKey, input)}`;
}

function algOf({ privateKey }: Issuer): string {
  if (privateKey.asymmetricKeyType === 'ed25519') return 'EdDSA';
  return privateKey.asymmetricKeyType === 'ec' ? 'ES256' : 'RS256';
}

export function jwksOf(...issuers: readonly Issuer[]): string {
  return JSON.stringify({ keys: issuers.map((one) => one.jwk) });
}
