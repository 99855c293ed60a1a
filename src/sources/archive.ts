// Files inside archives, and inside archives in them: zip (jar, war, whl, nupkg, apk …), tar, gzip, zstd. What unfolds too far is refused with a reason.
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { isZip, unzip, zipEntries } from '#base/zip.ts';
import { CullisError } from '#base/errors.ts';
import type { NotAnalysed } from '#model/coverage.ts';
import { isTar, readTar, cleanPath } from './tar.ts';

export interface ArchiveFile {
  /** `dist/app.jar!/config/application.yml`; one `!/` a level. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface ArchiveLimits {
  /** Archives inside archives. */
  readonly depthMax: number;
  /** Of all files together, unfolded. */
  readonly bytesMax: number;
  readonly fileBytesMax: number;
  readonly filesMax: number;
  /** How many times larger than it is stored a file may become, beyond its first MB. */
  readonly ratioMax: number;
}

export const DEFAULT_ARCHIVE_LIMITS: ArchiveLimits = {
  depthMax: 3,
  bytesMax: 1024 * 1024 * 1024,
  fileBytesMax: 64 * 1024 * 1024,
  filesMax: 100_000,
  ratioMax: 200,
};

type Format = 'zip' | 'tar' | 'gzip' | 'zstd';
const UNREAD: readonly (readonly [string, readonly number[]])[] = [
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['7z', [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]],
  ['rar', [0x52, 0x61, 0x72, 0x21, 0x1a]],
];
const MB = 1024 * 1024;

/** What kind of archive bytes are, by their first bytes. */
export function archiveFormat(bytes: Uint8Array): Format | undefined {
  if (isZip(bytes)) return 'zip';
  if (bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8) return 'gzip';
  if (bytes[0] === 0x28 && bytes[1] === 0xb5 && bytes[2] === 0x2f && bytes[3] === 0xfd) return 'zstd';
  return isTar(bytes) ? 'tar' : undefined;
}

/**
 * Walks an archive. One file is unfolded at a time.
 * @param file path as the user would name it @param tell gets what was left out, with the reason
 */
export function* readArchive(
  file: string,
  bytes: Uint8Array,
  tell: (left: NotAnalysed) => void,
  limits: Partial<ArchiveLimits> = {},
): Generator<ArchiveFile> {
  yield* new Walk({ ...DEFAULT_ARCHIVE_LIMITS, ...limits }, tell).archive(file, bytes, 1);
}

class Walk {
  readonly #limits: ArchiveLimits;
  readonly #tell: (left: NotAnalysed) => void;
  #files = 0;
  #bytesLeft: number;

  constructor(limits: ArchiveLimits, tell: (left: NotAnalysed) => void) {
    this.#limits = limits;
    this.#tell = tell;
    this.#bytesLeft = limits.bytesMax;
  }

  *archive(path: string, bytes: Uint8Array, depth: number): Generator<ArchiveFile> {
    const format = archiveFormat(bytes);
    if (format === 'zip') yield* this.#zip(path, bytes, depth);
    else if (format === 'tar') yield* this.#tar(path, bytes, depth);
    else if (format) yield* this.#packed(path, bytes, format, depth);
    else {
      const unread = UNREAD.find(([, magic]) => magic.every((byte, i) => bytes[i] === byte));
      if (unread) this.#leave(path, 'archive', `${unread[0]} archives are not read`, 'unpack it first');
    }
  }

  *#zip(path: string, bytes: Uint8Array, depth: number): Generator<ArchiveFile> {
    const entries = zipEntries(bytes, { entriesMax: this.#limits.filesMax });
    if (!entries) return this.#leave(path, 'damaged', 'the archive has no directory that can be read');
    for (const entry of entries) {
      const name = cleanPath(entry.name);
      if (name === '' || entry.name.endsWith('/')) continue;
      const inside = `${path}!/${name}`;
      const most = this.#allowance(entry.packedSize);
      if (entry.encrypted) this.#leave(inside, 'encrypted', 'the file is encrypted');
      else if (entry.size > most) this.#refuse(inside, entry.packedSize);
      else {
        const content = unzip(bytes, entry, most);
        if (content) yield* this.#file(inside, content, depth);
        else
          this.#leave(
            inside,
            'damaged',
            'the file is damaged, packed in a way that is not read, or unfolds further than it says',
          );
      }
      if (this.#isFull(path)) return;
    }
  }

  *#tar(path: string, bytes: Uint8Array, depth: number): Generator<ArchiveFile> {
    try {
      const { fileBytesMax, filesMax } = this.#limits;
      for (const entry of readTar(bytes, { fileBytesMax, entriesMax: filesMax })) {
        if (entry.type !== 'file') continue;
        const inside = `${path}!/${entry.path}`;
        if (entry.bytes) yield* this.#file(inside, entry.bytes, depth);
        else this.#refuse(inside, entry.size);
        if (this.#isFull(path)) return;
      }
    } catch (error) {
      if (!(error instanceof CullisError)) throw error;
      this.#leave(path, 'damaged', error.message);
    }
  }

  /** One stream that holds a tar archive or a single file. */
  *#packed(path: string, bytes: Uint8Array, format: 'gzip' | 'zstd', depth: number): Generator<ArchiveFile> {
    const maxOutputLength = Math.max(
      1,
      Math.min(this.#bytesLeft, MB + bytes.length * this.#limits.ratioMax, this.#limits.fileBytesMax * 16),
    );
    let content: Uint8Array;
    try {
      content = format === 'gzip' ? gunzipSync(bytes, { maxOutputLength }) : zstdDecompressSync(bytes, { maxOutputLength });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') this.#refuse(path, bytes.length);
      else this.#leave(path, 'damaged', 'the archive is damaged');
      return;
    }
    // The tar archive inside is the same level to the one who looks at it.
    if (isTar(content)) yield* this.#tar(path, content, depth);
    else yield* this.#file(`${path}!/${path.slice(path.lastIndexOf('/') + 1).replace(/\.(?:gz|tgz|zst)$/i, '')}`, content, depth);
  }

  *#file(path: string, bytes: Uint8Array, depth: number): Generator<ArchiveFile> {
    this.#files++;
    this.#bytesLeft -= bytes.length;
    if (archiveFormat(bytes) === undefined) yield { path, bytes };
    else if (depth < this.#limits.depthMax) yield* this.archive(path, bytes, depth + 1);
    else this.#leave(path, 'archive', `archives more than ${this.#limits.depthMax} deep are not opened`);
  }

  /** Bytes that a file of a stored size may have. */
  #allowance(packedSize: number): number {
    return Math.min(this.#bytesLeft, this.#limits.fileBytesMax, MB + packedSize * this.#limits.ratioMax);
  }

  #isFull(path: string): boolean {
    const { filesMax, bytesMax } = this.#limits;
    if (this.#files < filesMax && this.#bytesLeft > 0) return false;
    this.#leave(
      path,
      'too-large',
      `the archive holds more than ${filesMax} files or ${Math.floor(bytesMax / MB)} MB; the rest is not read`,
    );
    return true;
  }

  #refuse(path: string, packedSize: number): void {
    const { ratioMax, fileBytesMax } = this.#limits;
    this.#leave(
      path,
      'too-large',
      `stored in ${packedSize} bytes it unfolds to more than ${Math.floor(fileBytesMax / MB)} MB or ${ratioMax} times its size, and is not read`,
    );
  }

  #leave(file: string, what: string, message: string, help?: string): void {
    this.#tell({ file, what, message, ...(help !== undefined && { help }) });
  }
}
