// A plane process that must always run: started, restarted with back-off when it ends, stopped in order.
import type { ChildProcess } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { CullisError } from '#base/errors.ts';
import type { ProcessState } from './messages.ts';
import { startPlane, type PlaneSpec } from './plane-process.ts';

const BACKOFF_FIRST_MS = 100;
const BACKOFF_MAX_MS = 5_000;
/** A plane that ran this long starts over with the shortest wait. */
const STABLE_MS = 10_000;
const STOP_GRACE_MS = 4_000;

export interface PlaneEvents {
  /** A new process is there: attach to its messages. Called again after each restart. */
  onStart(child: ChildProcess, restarts: number): void;
  onExit(detail: string, restarts: number): void;
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

  markReady(): void {
    this.#ready = true;
  }

  start(): void {
    const startedMs = performance.now();
    const child = startPlane(this.#spec);
    this.#child = child;
    this.#ready = false;
    child.once('error', () => {});
    child.once('exit', (code, signal) => {
      this.#child = undefined;
      if (this.#stopping) return;
      this.#restarts++;
      if (performance.now() - startedMs > STABLE_MS) this.#backoffMs = BACKOFF_FIRST_MS;
      this.#events.onExit(signal ? `ended by ${signal}` : `exited with ${code}`, this.#restarts);
      void this.#again();
    });
    this.#events.onStart(child, this.#restarts);
  }

  async #again(): Promise<void> {
    const backoffMs = this.#backoffMs;
    this.#backoffMs = Math.min(backoffMs * 2, BACKOFF_MAX_MS);
    await wait(backoffMs, undefined, { signal: this.#pause.signal }).catch(() => {});
    if (!this.#stopping) this.start();
  }

  /** @throws CullisError process.failed when it is not running */
  send(message: object): void {
    if (!this.#child?.connected) throw new CullisError('process.failed', `\`${this.#spec.name}\` is not running`);
    this.#child.send(message, () => {});
  }

  /** Asks it to end, then makes it. */
  async stop(ask: object | undefined): Promise<void> {
    this.#stopping = true;
    this.#pause.abort();
    const child = this.#child;
    if (!child) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    if (ask && child.connected) child.send(ask, () => {});
    else child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
    await gone;
    clearTimeout(kill);
  }
}
