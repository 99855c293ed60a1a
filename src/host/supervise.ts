// The life of one workload, whatever it runs in: start, wait until it serves, restart with back-off, stop.
import type { Readable } from 'node:stream';
import { CullisError, messageOf } from '#base/errors.ts';
import { type Backoff, DEFAULT_BACKOFF, backoffMs } from './backoff.ts';
import { type LogLine, pumpLines } from './lines.ts';

export type RunState = 'starting' | 'ready' | 'restarting' | 'stopped';

export interface LastExit {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
  readonly atMs: number;
}

export interface RunStatus {
  readonly state: RunState;
  /** 0 while nothing runs. As this machine sees it, also for a namespace. */
  readonly pid: number;
  readonly restarts: number;
  readonly lastExit: LastExit | undefined;
  /** What a person should know: `not ready after 30.0 s: nothing listens`; '' when all is well. */
  readonly detail: string;
}

export interface RunEvents {
  onState?(id: string, status: RunStatus): void;
  onLog?(line: LogLine): void;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
  /** Why it could not even start. */
  readonly failure?: string;
}

/** A started program with everything it started. */
export interface Launched {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  readonly output: readonly { readonly stream: 'stdout' | 'stderr'; readonly readable: Readable }[];
  /** Ends the whole tree: politely, then after `graceMs` by force. Resolves when none of it is left. Also cleans up after an exit. */
  end(graceMs: number): Promise<void>;
}

/** Where programs run: this machine, or a namespace. */
export interface Launcher {
  launch(): Promise<Launched>;
  /** @returns undefined when the program serves, else why not */
  probe(pid: number): Promise<string | undefined>;
}

export interface RunningWorkload {
  readonly id: string;
  status(): RunStatus;
  /** Resolves when it first serves; rejects with CullisError process.failed when that takes longer than `readyTimeoutMs` or it is stopped. */
  ready(): Promise<void>;
  /** Stops for good. @param graceMs between SIGTERM and SIGKILL, 5 s */
  stop(graceMs?: number): Promise<void>;
}

export interface SuperviseOptions {
  readonly id: string;
  readonly readyTimeoutMs: number;
  readonly backoff?: Partial<Backoff>;
}

export const STOP_GRACE_MS = 5000;
const PROBE_FIRST_MS = 25;
const PROBE_MAX_MS = 500;

/** Starts `launcher`'s program and keeps it running until `stop`. Never gives up: it keeps trying at the longest wait, and says so. */
export function supervise(launcher: Launcher, options: SuperviseOptions, events: RunEvents): RunningWorkload {
  return new Supervision(launcher, options, events);
}

class Supervision implements RunningWorkload {
  readonly id: string;
  readonly #launcher: Launcher;
  readonly #options: SuperviseOptions;
  readonly #events: RunEvents;
  readonly #backoff: Backoff;
  readonly #pumped = new WeakSet<Readable>();
  readonly #stop = new AbortController();
  readonly #firstReady = Promise.withResolvers<void>();
  readonly #loop: Promise<void>;
  #status: RunStatus = { state: 'starting', pid: 0, restarts: 0, lastExit: undefined, detail: '' };
  #graceMs = STOP_GRACE_MS;

  constructor(launcher: Launcher, options: SuperviseOptions, events: RunEvents) {
    this.id = options.id;
    this.#launcher = launcher;
    this.#options = options;
    this.#events = events;
    this.#backoff = { ...DEFAULT_BACKOFF, ...options.backoff };
    // Whoever does not wait for readiness need not handle its failure; the status says it too.
    this.#firstReady.promise.catch(() => {});
    this.#loop = this.#keepRunning();
  }

  status(): RunStatus {
    return this.#status;
  }

  async ready(): Promise<void> {
    await this.#firstReady.promise;
  }

  async stop(graceMs = STOP_GRACE_MS): Promise<void> {
    this.#graceMs = graceMs;
    this.#stop.abort();
    await this.#loop;
  }

  #set(change: Partial<RunStatus>): void {
    this.#status = { ...this.#status, ...change };
    this.#events.onState?.(this.id, this.#status);
  }

  async #keepRunning(): Promise<void> {
    const stopped = this.#stop.signal;
    let failures = 0;
    // The face promises an object before anything happens.
    await Promise.resolve();
    const startedMs = performance.now();
    while (!stopped.aborted) {
      const launchedMs = performance.now();
      const exit = await this.#runOnce(startedMs);
      if (stopped.aborted) break;
      failures = performance.now() - launchedMs >= this.#backoff.stableMs ? 1 : failures + 1;
      const waitMs = backoffMs(failures, Math.random(), this.#backoff);
      const lasting = this.#backoff.firstMs * 2 ** (failures - 1) >= this.#backoff.maxMs;
      this.#set({
        state: 'restarting',
        pid: 0,
        restarts: this.#status.restarts + 1,
        lastExit: { code: exit.code, signal: exit.signal, atMs: Date.now() },
        detail: `${describeExit(exit)}, ${lasting ? `failed ${failures} times in a row, still trying` : 'next try'} in ${waitMs} ms`,
      });
      await pause(waitMs, stopped);
    }
    this.#firstReady.reject(new CullisError('process.failed', `\`${this.id}\` was stopped before it was ready`));
    this.#set({ state: 'stopped', pid: 0, detail: '' });
  }

  /** From start to the end of the last process of the tree. */
  async #runOnce(startedMs: number): Promise<Exit> {
    this.#set({ state: 'starting', detail: '' });
    let launched: Launched;
    try {
      launched = await this.#launcher.launch();
    } catch (error) {
      return { code: null, signal: null, failure: messageOf(error) };
    }
    for (const { stream, readable } of launched.output) this.#pump(stream, readable);
    const ended = new AbortController();
    this.#set({ pid: launched.pid });
    // Once `ended` says so it changes nothing more; a probe that still waits need not be waited for.
    void this.#watchReadiness(launched.pid, ended.signal, startedMs);
    const exit = await Promise.race([launched.exited, aborted(this.#stop.signal)]);
    ended.abort();
    await launched.end(exit ? 0 : this.#graceMs);
    return exit ?? (await launched.exited);
  }

  #pump(stream: 'stdout' | 'stderr', readable: Readable): void {
    if (this.#pumped.has(readable)) return;
    this.#pumped.add(readable);
    pumpLines(this.id, stream, readable, (line) => this.#events.onLog?.(line));
  }

  async #watchReadiness(pid: number, ended: AbortSignal, startedMs: number): Promise<void> {
    let late = false;
    for (let waitMs = PROBE_FIRST_MS; !ended.aborted; waitMs = Math.min(waitMs * 1.5, PROBE_MAX_MS)) {
      const why = await this.#launcher.probe(pid).catch(messageOf);
      if (ended.aborted) return;
      if (why === undefined) {
        this.#set({ state: 'ready', detail: '' });
        this.#firstReady.resolve();
        return;
      }
      const sinceMs = performance.now() - startedMs;
      if (!late && sinceMs > this.#options.readyTimeoutMs) {
        late = true;
        const detail = `not ready after ${(this.#options.readyTimeoutMs / 1000).toFixed(1)} s: ${why}`;
        this.#set({ detail });
        this.#firstReady.reject(new CullisError('process.failed', `\`${this.id}\` is ${detail}`));
      }
      await pause(waitMs, ended);
    }
  }
}

function describeExit({ code, signal, failure }: Exit): string {
  if (failure !== undefined) return `could not start: ${failure}`;
  return signal ? `ended by ${signal}` : `exited with ${code}`;
}

/** Resolves after `ms` or when `signal` aborts, whichever is first. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}

async function aborted(signal: AbortSignal): Promise<undefined> {
  if (!signal.aborted) await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  return undefined;
}
