// The append-only event journal. docs/decisions/0005-journal.md says what it promises and how.
import { closeSync, constants, openSync, write } from 'node:fs';
import { chmod, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CullisError, messageOf } from '#base/errors.ts';
import type { Clock, Random } from '#base/ports.ts';
import type { Emit, Event, GapEvent } from '#model/event.ts';
import { uuidv7 } from './ids.ts';
import { Batch, type Done, type Loss } from './journal-batch.ts';
import { openSegmentWriter, type SegmentWriter } from './journal-file.ts';
import { LINE_BYTES_MAX, streamName } from './journal-format.ts';
import { lockStream } from './journal-lock.ts';
import { NOTHING_TO_RECOVER, ownSegments, type Recovery, recoverSegment, sizeOf } from './journal-segments.ts';
import type { Metrics } from './metrics.ts';

export { followJournal, type FollowOptions } from './journal-follow.ts';
export { findEvent, readJournal, type ReadOptions } from './journal-read.ts';

const SEGMENT_BYTES_MAX = 16 * 1024 * 1024;
const TOTAL_BYTES_MAX = 512 * 1024 * 1024;
const QUEUE_BYTES_MAX = 8 * 1024 * 1024;
/** One write. A batch that is full is written at once. */
const BATCH_BYTES = 256 * 1024;
/** Memory of written batches that is kept for the next ones. */
const SPARE_MAX = 4;
const WRITE_AFTER_MS = 500;
const COUNT_AFTER_MS = 10;

export interface JournalOptions {
  /** Name of this process, e.g. `proxy/1`; one writer a name. */
  readonly node: string;
  readonly clock: Clock;
  readonly random: Random;
  /** A file is closed and the next begun beyond this; 16 MiB when absent. */
  readonly segmentBytesMax?: number;
  /** Of this process' files together; the oldest are removed beyond it, which a gap event says. 512 MiB when absent. */
  readonly totalBytesMax?: number;
  /** Events waiting for the disk, in characters of JSON; batched events beyond it are dropped and counted. 8 MiB when absent. */
  readonly queueBytesMax?: number;
  readonly metrics?: Metrics;
  /** Told once per failed batch, for the operational log. */
  readonly onError?: (error: CullisError) => void;
}

export class Journal implements Emit {
  readonly #dir: string;
  readonly #options: JournalOptions & { readonly queueBytesMax: number };
  readonly #unlock: () => void;
  readonly #nextId: () => string;
  readonly #writer: SegmentWriter;
  /** Batches that are full, oldest first, and the one that is being filled. */
  readonly #full: Batch[] = [];
  #filling: Batch | undefined;
  readonly #spare: Buffer[] = [];
  #queueChars = 0;
  #sequence: number;
  readonly #losses = new Map<string, Loss>();
  #running = false;
  #draining: Promise<void> | undefined;
  #writeTimer: NodeJS.Timeout | undefined;
  #countTimer: NodeJS.Timeout | undefined;
  readonly #countFile: number;
  #counting = Promise.resolve();
  #ended = false;
  /** A write is wanted: an event that waits, much to write, or enough time. */
  #due = false;

  /** Use `openJournal`. */
  constructor(
    dir: string,
    options: JournalOptions,
    state: {
      readonly unlock: () => void;
      readonly writer: SegmentWriter;
      readonly sequence: number;
      readonly countFile: number;
    },
  ) {
    this.#dir = dir;
    this.#options = { queueBytesMax: QUEUE_BYTES_MAX, ...options };
    this.#unlock = state.unlock;
    this.#nextId = uuidv7(options.clock, options.random);
    this.#writer = state.writer;
    this.#sequence = state.sequence;
    this.#countFile = state.countFile;
  }

  /** The last sequence number taken in, counting from 1 over the life of this stream. */
  get sequence(): number {
    return this.#sequence;
  }

  emit(event: Event): void {
    this.#accept(event, undefined);
  }

  /** @throws (rejects) CullisError journal.unwritable when the disk refused; the event may then be lost */
  emitDurably(event: Event): Promise<void> {
    return new Promise((resolve, reject) => this.#accept(event, (error) => (error ? reject(error) : resolve())));
  }

  /** Resolves when everything taken in so far is on disk. Never rejects: what failed was counted. */
  async flush(): Promise<void> {
    while (this.#running || this.#waits) {
      const before = this.#queueChars + this.#losses.size;
      this.#due = true;
      await (this.#running ? this.#draining : this.#startDrain());
      if (!this.#running && before > 0 && this.#queueChars + this.#losses.size >= before) return;
    }
  }

  /** Writes what waits, and gives the stream back. Events after this are refused. */
  async close(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.flush();
    clearTimeout(this.#writeTimer);
    clearTimeout(this.#countTimer);
    await this.#counting;
    closeSync(this.#countFile);
    await this.#writer.close();
    // An absent count tells the next start that nothing was in flight.
    await rm(countPath(this.#dir, this.#options.node), { force: true });
    this.#unlock();
  }

  /** Something is to be written. */
  get #waits(): boolean {
    return this.#queueChars > 0 || this.#losses.size > 0;
  }

  #accept(event: Event, done: Done | undefined): void {
    if (this.#ended) return this.#refuse('the journal is closed', done);
    const json = JSON.stringify(event);
    // Durable events have the same room again above the batched ones, so that a flood of the latter does not refuse them.
    const bound = done ? this.#options.queueBytesMax * 2 : this.#options.queueBytesMax;
    if (this.#queueChars + json.length > bound) return this.#refuse('the queue was full', done);
    if (json.length > LINE_BYTES_MAX / 4) return this.#refuse('an event was too large', done);
    const batch = this.#push(json);
    if (done) batch.waiting.push(done);
    if (done || this.#full.length > 0) return this.#writeNow();
    this.#writeSoon();
    this.#countTimer ??= setTimeout(() => this.#writeCount(), COUNT_AFTER_MS).unref();
  }

  #push(json: string): Batch {
    const sequence = ++this.#sequence;
    this.#queueChars += json.length;
    if (this.#filling?.add(sequence, json)) return this.#filling;
    if (this.#filling) this.#full.push(this.#filling);
    const bytes = Math.max(BATCH_BYTES, Batch.bytesFor(json));
    const batch = new Batch((bytes === BATCH_BYTES ? this.#spare.pop() : undefined) ?? Buffer.allocUnsafeSlow(bytes));
    batch.add(sequence, json);
    this.#filling = batch;
    return batch;
  }

  #writeNow(): void {
    this.#due = true;
    if (!this.#running) void this.#startDrain();
  }

  #writeSoon(): void {
    this.#writeTimer ??= setTimeout(() => {
      this.#writeTimer = undefined;
      this.#writeNow();
    }, WRITE_AFTER_MS).unref();
  }

  /** Events went with a segment that was removed to keep the size bound; for the segment writer. */
  sayRemoved(count: number): void {
    this.#lose({ lost: count, detail: 'old events were removed, the journal is at its size bound' });
  }

  /** What a crash left of the stream, on disk when it resolves; nothing after a clean end. For the opener. */
  async sayRecovery({ tornBytes, damagedLines, damagedAt }: Recovery, lost: number, path: string): Promise<void> {
    const details: string[] = [];
    if (lost > 0) details.push(`at least ${lost} batched events were not yet on disk when the process ended`);
    if (tornBytes > 0) details.push(`${tornBytes} bytes of an unfinished write were cut`);
    if (damagedLines > 0) details.push(`${damagedLines} damaged lines in \`${path}\`, the first at byte ${damagedAt}`);
    if (details.length > 0) await this.emitDurably(this.#gap({ lost: lost + damagedLines, detail: details.join('; ') }));
  }

  #refuse(why: string, done: Done | undefined): void {
    if (done) done(new CullisError('journal.unwritable', `an event could not be kept: ${why}`));
    else this.#lose({ lost: 1, detail: why });
  }

  #lose(loss: Loss): void {
    this.#options.metrics?.counter('cullis_journal_lost_total', loss.detail).inc(loss.lost);
    this.#sayLater(loss);
  }

  #sayLater({ lost, detail }: Loss): void {
    this.#losses.set(detail, { detail, lost: lost + (this.#losses.get(detail)?.lost ?? 0) });
    if (!this.#ended) this.#writeSoon();
  }

  /**
   * Not synced: it survives the death of the process, which is when it is read. Not awaited either: a write to a file system that is just syncing
   * a batch can take as long as that sync.
   */
  #writeCount(): void {
    this.#counting = new Promise((resolve) => {
      // A full disk shows itself in the next batch, where it is reported; this figure only refines a count.
      write(this.#countFile, String(this.#sequence).padStart(16, '0'), 0, () => {
        this.#countTimer = undefined;
        resolve();
      });
    });
  }

  #startDrain(): Promise<void> {
    this.#running = true;
    this.#draining = this.#drain();
    return this.#draining;
  }

  async #drain(): Promise<void> {
    while (this.#due && this.#waits) {
      this.#due = false;
      const batch = this.#takeBatch();
      try {
        await this.#write(batch);
        for (const done of batch.waiting) done();
        this.#options.metrics?.gauge('cullis_journal_queued_bytes').set(this.#queueChars);
      } catch (cause) {
        const error = new CullisError(
          'journal.unwritable',
          `events could not be written to \`${this.#dir}\`: ${messageOf(cause)}`,
          { cause },
        );
        this.#options.onError?.(error);
        await this.#writer.abandon();
        this.#fail(batch, error);
      }
      if (batch.memory.length === BATCH_BYTES && this.#spare.length < SPARE_MAX) this.#spare.push(batch.memory);
    }
    // In the same turn as the loop's last look, so that an event that comes after it starts the next drain.
    this.#running = false;
  }

  #fail(batch: Batch, error: CullisError): void {
    for (const loss of batch.losses) this.#sayLater(loss);
    if (batch.batched > 0) this.#lose({ lost: batch.batched, detail: 'the disk refused a write' });
    for (const done of batch.waiting) done(error);
  }

  /** The oldest of what waits; what was lost meanwhile is said at the end. */
  #takeBatch(): Batch {
    for (const loss of this.#losses.values()) this.#push(JSON.stringify(this.#gap(loss))).losses.push(loss);
    this.#losses.clear();
    let batch = this.#full.shift();
    if (batch) this.#due = true;
    else {
      batch = this.#filling!;
      this.#filling = undefined;
    }
    this.#queueChars -= batch.chars;
    return batch;
  }

  #gap({ lost, detail }: Loss): GapEvent {
    return { type: 'gap', id: this.#nextId(), timeMs: this.#options.clock.nowMs(), node: this.#options.node, lost, detail };
  }

  async #write(batch: Batch): Promise<void> {
    const { metrics, clock } = this.#options;
    const bytes = batch.seal(this.#sequence);
    const startMs = clock.monotonicMs();
    await this.#writer.write(bytes, batch.firstSequence);
    if (!metrics) return;
    metrics.histogram('cullis_journal_sync_seconds').observe((clock.monotonicMs() - startMs) / 1000);
    metrics.counter('cullis_journal_bytes_total').inc(bytes.length);
    metrics.counter('cullis_journal_events_total', 'durable').inc(batch.waiting.length);
    metrics.counter('cullis_journal_events_total', 'batched').inc(batch.count - batch.waiting.length);
  }
}

function countPath(dir: string, node: string): string {
  return join(dir, `${streamName(node)}.count`);
}

/**
 * Opens a journal folder for writing, made with mode 0700 where it does not exist. What a crash left is repaired first, and said: a torn
 * end is cut, damaged lines and lost batched events are counted, all in one `gap` event that is on disk before this resolves.
 * @throws CullisError state.locked, state.unreadable, journal.unwritable
 */
export async function openJournal(dir: string, options: JournalOptions): Promise<Journal> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await chmod(dir, 0o700);
  const unlock = lockStream(dir, options.node);
  const undo: (() => unknown)[] = [unlock];
  try {
    const segments = await ownSegments(dir, options.node);
    const last = segments.at(-1);
    const recovery = last ? await recoverSegment(last) : NOTHING_TO_RECOVER;
    // Opened as it is: the count of the dead process is needed again should this one die before it has said the loss.
    const countFile = openSync(countPath(dir, options.node), constants.O_RDWR | constants.O_CREAT, 0o600);
    undo.push(() => closeSync(countFile));
    const counted = Number(await readFile(countPath(dir, options.node), 'latin1')) || 0;
    const accepted = Math.max(recovery.accepted, counted, recovery.lastSequence);
    const closed = await Promise.all(segments.map(async (one) => ({ ...one, bytes: await sizeOf(one.path) })));
    const tail = closed.at(-1);
    const segmentBytesMax = options.segmentBytesMax ?? SEGMENT_BYTES_MAX;
    // A short, sound last segment is written on, so that a process that restarts often does not leave a file each time.
    const resume = tail && recovery.damagedLines === 0 && tail.bytes < segmentBytesMax / 2 ? closed.pop() : undefined;
    const writer = await openSegmentWriter({
      dir,
      node: options.node,
      segmentBytesMax,
      totalBytesMax: options.totalBytesMax ?? TOTAL_BYTES_MAX,
      closed,
      resume,
      onRemoved: (count) => journal.sayRemoved(count),
    });
    undo.push(() => writer.close());
    // The next sequence number goes past everything the dead process may have given out, so that no number is ever used twice.
    const journal: Journal = new Journal(dir, options, { unlock, writer, sequence: accepted, countFile });
    await journal.sayRecovery(recovery, accepted - recovery.lastSequence, last?.path ?? '');
    return journal;
  } catch (error) {
    for (const step of undo.toReversed()) await step();
    throw error;
  }
}
