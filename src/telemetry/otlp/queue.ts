// What waits to be sent: bounded, in batches, one request at a time, again with growing pauses while the collector cannot take it.
import type { Clock, Random } from '#base/ports.ts';
import type { Sent } from './send.ts';

export const QUEUE_MAX = 8192;
export const BATCH_MAX = 512;
const FIRST_WAIT_MS = 1000;
const WAIT_MAX_MS = 30_000;
/** A batch that could not be sent for so long is given up. */
const GIVE_UP_MS = 300_000;

export type DropReason = 'queue-full' | 'rejected' | 'refused' | 'unreachable' | 'stopped';

export interface QueuePorts<T> {
  readonly clock: Clock;
  readonly random: Random;
  /** Sends one batch. */
  send(batch: readonly T[]): Promise<Sent>;
  onSent(count: number): void;
  /** @param why for people; '' when the reason says it all */
  onDropped(count: number, reason: DropReason, why: string): void;
  /** A batch is sent again later. */
  onTrouble(why: string): void;
}

export class SendQueue<T> {
  readonly #ports: QueuePorts<T>;
  #waiting: T[] = [];
  #sending: Promise<void> | undefined;
  #closed = false;
  readonly #stop = new AbortController();

  constructor(ports: QueuePorts<T>) {
    this.#ports = ports;
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** Takes an item, or drops it when too many wait: what came first is more use than what came last, since it shows how trouble began. */
  add(item: T): void {
    if (this.#closed) this.#ports.onDropped(1, 'stopped', '');
    else if (this.#waiting.length >= QUEUE_MAX) this.#ports.onDropped(1, 'queue-full', '');
    else {
      this.#waiting.push(item);
      if (this.#waiting.length >= BATCH_MAX) this.flush();
    }
  }

  /** Sends what waits, unless it is being sent. */
  flush(): void {
    if (this.#sending || this.#waiting.length === 0) return;
    this.#sending = this.#drain().finally(() => {
      this.#sending = undefined;
    });
  }

  /** One last try for what waits, for at most `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.flush();
    this.#closed = true;
    const timer = setTimeout(() => this.#stop.abort(), graceMs);
    await this.#sending;
    clearTimeout(timer);
    if (this.#waiting.length > 0) this.#ports.onDropped(this.#waiting.length, 'stopped', '');
    this.#waiting = [];
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0 && !this.#stop.signal.aborted) await this.#sendBatch(this.#waiting.splice(0, BATCH_MAX));
  }

  async #sendBatch(batch: readonly T[]): Promise<void> {
    const ports = this.#ports;
    const { clock, random } = ports;
    const sinceMs = clock.monotonicMs();
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, WAIT_MAX_MS)) {
      const sent = await this.#unlessStopped(ports.send(batch));
      if (!sent) return ports.onDropped(batch.length, 'stopped', '');
      if (sent.kind === 'done') {
        const rejected = Math.min(sent.rejected, batch.length);
        if (rejected > 0) ports.onDropped(rejected, 'rejected', 'the collector did not take all of a batch');
        return ports.onSent(batch.length - rejected);
      }
      if (sent.kind === 'refused') return ports.onDropped(batch.length, 'refused', sent.why);
      if (clock.monotonicMs() - sinceMs >= GIVE_UP_MS) return ports.onDropped(batch.length, 'unreachable', sent.why);
      if (this.#closed) return ports.onDropped(batch.length, 'stopped', sent.why);
      ports.onTrouble(sent.why);
      // Half of it by chance, so that many who were refused together do not come back together.
      await this.#pause(sent.afterMs ?? waitMs * (0.5 + random.unit() / 2));
    }
  }

  async #unlessStopped(sent: Promise<Sent>): Promise<Sent | undefined> {
    const { signal } = this.#stop;
    if (signal.aborted) return undefined;
    let stopped: (() => void) | undefined;
    const stop = new Promise<undefined>((resolve) => {
      stopped = () => resolve(undefined);
      signal.addEventListener('abort', stopped);
    });
    const result = await Promise.race([sent, stop]);
    if (stopped) signal.removeEventListener('abort', stopped);
    return result;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const { signal } = this.#stop;
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      timer.unref();
      signal.addEventListener('abort', done);
      if (signal.aborted) done();
    });
  }
}
