// Envelope encryption: each sealed value has a data key of its own (AES-256-GCM, NIST SP 800-38D), which a KeyWrap port wraps; a KMS never sees the value, the
// disk never sees the key. Layout: magic and version, name of the wrap, wrapped key, nonce, ciphertext, tag. All before the nonce, and the context, is
// authenticated: a sealed value cannot be moved to another place or relabelled.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { CullisError } from '#base/errors.ts';
import type { Random } from '#base/ports.ts';
import type { KeyWrap } from '#model/ports.ts';

const MAGIC = Buffer.from('CULLIS-ENVELOPE\x01', 'latin1');
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const WRAPPED_BYTES_MAX = 4096;

function additionalData(header: Uint8Array, context: string): Buffer {
  // The header's own length fields make the border between it and the context unambiguous.
  return Buffer.concat([header, Buffer.from(context, 'utf8')]);
}

function damaged(): CullisError {
  return new CullisError('key.unavailable', 'the sealed value is damaged, or was sealed for another place');
}

/**
 * Seals `plain`.
 * @param context what the value is and where it belongs (`ca/issuing`); opening demands the same
 * @param random where the data key and nonce come from; the machine's generator when absent
 */
export async function seal(plain: Uint8Array, context: string, keyWrap: KeyWrap, random?: Random): Promise<Uint8Array> {
  const bytes = (size: number): Uint8Array => random?.bytes(size) ?? randomBytes(size);
  const dataKey = bytes(KEY_BYTES);
  try {
    const wrapped = await keyWrap.wrap(dataKey, context);
    const name = Buffer.from(keyWrap.name, 'utf8');
    if (name.length > 255 || wrapped.length > WRAPPED_BYTES_MAX)
      throw new CullisError('key.unavailable', 'the key wrap gave a name or key that is too long');
    const sizes = Buffer.alloc(3);
    sizes.writeUInt8(name.length, 0);
    sizes.writeUInt16BE(wrapped.length, 1);
    const header = Buffer.concat([MAGIC, sizes, name, wrapped]);
    const nonce = bytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', dataKey, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(additionalData(header, context));
    const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
    return Buffer.concat([header, nonce, sealed, cipher.getAuthTag()]);
  } finally {
    dataKey.fill(0);
  }
}

/** Name of the KeyWrap that sealed a value, to choose among several. @throws CullisError key.unavailable when the bytes are no envelope */
export function sealedBy(sealed: Uint8Array): string {
  return split(sealed).name;
}

function split(sealed: Uint8Array): {
  name: string;
  header: Uint8Array;
  wrapped: Uint8Array;
  nonce: Uint8Array;
  body: Uint8Array;
  tag: Uint8Array;
} {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  const start = MAGIC.length + 3;
  if (bytes.length < start || !bytes.subarray(0, MAGIC.length - 1).equals(MAGIC.subarray(0, -1))) throw damaged();
  if (bytes[MAGIC.length - 1] !== MAGIC[MAGIC.length - 1]) {
    throw new CullisError('key.unavailable', 'the sealed value was written by a newer version');
  }
  const nameLength = bytes.readUInt8(MAGIC.length);
  const wrappedLength = bytes.readUInt16BE(MAGIC.length + 1);
  const headerLength = start + nameLength + wrappedLength;
  if (wrappedLength > WRAPPED_BYTES_MAX || bytes.length < headerLength + NONCE_BYTES + TAG_BYTES) throw damaged();
  return {
    name: bytes.toString('utf8', start, start + nameLength),
    header: bytes.subarray(0, headerLength),
    wrapped: bytes.subarray(start + nameLength, headerLength),
    nonce: bytes.subarray(headerLength, headerLength + NONCE_BYTES),
    body: bytes.subarray(headerLength + NONCE_BYTES, bytes.length - TAG_BYTES),
    tag: bytes.subarray(bytes.length - TAG_BYTES),
  };
}

/** Opens what `seal` made. @throws CullisError key.unavailable: wrong key, wrong context, changed bytes, newer version; which of the first three is not told */
export async function open(sealed: Uint8Array, context: string, keyWrap: KeyWrap): Promise<Uint8Array> {
  const { header, wrapped, nonce, body, tag } = split(sealed);
  const dataKey = await keyWrap.unwrap(wrapped, context);
  try {
    if (dataKey.length !== KEY_BYTES) throw damaged();
    const decipher = createDecipheriv('aes-256-gcm', dataKey, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(additionalData(header, context));
    decipher.setAuthTag(tag);
    try {
      return Buffer.concat([decipher.update(body), decipher.final()]);
    } catch {
      throw damaged();
    }
  } finally {
    dataKey.fill(0);
  }
}
