// Workload and CA keys: ECDSA on P-256, as SPIFFE and Istio use them.
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { CullisError } from '#base/errors.ts';

export interface Key {
  readonly privateKey: KeyObject;
  /** PKCS#8. Unencrypted: it stays in memory. */
  readonly privateKeyPem: string;
  /** DER SubjectPublicKeyInfo. */
  readonly publicKeyDer: Uint8Array;
}

function keyFrom(privateKey: KeyObject): Key {
  return {
    privateKey,
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    publicKeyDer: createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
  };
}

/** A new key from OpenSSL's own generator. */
export function generateKey(): Key {
  return keyFrom(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
}

/** @throws CullisError trust.rejected when the text is not a P-256 private key; the message holds nothing of it */
export function readKey(privateKeyPem: string): Key {
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(privateKeyPem);
  } catch {
    throw new CullisError('trust.rejected', 'the private key could not be read');
  }
  if (!isP256(privateKey)) throw new CullisError('trust.rejected', 'the private key is not on the curve P-256');
  return keyFrom(privateKey);
}

export function isP256(key: KeyObject): boolean {
  return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
}
