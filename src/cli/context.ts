// What every command gets: where to print, how wide, in colours or not, and what the process was started with. Commands touch no globals.
import type { CommandContext } from '@stricli/core';
import { readSync } from 'node:fs';
import { paintWith } from './text.ts';
import type { Paint } from './text.ts';

/** The part of Node's process that the command line uses; tests hand in their own. */
export interface CliProcess {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: CliStream;
  readonly stderr: CliStream;
  /** Where a terminal's keys come from. */
  readonly stdin?: CliInput | undefined;
  readonly ppid?: number;
  cwd(): string;
}

/** Standard input, as far as keys are read from it. */
export interface CliInput {
  readonly isTTY?: boolean;
  setRawMode?(on: boolean): unknown;
  on(event: 'data', listener: (chunk: Buffer | string) => void): unknown;
  off(event: 'data', listener: (chunk: Buffer | string) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

export interface CliStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  hasColors?(): boolean;
  on?(event: 'error' | 'resize', listener: (error: Error) => void): unknown;
  off?(event: 'resize', listener: () => void): unknown;
}

export interface Cli extends CommandContext {
  readonly process: CliProcess & { exitCode?: number | string | null };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Data: one line on stdout. */
  readonly out: (line?: string) => void;
  /** Progress and remarks: one line on stderr, only where a person looks. */
  readonly note: (line: string) => void;
  /** A mistake: one line on stderr, always. */
  readonly err: (line: string) => void;
  readonly paint: Paint;
  readonly paintErr: Paint;
  /** Columns of the terminal, 100 where there is none, at most 120. */
  readonly columns: number;
  /** All bytes of standard input. */
  readonly stdin: () => Uint8Array;
  /** `stop` aborts on SIGINT, SIGTERM and SIGHUP; `force` when one comes again a second later: somebody is losing patience. */
  readonly signals: () => { readonly stop: AbortSignal; readonly force: AbortSignal };
  readonly nowMs: () => number;
  /** What may follow these words of a command line; the last one is being typed. */
  readonly propose: (words: readonly string[]) => Promise<readonly { readonly completion: string; readonly brief: string }[]>;
}

const STDIN_BYTES_MAX = 64 * 1024 * 1024;

/** NO_COLOR and FORCE_COLOR win over what the terminal can do (no-color.org). */
function colors(stream: CliStream, env: Cli['env']): boolean {
  if (env['NO_COLOR']) return false;
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined && forced !== '0' && forced !== 'false') return true;
  return stream.isTTY === true && (stream.hasColors?.() ?? false);
}

/** @param nowMs the machine's clock; tests hand in their own */
export function makeCli(process: CliProcess, nowMs: () => number = Date.now): Cli {
  const { env, stdout, stderr } = process;
  const paint = paintWith(colors(stdout, env));
  return {
    process,
    env,
    cwd: process.cwd(),
    out: (line = '') => stdout.write(`${line}\n`),
    note: (line) => {
      if (stderr.isTTY) stderr.write(`${line}\n`);
    },
    err: (line) => stderr.write(`${line}\n`),
    paint,
    paintErr: paintWith(colors(stderr, env)),
    columns: Math.min(stdout.columns ?? 100, 120),
    stdin: readStdin,
    signals: () => stopSignals(process),
    nowMs,
    propose: () => Promise.resolve([]),
  };
}

function readStdin(): Uint8Array {
  const chunks: Buffer[] = [];
  let size = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(64 * 1024);
    let read = 0;
    try {
      read = readSync(0, chunk, 0, chunk.length, null);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EOF') break;
      // A pipe that is set to non-blocking has nothing yet.
      if (code === 'EAGAIN') {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
        continue;
      }
      throw error;
    }
    if (read === 0) break;
    size += read;
    chunks.push(chunk.subarray(0, read));
    // One byte more than is read is enough for the reader to refuse it by its own limit.
    if (size > STDIN_BYTES_MAX) break;
  }
  return Buffer.concat(chunks);
}

/** One Ctrl-C may come twice at once, from the terminal and from the process that started this one. */
const AGAIN_AFTER_MS = 1000;
const STARTER_LOOK_MS = 500;

function stopSignals(process: CliProcess): ReturnType<Cli['signals']> {
  const [stop, force] = [new AbortController(), new AbortController()];
  const emitter = process as Partial<Pick<NodeJS.Process, 'on'>>;
  let firstMs = 0;
  const onSignal = (name: string): void => {
    if (!stop.signal.aborted) {
      firstMs = performance.now();
      stop.abort(name);
    } else if (performance.now() - firstMs > AGAIN_AFTER_MS) force.abort(name);
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) emitter.on?.(name, onSignal);
  // Set by the program that `npm start` runs. When that is killed, no signal of the terminal's user would arrive here any more.
  const starter = Number(process.env['CULLIS_STARTER']);
  if (starter > 0 && starter === process.ppid)
    setInterval(() => {
      if (process.ppid !== starter && !stop.signal.aborted) onSignal('the starting process ended');
    }, STARTER_LOOK_MS).unref();
  return { stop: stop.signal, force: force.signal };
}
