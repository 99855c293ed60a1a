import { argon2, randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { CullisError, messageOf } from '#base/errors.ts';
import type { KeyWrap } from '#model/ports.ts';
import { aesGcmKeyWrap, KEY_BYTES } from './key-wrap.ts';

/**
 * The key in a file of 32 bytes, made from the system's random source with mode 0600 when it does not exist.
 * @throws CullisError key.unavailable when the file can be read by others, is a link, belongs to another user, or has another length
 */
export function fileKeyWrap(path: string): KeyWrap {
  const key = readKey(path) ?? createKey(path);
  const wrap = aesGcmKeyWrap('key file', key);
  key.fill(0);
  return wrap;
}

function readKey(path: string): Buffer | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new CullisError('key.unavailable', `the key file \`${path}\` could not be opened: ${messageOf(error)}`);
  }
  try {
    // Looked at through the open file, so that nobody can put another in its place between the look and the read.
    const found = fstatSync(file);
    if (!found.isFile()) throw new CullisError('key.unavailable', `the key file \`${path}\` is not a plain file`);
    if ((found.mode & 0o077) !== 0) {
      const mode = (found.mode & 0o777).toString(8);
      throw new CullisError(
        'key.unavailable',
        `the key file \`${path}\` is open to others (mode ${mode}); run \`chmod 600\` on it`,
      );
    }
    const uid = process.geteuid?.();
    if (uid !== undefined && uid !== 0 && found.uid !== uid) {
      throw new CullisError('key.unavailable', `the key file \`${path}\` belongs to another user`);
    }
    const bytes = Buffer.alloc(KEY_BYTES + 1);
    const length = readSync(file, bytes, 0, bytes.length, 0);
    if (length !== KEY_BYTES)
      throw new CullisError('key.unavailable', `the key file \`${path}\` does not hold ${KEY_BYTES} bytes`);
    return bytes.subarray(0, KEY_BYTES);
  } finally {
    closeSync(file);
  }
}

/** Written through to the disk by every write: Node's permission model, under which control runs, has no fsync. */
const DRAFT = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_SYNC;

function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } catch (error) {
    // The synchronous write of the draft has committed the folder's change before it on Linux's journalling file systems.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_ACCESS_DENIED') throw error;
  } finally {
    closeSync(folder);
  }
}

function createKey(path: string): Buffer {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    const file = openSync(draft, DRAFT, 0o600);
    try {
      writeSync(file, randomBytes(KEY_BYTES));
    } finally {
      closeSync(file);
    }
    try {
      // The name appears with the whole key or not at all, and never replaces one that another starter made meanwhile.
      linkSync(draft, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      unlinkSync(draft);
    }
    // A key that protects durable state must not vanish in a power cut that the state survives.
    syncFolder(dirname(path));
  } catch (error) {
    throw new CullisError('key.unavailable', `the key file \`${path}\` could not be made: ${messageOf(error)}`);
  }
  const key = readKey(path);
  if (!key) throw new CullisError('key.unavailable', `the key file \`${path}\` vanished while it was being made`);
  return key;
}

export interface PassphraseOptions {
  /** KiB; 64 MiB when absent. */
  readonly memoryKib?: number;
  /** 3 when absent. */
  readonly passes?: number;
  /** 4 when absent. */
  readonly lanes?: number;
}

/**
 * The key from a passphrase by Argon2id, with RFC 9106's second recommended parameters (section 4) unless told otherwise.
 * A wrong passphrase shows itself at the first `unwrap`.
 * @param salt at least 16 bytes, kept beside the state; not secret
 * @throws CullisError key.unavailable when the passphrase is shorter than 8 characters or the salt too short
 */
export async function passphraseKeyWrap(passphrase: string, salt: Uint8Array, options: PassphraseOptions = {}): Promise<KeyWrap> {
  if (passphrase.length < 8) throw new CullisError('key.unavailable', 'the passphrase has fewer than 8 characters');
  if (salt.length < 16) throw new CullisError('key.unavailable', 'the salt has fewer than 16 bytes');
  const key = await new Promise<Buffer>((resolve, reject) => {
    const parameters = {
      // Two keyboards may write the same letters in different code points.
      message: Buffer.from(passphrase.normalize('NFC')),
      nonce: salt,
      parallelism: options.lanes ?? 4,
      tagLength: KEY_BYTES,
      memory: options.memoryKib ?? 65_536,
      passes: options.passes ?? 3,
    };
    argon2('argon2id', parameters, (error, derived) => (error ? reject(error) : resolve(derived)));
  }).catch((error: unknown) => {
    throw new CullisError('key.unavailable', `the passphrase could not be turned into a key: ${messageOf(error)}`);
  });
  const wrap = aesGcmKeyWrap('passphrase', key);
  key.fill(0);
  return wrap;
}
