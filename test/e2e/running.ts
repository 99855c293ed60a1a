// A running `cullis up` for tests: started as a user starts it, asked through its own API, ended by signals.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { StatusResponse } from '#api/control.ts';
import type { Event } from '#model/event.ts';
import { readJournal } from '#telemetry/journal.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CULLIS = join(ROOT, 'bin', 'cullis.js');
const START_TIMEOUT_MS = 60_000;

export function tempFolder(): string {
  return mkdtempSync(join(tmpdir(), 'cullis-e2e-'));
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly afterMs: number;
}

/** A command that runs: what it printed so far, and its end. */
export class Command {
  readonly child: ChildProcess;
  readonly out: string[] = [];
  readonly err: string[] = [];
  readonly ended: Promise<Ended>;
  readonly #startedMs = performance.now();
  readonly #waiting = new Set<() => void>();

  constructor(
    words: readonly string[],
    options: { readonly input?: string; readonly env?: Record<string, string>; readonly group?: boolean } = {},
  ) {
    const [program = '', ...args] = words;
    const env = { ...process.env, NO_COLOR: '1', ...options.env };
    this.child = spawn(program, args, { cwd: ROOT, env, stdio: ['pipe', 'pipe', 'pipe'], detached: options.group ?? false });
    this.child.stdin!.on('error', () => undefined);
    this.child.stdin!.end(options.input ?? '');
    for (const [stream, lines] of [
      [this.child.stdout!, this.out],
      [this.child.stderr!, this.err],
    ] as const)
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        for (const look of this.#waiting) look();
      });
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code, signal) => {
        resolve({ code, signal, afterMs: performance.now() - this.#startedMs });
        for (const look of this.#waiting) look();
      });
    });
  }

  get all(): string {
    return [...this.out, ...this.err].join('\n').slice(0, 4000);
  }

  /** The first line that matches, of those there are and those to come. */
  async line(wanted: RegExp, timeoutMs = 20_000): Promise<string> {
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => done(new Error(`no line like ${wanted} in:\n${this.all}`)), timeoutMs);
      const done = (result: string | Error): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        if (typeof result === 'string') resolve(result);
        else reject(result);
      };
      const look = (): void => {
        const found = [...this.out, ...this.err].find((line) => wanted.test(line));
        if (found !== undefined) done(found);
        else if (this.child.exitCode !== null || this.child.signalCode !== null)
          done(new Error(`ended without ${wanted}:\n${this.all}`));
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** @returns how it ended, and how long after the signal */
  async end(signal: NodeJS.Signals = 'SIGINT'): Promise<Ended> {
    const beforeMs = performance.now();
    this.child.kill(signal);
    return { ...(await this.ended), afterMs: performance.now() - beforeMs };
  }
}

export function cullis(args: readonly string[], options: ConstructorParameters<typeof Command>[1] = {}): Command {
  return new Command([process.execPath, CULLIS, ...args], options);
}

export interface Running {
  readonly command: Command;
  readonly state: string;
  readonly gateway: string;
  readonly first: StatusResponse;
  status(): Promise<StatusResponse>;
  api<T>(method: string, path: string, body?: object): Promise<T>;
  /** All events, oldest first. */
  events(): Promise<Event[]>;
  /** Pids of everything that carries this state folder's mark, and of the planes. */
  processes(): { readonly name: string; readonly pid: number }[];
  pidOf(name: string): number;
  /** SIGINT, and the proof that nothing is left. */
  stop(): Promise<Ended>;
}

/** Starts `cullis up` and waits until it says that it is up. */
export async function up(
  paths: readonly string[],
  state: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<Running> {
  const command = cullis(['up', ...paths, '--state', state, '--json', ...args], { env });
  const text = await command.line(/^\{/, START_TIMEOUT_MS);
  const first = JSON.parse(text) as StatusResponse & { readonly admin: string };
  assert.ok(Array.isArray(first.gateways), `it did not come up: ${text.slice(0, 500)}`);
  const api = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const token = readFileSync(join(state, 'operator-token'), 'utf8').trim();
    const admin = readFileSync(join(state, 'admin-url'), 'utf8').trim();
    const headers = { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) };
    const answer = await fetch(`${admin}/api/v1${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    assert.equal(answer.status, 200, `${method} ${path}`);
    return (await answer.json()) as T;
  };
  const running: Running = {
    command,
    state,
    first,
    gateway: first.gateways[0]?.url ?? '',
    api,
    status: () => api<StatusResponse>('GET', '/status'),
    async events() {
      const events: Event[] = [];
      for await (const event of readJournal(join(state, 'journal'))) events.push(event);
      return events;
    },
    processes: () => processesOf(state),
    pidOf(name) {
      const found = processesOf(state).find((one) => one.name === name);
      assert.ok(found, `no process ${name}`);
      return found.pid;
    },
    async stop() {
      const before = processesOf(state);
      const ended = await command.end();
      assertNothingLeft(state, before);
      return ended;
    },
  };
  return running;
}

export function processesOf(state: string): { readonly name: string; readonly pid: number }[] {
  try {
    const records = JSON.parse(readFileSync(join(state, 'processes.json'), 'utf8')) as { pid: number; what: string }[];
    return records.map(({ pid, what }) => ({ name: what, pid }));
  } catch {
    return [];
  }
}

/** @param before processes that were recorded while it ran */
export function assertNothingLeft(state: string, before: readonly { readonly name: string; readonly pid: number }[]): void {
  assert.deepEqual(
    before.filter(({ pid }) => alive(pid)).map(({ name }) => name),
    [],
    'processes that were started still run',
  );
  assert.deepEqual(marked(state), [], 'processes with the mark of this state folder still run');
  const left = readdirSync(state).filter((name) =>
    ['lock', 'run', 'processes.json', 'operator-token', 'admin-url'].includes(name),
  );
  assert.deepEqual(left, [], 'files of the run are left in the state folder');
}

export function alive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return false;
  }
}

/** Command lines of what has the state folder's mark in its environment. */
function marked(state: string): string[] {
  const instance = readFileSync(join(state, 'instance'), 'utf8').trim();
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && alive(Number(name)))
    .flatMap((pid) => {
      try {
        if (!readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`CULLIS_INSTANCE=${instance}`)) return [];
        return [readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').slice(0, 200)];
      } catch {
        return [];
      }
    });
}

export interface Answer {
  readonly path: string;
  /** 0 when there was none. */
  readonly status: number;
  readonly decision: string;
  readonly body: string;
  readonly error: string;
  readonly sentMs: number;
  readonly tookMs: number;
}

/** One request through the gateway; never rejects. */
export function ask(base: string, path: string, agent: Agent | false = false): Promise<Answer> {
  const sentMs = performance.now();
  return new Promise((resolve) => {
    const done = (part: Partial<Answer>): void =>
      resolve({ path, status: 0, decision: '', body: '', error: '', sentMs, tookMs: performance.now() - sentMs, ...part });
    const outgoing = request(new URL(path, base), { agent, timeout: 10_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', (error) => done({ error: error.message }));
      response.on('end', () =>
        done({
          status: response.statusCode ?? 0,
          decision: String(response.headers['x-cullis-decision-id'] ?? ''),
          body: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')));
    outgoing.on('error', (error) => done({ error: error.message }));
    outgoing.end();
  });
}

/** A steady stream of requests over kept connections, some allowed, some denied. */
export class Load {
  readonly answers: Answer[] = [];
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 16 });
  readonly #timer: NodeJS.Timeout;
  readonly #open = new Set<Promise<unknown>>();

  constructor(base: string, perSecond = 100, paths: readonly string[] = ['/ok', '/ok', '/ok', '/forbidden']) {
    let sent = 0;
    const startedMs = performance.now();
    this.#timer = setInterval(() => {
      // What a late timer missed is made up for, but not all at once.
      const due = Math.min(20, Math.floor(((performance.now() - startedMs) * perSecond) / 1000) - sent);
      for (let i = 0; i < due; i++) {
        const answer = ask(base, paths[sent++ % paths.length]!, this.#agent).then((one) => {
          this.answers.push(one);
          this.#open.delete(answer);
        });
        this.#open.add(answer);
      }
    }, 10);
  }

  /** Answers that came since, and are not what was to be expected. */
  wrong(sinceMs = 0): Answer[] {
    return this.answers.filter((one) => one.sentMs >= sinceMs && one.status !== (one.path === '/ok' ? 200 : 403));
  }

  /** Resolves when this many more right answers have come. @returns milliseconds until the first of them */
  async right(count: number, timeoutMs = 20_000): Promise<number> {
    const sinceMs = performance.now();
    for (;;) {
      const right = this.answers.filter((one) => one.sentMs >= sinceMs && one.path === '/ok' && one.status === 200);
      if (right.length >= count) return Math.min(...right.map((one) => one.sentMs + one.tookMs)) - sinceMs;
      assert.ok(performance.now() - sinceMs < timeoutMs, `only ${right.length} of ${count} right answers`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#open);
    this.#agent.destroy();
  }
}

/** Looks again and again until it is true. */
export async function until(what: string, look: () => boolean | Promise<boolean>, timeoutMs = 15_000): Promise<number> {
  const startedMs = performance.now();
  while (!(await look())) {
    assert.ok(performance.now() - startedMs < timeoutMs, `not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return performance.now() - startedMs;
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
