// The growing end of a stream: one open segment, and the closed ones before it within a size bound.
import { constants } from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { segmentName, streamName } from './journal-format.ts';
import { type Segment, syncFolder } from './journal-segments.ts';

// O_DSYNC: each write returns when its bytes are on disk. A call to fdatasync would do the same, but Node's permission model has none.
const APPEND = constants.O_RDWR | constants.O_DSYNC;
const APPEND_NEW = APPEND | constants.O_CREAT | constants.O_EXCL;

export interface SizedSegment extends Segment {
  readonly bytes: number;
}

export interface SegmentWriterOptions {
  readonly dir: string;
  readonly node: string;
  readonly segmentBytesMax: number;
  readonly totalBytesMax: number;
  /** Earlier segments, oldest first. */
  readonly closed: readonly SizedSegment[];
  /** A segment to write on. */
  readonly resume: SizedSegment | undefined;
  /** Told how many sequence numbers went with a segment that was removed to keep the bound. */
  onRemoved(count: number): void;
}

export class SegmentWriter {
  readonly #options: SegmentWriterOptions;
  readonly #closed: SizedSegment[];
  #file: FileHandle | undefined;
  #segment: Segment | undefined;
  /** Length of the open segment that is known to be on disk. */
  #bytes = 0;

  /** Use `openSegmentWriter`. */
  constructor(options: SegmentWriterOptions, file: FileHandle | undefined) {
    this.#options = options;
    this.#closed = [...options.closed];
    this.#file = file;
    this.#segment = options.resume;
    this.#bytes = options.resume?.bytes ?? 0;
  }

  /** Writes whole lines; they are on disk when this resolves. Begins the next segment when they do not fit. */
  async write(bytes: Buffer, firstSequence: number): Promise<void> {
    if (!this.#file || this.#bytes + bytes.length > this.#options.segmentBytesMax) await this.#next(firstSequence);
    const file = this.#file!;
    for (let at = 0; at < bytes.length;) at += (await file.write(bytes, at, bytes.length - at, this.#bytes + at)).bytesWritten;
    this.#bytes += bytes.length;
  }

  /** After a failed write nothing is known about the file's end, and a later sync would report success for pages that were lost: cut it to what is known and leave it. */
  async abandon(): Promise<void> {
    const file = this.#file;
    if (!file || !this.#segment) return;
    this.#file = undefined;
    await file.truncate(this.#bytes).catch(() => undefined);
    await file.close().catch(() => undefined);
    if (this.#bytes > 0) this.#closed.push({ ...this.#segment, bytes: this.#bytes });
    else await unlink(this.#segment.path).catch(() => undefined);
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  async #next(firstSequence: number): Promise<void> {
    const { dir, node } = this.#options;
    if (this.#file && this.#segment) {
      await this.#file.close();
      this.#closed.push({ ...this.#segment, bytes: this.#bytes });
      this.#file = undefined;
    }
    const path = join(dir, segmentName(node, firstSequence));
    // Exclusive: a segment is begun once; a name that exists is a bug or an intruder.
    this.#file = await open(path, APPEND_NEW, 0o600);
    this.#segment = { path, stream: streamName(node), firstSequence };
    this.#bytes = 0;
    await syncFolder(dir);
    await this.#retain(firstSequence);
  }

  async #retain(nowFirst: number): Promise<void> {
    const { segmentBytesMax, totalBytesMax } = this.#options;
    let total = this.#closed.reduce((sum, one) => sum + one.bytes, 0) + segmentBytesMax;
    while (total > totalBytesMax && this.#closed.length > 0) {
      const oldest = this.#closed.shift()!;
      total -= oldest.bytes;
      await unlink(oldest.path).catch(() => undefined);
      this.#options.onRemoved((this.#closed[0]?.firstSequence ?? nowFirst) - oldest.firstSequence);
    }
  }
}

export async function openSegmentWriter(options: SegmentWriterOptions): Promise<SegmentWriter> {
  return new SegmentWriter(options, options.resume ? await open(options.resume.path, APPEND) : undefined);
}
