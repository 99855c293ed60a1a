import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { CullisError } from '#base/errors.ts';
import type { KeyWrap } from '#model/ports.ts';

export const KEY_BYTES = 32;
const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + NONCE_BYTES;

/**
 * A KeyWrap over one 32-byte key: AES-256-GCM (NIST SP 800-38D), `version (1) | nonce (12) | ciphertext | tag (16)`. The context is
 * authenticated with the version, so that a sealed value cannot be moved to another place. Nonces are random: good for 2^32 values a key.
 */
export function aesGcmKeyWrap(name: string, key: Uint8Array): KeyWrap {
  if (key.length !== KEY_BYTES) throw new CullisError('key.unavailable', `the key of \`${name}\` is not ${KEY_BYTES} bytes long`);
  const secret = Buffer.from(key);
  return {
    name,
    async wrap(plain, context) {
      const head = Buffer.concat([Buffer.of(VERSION), randomBytes(NONCE_BYTES)]);
      const cipher = createCipheriv('aes-256-gcm', secret, head.subarray(1), { authTagLength: TAG_BYTES });
      cipher.setAAD(associated(context));
      return Buffer.concat([head, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
    async unwrap(wrapped, context) {
      if (wrapped.length < HEAD_BYTES + TAG_BYTES || wrapped[0] !== VERSION) {
        throw new CullisError('key.unavailable', `what \`${context}\` holds was not sealed by this version`);
      }
      const bytes = Buffer.from(wrapped);
      try {
        const decipher = createDecipheriv('aes-256-gcm', secret, bytes.subarray(1, HEAD_BYTES), { authTagLength: TAG_BYTES });
        decipher.setAAD(associated(context));
        decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
        return Buffer.concat([decipher.update(bytes.subarray(HEAD_BYTES, bytes.length - TAG_BYTES)), decipher.final()]);
      } catch {
        // The cause says nothing more: a wrong key and a changed byte look the same.
        throw new CullisError(
          'key.unavailable',
          `the key of \`${name}\` does not open \`${context}\`: wrong key or changed bytes`,
        );
      }
    },
  };
}

function associated(context: string): Buffer {
  return Buffer.concat([Buffer.from('cullis/key-wrap\0'), Buffer.of(VERSION), Buffer.from(context)]);
}
