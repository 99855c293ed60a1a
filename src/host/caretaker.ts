// The supervisor's end of the line to a namespace's init: questions with answers, programs that run, and the end of both.
import type { ChildProcess } from 'node:child_process';
import { CullisError } from '#base/errors.ts';
import type { Query } from './init-dns.ts';
import type { Tell } from './init-watch.ts';
import { allStats, innerPid } from './proc.ts';
import type { Output } from './output.ts';
import type { FromInit, ToInit } from './protocol.ts';
import type { RawHandle } from './raw.ts';
import type { Exit } from './supervise.ts';

const UP_TIMEOUT_MS = 20_000;
const REQUEST_TIMEOUT_MS = 15_000;
const BOOT_OUTPUT_MAX = 4096;

interface Waiting {
  readonly resolve: (raw: RawHandle | undefined) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

interface Run {
  readonly started: (pid: number) => void;
  readonly exited: (exit: Exit) => void;
}

/** Asked of a namespace that ended. */
const GONE = 'the namespace is gone';

export class Caretaker {
  /** The `unshare` process that waits for the namespace's first one. */
  readonly pid: number;
  /** Resolves with the reason when everything in the namespace has ended. */
  readonly gone: Promise<string>;
  /** What the name server inside was asked for. */
  onQueries: ((queries: readonly Query[]) => void) | undefined;
  /** What was tried inside that leads nowhere. */
  onAttempts: Tell | undefined;
  readonly output: Pick<Output, 'stdout' | 'stderr'>;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #runs = new Map<number, Run>();
  #next = 1;

  /**
   * Waits until init speaks.
   * @param output where the child writes to @param what for the error's text @throws CullisError isolation.unavailable with the last words of the boot script
   */
  static async up(child: ChildProcess, output: Output, what: string): Promise<Caretaker> {
    const words: Buffer[] = [];
    const collect = (chunk: Buffer): void => void words.push(chunk);
    output.stderr.on('data', collect);
    const made = new Caretaker(child, output);
    const up = Promise.withResolvers<string>();
    const onMessage = (message: FromInit): void => {
      if (message.ev === 'up') up.resolve('');
    };
    child.on('message', onMessage);
    const timer = setTimeout(() => up.resolve(`not up after ${UP_TIMEOUT_MS} ms`), UP_TIMEOUT_MS);
    const failure = await Promise.race([up.promise, made.gone]);
    clearTimeout(timer);
    child.removeListener('message', onMessage);
    output.stderr.removeListener('data', collect);
    if (failure === '') return made;
    await made.end();
    const said = Buffer.concat(words).toString('utf8').slice(-BOOT_OUTPUT_MAX).trim().split('\n').at(-1);
    throw new CullisError('isolation.unavailable', `no namespace for \`${what}\`: ${said || failure}`);
  }

  private constructor(child: ChildProcess, output: Output) {
    this.#child = child;
    this.output = output;
    this.pid = child.pid ?? 0;
    this.gone = new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(signal ? `was ended by ${signal}` : `ended with ${code}`));
    });
    void this.gone.then((why) => {
      this.#lose(why);
      // Nobody reads what no program wrote; it ends all the same.
      if (output.stdout.readableFlowing === null) output.stdout.resume();
    });
    child.on('message', (message: FromInit, raw: unknown) => this.#receive(message, raw as RawHandle | undefined));
  }

  #receive(message: FromInit, raw: RawHandle | undefined): void {
    switch (message.ev) {
      case 'up':
        return;
      case 'queries':
        return this.onQueries?.(message.queries);
      case 'attempts':
        return this.onAttempts?.(message.attempts, message.more);
      case 'started':
        return this.#runs.get(message.run)?.started(message.pid);
      case 'exit':
        return this.#runs.get(message.run)?.exited(message);
      case 'done':
      case 'failed': {
        const waiting = this.#waiting.get(message.id);
        // Whoever asked has stopped waiting.
        if (!waiting) return raw?.close();
        this.#waiting.delete(message.id);
        clearTimeout(waiting.timer);
        if (message.ev === 'done') waiting.resolve(raw);
        else waiting.reject(Object.assign(new Error(message.message), { code: message.code }));
      }
    }
  }

  #lose(why: string): void {
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new Error(`the namespace ${why}`));
    }
    this.#waiting.clear();
    for (const { exited } of this.#runs.values()) exited({ code: null, signal: null, failure: `the namespace ${why}` });
  }

  tell(message: ToInit): void {
    // What cannot be told is answered by `gone`.
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  /** @returns the handle, when the answer carries one @throws Error with the system's `code` */
  async ask(message: (id: number) => ToInit, timeoutMs = REQUEST_TIMEOUT_MS): Promise<RawHandle | undefined> {
    if (!this.#child.connected) throw new Error(GONE);
    const id = this.#next++;
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(Object.assign(new Error(`no answer from the namespace in ${timeoutMs} ms`), { code: 'ETIMEDOUT' }));
      }, timeoutMs);
      this.#waiting.set(id, { resolve, reject, timer });
      this.tell(message(id));
    });
  }

  /**
   * Starts a program inside.
   * @returns its pid as this machine numbers it (0 when it did not start), its end, and how to signal its group
   * @throws Error when the namespace is gone
   */
  async run(
    words: readonly string[],
    cwd: string,
    env: Readonly<Record<string, string>>,
  ): Promise<{ pid: number; exited: Promise<Exit>; signal: (signal: NodeJS.Signals) => void }> {
    if (!this.#child.connected) throw new Error(GONE);
    const run = this.#next++;
    const started = Promise.withResolvers<number>();
    const exited = Promise.withResolvers<Exit>();
    this.#runs.set(run, {
      started: started.resolve,
      exited: (exit) => {
        this.#runs.delete(run);
        exited.resolve(exit);
        started.resolve(0);
      },
    });
    this.tell({ op: 'run', run, words, cwd, env });
    const inner = await started.promise;
    return {
      pid: inner === 0 ? 0 : outerPid(this.pid, inner),
      exited: exited.promise,
      signal: (signal) => this.tell({ op: 'signal', run, signal }),
    };
  }

  /** Ends everything inside and waits until it has. */
  async end(): Promise<void> {
    const running = this.pid > 0 && this.#child.exitCode === null && this.#child.signalCode === null;
    // The kernel ends all others before pid 1 of a namespace is gone, and unshare waits for pid 1: then nothing is left.
    const first = running ? allStats().find(({ ppid }) => ppid === this.pid)?.pid : undefined;
    // What unshare says about its child's end is nobody's log line.
    this.output.stderr.destroy();
    if (first === undefined || !killed(first)) this.#child.kill('SIGKILL');
    await this.gone;
    if (this.#child.connected) this.#child.disconnect();
  }
}

function killed(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

/** The number outside of a process that is `inner` inside (proc_pid_status(5), NSpid); that of the namespace when it cannot be found. */
function outerPid(root: number, inner: number): number {
  const stats = allStats();
  const parents = new Map(stats.map(({ pid, ppid }) => [pid, ppid]));
  for (const { pid } of stats) {
    let at: number | undefined = pid;
    while (at !== undefined && at > 1 && at !== root) at = parents.get(at);
    if (at === root && innerPid(pid) === inner) return pid;
  }
  return root;
}
