// Streams as they are stored to streams as they are meant: gzip, zstd or plain, told by their first bytes; digests checked on the way; never more than allowed.
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { CullisError, messageOf } from '#base/errors.ts';

const CHUNK = 256 * 1024;

export interface UnpackOptions {
  /** `sha256:…` or `sha512:…` of the bytes as stored; undefined when none is known. */
  readonly digest?: string;
  /** Of the bytes as meant. */
  readonly unpackedDigest?: string;
  readonly bytesMax: number;
  /** For messages. */
  readonly name: string;
}

/** @throws CullisError `image.invalid` for an algorithm that is not known */
export function hasher(digest: string): { update(bytes: Uint8Array): void; matches(): boolean } {
  const match = /^(sha256|sha512):([0-9a-f]+)$/.exec(digest);
  if (!match) throw new CullisError('image.invalid', `\`${digest.slice(0, 100)}\` is no digest that can be checked`);
  const hash = createHash(match[1]!);
  return { update: (bytes) => void hash.update(bytes), matches: () => hash.digest('hex') === match[2] };
}

/** Unpacks a stream. @throws CullisError `image.invalid` when it is damaged, has another digest or unfolds beyond the bound */
export async function* unpack(packed: AsyncIterable<Uint8Array>, options: UnpackOptions): AsyncGenerator<Uint8Array> {
  const { name, bytesMax } = options;
  const stored = options.digest === undefined ? undefined : hasher(options.digest);
  const meant = options.unpackedDigest === undefined ? undefined : hasher(options.unpackedDigest);
  let total = 0;
  try {
    for await (const chunk of decompress(hashed(packed, stored))) {
      total += chunk.length;
      if (total > bytesMax)
        throw new CullisError('image.invalid', `\`${name}\` unfolds to more than ${bytesMax} bytes and is not read on`);
      meant?.update(chunk);
      yield chunk;
    }
  } catch (error) {
    if (error instanceof CullisError) throw error;
    throw new CullisError('image.invalid', `\`${name}\` is damaged: ${messageOf(error)}`, { cause: error });
  }
  if (stored?.matches() === false || meant?.matches() === false)
    throw new CullisError('image.invalid', `\`${name}\` does not have the digest that the image names`);
}

async function* hashed(
  bytes: AsyncIterable<Uint8Array>,
  hash: ReturnType<typeof hasher> | undefined,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    hash?.update(chunk);
    yield chunk;
  }
}

async function* decompress(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = bytes[Symbol.asyncIterator]();
  let start = new Uint8Array();
  while (start.length < 4) {
    const { done, value } = await iterator.next();
    if (done) break;
    start = Buffer.concat([start, value as Uint8Array]);
  }
  const all = (async function* (): AsyncGenerator<Uint8Array> {
    try {
      if (start.length > 0) yield start;
      for (;;) {
        const { done, value } = await iterator.next();
        if (done) return;
        yield value as Uint8Array;
      }
    } finally {
      await iterator.return?.(undefined);
    }
  })();
  const gzip = start[0] === 0x1f && start[1] === 0x8b;
  const zstd = start[0] === 0x28 && start[1] === 0xb5 && start[2] === 0x2f && start[3] === 0xfd;
  if (!gzip && !zstd) {
    yield* all;
    return;
  }
  const source = Readable.from(all, { objectMode: false });
  const decoder = gzip ? createGunzip({ chunkSize: CHUNK }) : createZstdDecompress({ chunkSize: CHUNK });
  source.on('error', (error) => decoder.destroy(error));
  source.pipe(decoder);
  try {
    yield* decoder as AsyncIterable<Uint8Array>;
    // The hash has to see what follows the compressed data too.
    source.resume();
  } finally {
    source.destroy();
    decoder.destroy();
  }
}
