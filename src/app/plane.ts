// A plane process that must always run: started, restarted with back-off when it ends, stopped in order.
import type { ChildProcess } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { CullisError } from '#base/errors.ts';
import type { ProcessState } from './messages.ts';
import { startPlane, type PlaneSpec } from './plane-process.ts';

const BACKOFF_FIRST_MS = 50;
const BACKOFF_MAX_MS = 5_000;
/** A plane that ran this long starts over with the shortest wait. */
const STABLE_MS = 10_000;

/** A plane that hangs is as dead as one that ended. Reading very many manifests keeps control busy for a while, so this is patient. */
const WATCH: Watch = { everyMs: 5_000, unansweredMax: 12 };

export interface Watch {
  readonly everyMs: number;
  /** Questions without an answer, one after the other, until the process is ended. */
  readonly unansweredMax: number;
}

export interface PlaneEvents {
  /** A new process is there: attach to its messages. Called again after each restart. */
  onStart(child: ChildProcess, restarts: number): void;
  /** It ended by itself, and is started again in `againInMs`. */
  onExit(pid: number, detail: string, againInMs: number): void;
}

export class Plane {
  readonly #spec: PlaneSpec;
  readonly #kind: ProcessState['kind'];
  readonly #events: PlaneEvents;
  #child: ChildProcess | undefined;
  #restarts = 0;
  #stopping = false;
  #ready = false;
  #backoffMs = BACKOFF_FIRST_MS;
  #pause = new AbortController();
  readonly #watch: Watch;

  constructor(spec: PlaneSpec, kind: ProcessState['kind'], events: PlaneEvents, watch: Watch = WATCH) {
    this.#spec = spec;
    this.#kind = kind;
    this.#events = events;
    this.#watch = watch;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  state(): ProcessState {
    const state = this.#stopping ? 'stopped' : this.#child === undefined ? 'restarting' : this.#ready ? 'ready' : 'starting';
    return { name: this.#spec.name, kind: this.#kind, pid: this.pid, state, restarts: this.#restarts };
  }

  /** @returns whether that is news */
  markReady(): boolean {
    const news = !this.#ready && this.#child !== undefined;
    this.#ready = this.#child !== undefined;
    return news;
  }

  start(): void {
    if (this.#stopping || this.#child) return;
    const startedMs = performance.now();
    const child = startPlane(this.#spec);
    const pid = child.pid ?? 0;
    this.#child = child;
    this.#ready = false;
    const watcher = this.#watchOver(child);
    const ended = (how: string): void => {
      if (this.#child !== child) return;
      clearInterval(watcher.timer);
      const detail = watcher.hung() ? `did not answer for ${(this.#watch.everyMs * this.#watch.unansweredMax) / 1000} s` : how;
      this.#child = undefined;
      if (this.#stopping) return;
      this.#restarts++;
      if (performance.now() - startedMs > STABLE_MS) this.#backoffMs = BACKOFF_FIRST_MS;
      const againInMs = this.#backoffMs;
      this.#backoffMs = Math.min(againInMs * 2, BACKOFF_MAX_MS);
      this.#events.onExit(pid, detail, againInMs);
      void this.#again(againInMs);
    };
    // One that could not be started (no memory, no process number left) never exits.
    child.once('error', (error) => child.pid === undefined && ended(`could not start: ${error.message}`));
    // Not its exit: what it said last, in lines and in messages, comes before this.
    child.once('close', (code, signal) => {
      const last = (): void => ended(signal ? `ended by ${signal}` : `exited with ${code}`);
      if (child.connected) child.once('disconnect', last);
      else last();
    });
    this.#events.onStart(child, this.#restarts);
  }

  /** Any message counts as an answer. Questions are counted, not seconds: this process may itself have been held. */
  #watchOver(child: ChildProcess): { readonly timer: NodeJS.Timeout; hung(): boolean } {
    const { everyMs, unansweredMax } = this.#watch;
    let unanswered = 0;
    child.on('message', () => {
      unanswered = 0;
    });
    const timer = setInterval(() => {
      if (unanswered >= unansweredMax) child.kill('SIGKILL');
      else if (child.connected) child.send({ type: 'ping' }, () => {});
      unanswered++;
    }, everyMs).unref();
    return { timer, hung: () => unanswered > unansweredMax };
  }

  async #again(waitMs: number): Promise<void> {
    await wait(waitMs, undefined, { signal: this.#pause.signal }).catch(() => {});
    this.start();
  }

  /** @throws CullisError process.failed when it is not running */
  send(message: object): void {
    if (!this.#child?.connected) throw new CullisError('process.failed', `\`${this.#spec.name}\` is not running`);
    this.#child.send(message, () => {});
  }

  /** Asks it to end, makes it end after `graceMs`. One that is not yet ready has nothing to finish. Resolves when it has ended. */
  async stop(ask: object | undefined, graceMs: number): Promise<void> {
    this.#stopping = true;
    this.#pause.abort();
    const child = this.#child;
    if (!child || child.pid === undefined) return;
    const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
    if (ask && this.#ready && child.connected) child.send(ask, () => {});
    else child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), graceMs);
    await gone;
    clearTimeout(kill);
  }

  /** Ends it at once. */
  kill(): void {
    this.#stopping = true;
    this.#pause.abort();
    this.#child?.kill('SIGKILL');
  }
}
