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

  constructor(spec: PlaneSpec, kind: ProcessState['kind'], events: PlaneEvents) {
    this.#spec = spec;
    this.#kind = kind;
    this.#events = events;
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
    const ended = (detail: string): void => {
      if (this.#child !== child) return;
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
    // Not its exit: what it said last comes before this.
    child.once('close', (code, signal) => ended(signal ? `ended by ${signal}` : `exited with ${code}`));
    this.#events.onStart(child, this.#restarts);
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
