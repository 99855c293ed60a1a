// X.509-SVIDs as values: read from PEM with their key, verified against bundles (SPIFFE X509-SVID sections 2-5).
import { createPrivateKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { TrustBundle } from '#model/snapshot.ts';
import { isKeyPair, publicKeyOf, readCertificate } from './certificate.ts';
import type { Certificate } from './certificate.ts';
import { KEY_USAGE } from './oids.ts';
import { certificatesOf, pemBlocks, toPem } from './pem.ts';
import { formatSpiffeId } from './spiffe-id.ts';
import { compileTrustBundle } from './trust-bundle.ts';
import { leafFault, leafIdentity, verifyPath } from './verify.ts';

export interface X509Svid {
  readonly identity: string;
  /** Leaf first. */
  readonly certificates: readonly Certificate[];
  readonly privateKey: KeyObject;
}

/** Which check failed; the sentence for people stands in `reason`. */
export type X509SvidFault =
  | 'no-certificate'
  | 'certificate-unreadable'
  | 'no-key'
  | 'key-unreadable'
  | 'key-mismatch'
  | 'leaf'
  | 'leaf-identity'
  | 'intermediate-ca'
  | 'intermediate-key-usage'
  | 'no-bundle'
  | 'path';

export type X509SvidRefusal = { readonly ok: false; readonly code: X509SvidFault; readonly reason: string };

function refuse(code: X509SvidFault, reason: string): X509SvidRefusal {
  return { ok: false, code, reason };
}

function readAll(chainDer: readonly Uint8Array[]): readonly Certificate[] | X509SvidRefusal {
  if (chainDer.length === 0) return refuse('no-certificate', 'there is no certificate');
  try {
    return chainDer.map((der) => readCertificate(der));
  } catch (error) {
    return refuse('certificate-unreadable', `a certificate cannot be read: ${(error as Error).message}`);
  }
}

/**
 * Reads an SVID and its key without asking who signed it or whether it is still valid: what a workload does with the files it is given.
 * @param certificatePem leaf first, then the certificates above it; other blocks are passed over @param keyPem PKCS#8, PKCS#1 or SEC 1
 */
export function parseX509Svid(certificatePem: string, keyPem: string): ({ readonly ok: true } & X509Svid) | X509SvidRefusal {
  const certificates = readAll(certificatesOf(certificatePem));
  if ('ok' in certificates) return certificates;
  const keyBlock = pemBlocks(keyPem).find((block) => block.label.endsWith('PRIVATE KEY'));
  if (!keyBlock) {
    return keyPem.includes('PRIVATE KEY-----')
      ? refuse('key-unreadable', 'the private key cannot be read')
      : refuse('no-key', 'there is no private key');
  }
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(toPem(keyBlock.label, keyBlock.bytes));
  } catch {
    // OpenSSL's message may quote what it read; a key does not go into messages.
    return refuse('key-unreadable', 'the private key cannot be read');
  }
  const [leaf, ...others] = certificates as [Certificate, ...Certificate[]];
  const fault = leafFault(leaf, false);
  if (fault) return refuse('leaf', `the leaf certificate ${fault}`);
  const named = leafIdentity(leaf);
  if (!named.ok) return refuse('leaf-identity', `the leaf certificate ${named.reason}`);
  for (const one of others) {
    if (!one.basicConstraints?.ca) return refuse('intermediate-ca', 'a signing certificate is not a CA');
    if (!((one.keyUsage ?? 0) & KEY_USAGE.keyCertSign))
      return refuse('intermediate-key-usage', 'a signing certificate may not sign certificates');
  }
  let pair: boolean;
  try {
    pair = isKeyPair(publicKeyOf(leaf), privateKey);
  } catch {
    return refuse('certificate-unreadable', 'the leaf certificate has a key that cannot be read');
  }
  if (!pair) return refuse('key-mismatch', 'the leaf certificate belongs to another private key');
  return { ok: true, identity: formatSpiffeId(named.id), certificates, privateKey };
}

/**
 * Verifies a chain against a bundle, by SPIFFE's rules alone: an extended key usage is not demanded, as `verifySvidChain` does for TLS peers.
 * @param bundle undefined refuses everything
 */
export function verifyX509Svid(
  chainDer: readonly Uint8Array[],
  bundle: TrustBundle | undefined,
  nowMs: number,
): { readonly ok: true; readonly identity: string } | X509SvidRefusal {
  const certificates = readAll(chainDer);
  if ('ok' in certificates) return certificates;
  const [leaf, ...others] = certificates as [Certificate, ...Certificate[]];
  const named = leafIdentity(leaf);
  if (!named.ok) return refuse('leaf-identity', `the leaf certificate ${named.reason}`);
  const fault = leafFault(leaf, false);
  if (fault) return refuse('leaf', `the leaf certificate ${fault}`);
  if (!bundle) return refuse('no-bundle', 'there is no bundle to verify against');
  const compiled = compileTrustBundle(bundle);
  if (!compiled.anchorsFor(named.id.trustDomain))
    return refuse('no-bundle', `there is no root for the trust domain \`${named.id.trustDomain}\``);
  const verified = verifyPath(leaf, others, compiled, nowMs);
  return verified.ok
    ? { ok: true, identity: formatSpiffeId(verified.id) }
    : refuse('path', `the leaf certificate ${verified.reason}`);
}
