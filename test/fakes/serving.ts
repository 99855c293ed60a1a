// Certificates for servers and clients of the world outside, valid now.
import { createHash, randomBytes, X509Certificate } from 'node:crypto';
import type { ServingCertificate } from '#model/observed.ts';
import { nameDer } from '#pki/certificate-write.ts';
import { context, tlv } from '#pki/der.ts';
import { OID } from '#pki/oids.ts';
import { type CertificateOptions, certificate, EXT, HOUR, LEAF_USAGE, rootCertificate, type Signer } from './certificates.ts';

const DAY_MS = 24 * HOUR;

/** A CA that is valid now. */
export function publicCa(): Signer {
  return rootCertificate({
    notBeforeMs: Date.now() - DAY_MS,
    notAfterMs: Date.now() + DAY_MS,
    subject: nameDer('CA', randomBytes(4).toString('hex')),
  });
}

/** A leaf with these DNS names and URIs, and its key, as PEM. */
export function pair(
  ca: Signer,
  names: readonly string[],
  over: Partial<CertificateOptions> & { readonly uris?: readonly string[] } = {},
) {
  const { uris = [], ...rest } = over;
  const general = names.map((name) => tlv(context(2, false), Buffer.from(name)));
  const signer = certificate({
    issuer: ca,
    subject: nameDer('Example', names[0] ?? 'nobody'),
    notBeforeMs: Date.now() - HOUR,
    notAfterMs: Date.now() + HOUR,
    extensions: [
      EXT.notCa(),
      EXT.keyUsage(LEAF_USAGE),
      EXT.eku(OID.serverAuth, OID.clientAuth),
      uris.length > 0 ? EXT.uris(...uris) : EXT.names(...general),
    ],
    ...rest,
  });
  return { cert: signer.pem, key: signer.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string };
}

/** A pair as a plan names it, and its key as a snapshot carries it. */
export function servingPair(names: readonly string[]) {
  const { cert, key } = pair(publicCa(), names);
  const spki = new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' });
  const keyId = createHash('sha256').update(spki).digest('hex');
  const serving: ServingCertificate = {
    chainPem: cert,
    keyId,
    names,
    notBeforeMs: Date.now() - HOUR,
    notAfterMs: Date.now() + HOUR,
  };
  return { serving, keys: { [keyId]: key } };
}
