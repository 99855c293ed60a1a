// Certificates and keys in files, for cases of rules.
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { certificateFindings } from '#scan/certificates/findings.ts';
import type { Finding } from '#model/finding.ts';
import { nameDer } from '#pki/certificate-write.ts';
import { bitString, context, oid, sequence, textBytes, timeDer, tlv, unsigned } from '#pki/der.ts';
import { OID } from '#pki/oids.ts';
import { certificate, ecKey, EXT, rootCertificate } from './certificates.ts';
import type { CertificateOptions, KeyPair, Signer } from './certificates.ts';

export const NOW = Date.UTC(2026, 10, 24);

export const DAY = 86_400_000;

export const ROOT = rootCertificate({ notBeforeMs: NOW - 900 * DAY, notAfterMs: NOW + 3000 * DAY });

export const SUBJECT = nameDer('Acme', 'cart');

export const dns = (...names: readonly string[]): Uint8Array =>
  EXT.names(...names.map((name) => textBytes(context(2, false), name)));

export const leaf = (options: Partial<CertificateOptions> = {}, ...names: readonly string[]): Signer =>
  certificate({
    issuer: ROOT,
    subject: SUBJECT,
    notBeforeMs: NOW - 30 * DAY,
    notAfterMs: NOW + 60 * DAY,
    extensions: [EXT.notCa(), EXT.eku(OID.serverAuth), dns(...(names.length > 0 ? names : ['cart.shop.svc']))],
    ...options,
  });

export function rsaKey(bits: number): KeyPair {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: bits });
  return { privateKey, publicKeyDer: createPublicKey(privateKey).export({ type: 'spki', format: 'der' }) };
}

/** A certificate that says to be signed with an algorithm; nobody checks the signature here. */
export function signedWith(algorithm: string, key = ecKey()): string {
  const id = sequence(oid(algorithm));
  const tbs = sequence(
    tlv(context(0), unsigned(Uint8Array.of(2))),
    unsigned(Uint8Array.of(5)),
    id,
    nameDer('Acme', 'root'),
    sequence(timeDer(NOW - DAY), timeDer(NOW + 90 * DAY)),
    SUBJECT,
    key.publicKeyDer,
    tlv(context(3), sequence(dns('a.svc'))),
  );
  return Buffer.from(sequence(tbs, id, bitString(Uint8Array.of(1, 2, 3)))).toString('base64');
}

export const good = leaf();

export const other = ecKey();

export const old = leaf({ notBeforeMs: NOW - 90 * DAY, notAfterMs: NOW + 40 * DAY });

export const expired = leaf({ notBeforeMs: NOW - 90 * DAY, notAfterMs: NOW - DAY });

export const oldRoot = rootCertificate({
  subject: nameDer('Acme', 'root'),
  notBeforeMs: NOW - 400 * DAY,
  notAfterMs: NOW + 100 * DAY,
});

export const newRoot = rootCertificate({
  subject: nameDer('Acme', 'root'),
  notBeforeMs: NOW - 5 * DAY,
  notAfterMs: NOW + 900 * DAY,
});

export const keyPem = (key: KeyPair): string => key.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;

export const base64 = (text: string): string => Buffer.from(text).toString('base64');

export const secret = (certificates: string, key?: KeyPair): string =>
  `apiVersion: v1\nkind: Secret\nmetadata: {name: tls}\ntype: kubernetes.io/tls\ndata:\n  tls.crt: ${base64(certificates)}\n${key ? `  tls.key: ${base64(keyPem(key))}\n` : ''}`;

/** The findings of every rule over the certificates in some files. */
export const certificateFindingsOf = (files: Readonly<Record<string, string | Uint8Array>>): readonly Finding[] =>
  certificateFindings(
    Object.entries(files).map(([path, content]) => ({
      path,
      bytes: typeof content === 'string' ? Buffer.from(content) : content,
    })),
    NOW,
  );
