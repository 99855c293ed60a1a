// TLS contexts: which versions and curves, whose key, no resumption.
import { constants } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';
import type { TlsIdentity, TlsVersion } from './types.ts';

/** AEAD with forward secrecy only; used when TLS 1.2 is allowed, 1.3 has no other. */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/**
 * Options of a context for either side.
 * Tickets are off: a resumed session would skip the check of the peer's certificate and so outlive its revocation and the policy
 * (proxy hardening E 46). Renegotiation is off, compression has never been on.
 */
export function contextOptions(identity: TlsIdentity | undefined, minVersion: TlsVersion): SecureContextOptions {
  return {
    minVersion,
    maxVersion: 'TLSv1.3',
    ciphers: CIPHERS,
    ecdhCurve: 'X25519:P-256:P-384',
    honorCipherOrder: true,
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION,
    ...(identity && { cert: identity.certChainPem, key: identity.privateKeyPem }),
  };
}
