// Programs that run on this machine as they are, in a session and process group of their own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { CullisError } from '#base/errors.ts';
import { processTitle } from './proc.ts';
import { PROBE_TIMEOUT_MS, probe, type Readiness } from './readiness.ts';
import { listenerBelongsTo, listenerHolder } from './sockets.ts';
import type { Exit, Launched, Launcher } from './supervise.ts';
import { findProgram, systemTool } from './tools.ts';
import { endTree } from './tree.ts';

export interface Program {
  readonly command: readonly string[];
  readonly cwd: string;
  /** Complete. */
  readonly env: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly gid?: number;
  readonly stopSignal: NodeJS.Signals;
  /** Value of RUN_VARIABLE in `env`. */
  readonly run: string;
  readonly readiness: Readiness;
  readonly address: { readonly ip: string; readonly port: number };
}

/** Where else than on this machine itself a program can run; a namespace is one. */
export interface Place {
  /** HOME there. */
  readonly home: string;
  launcher(program: Program): Launcher;
}

export class PlainLauncher implements Launcher {
  readonly #program: Program;

  constructor(program: Program) {
    this.#program = program;
  }

  /** @throws CullisError process.failed when the folder or the program is not there, or the user may not be taken on */
  async launch(): Promise<Launched> {
    const { command, cwd, env, uid, gid, stopSignal, run } = this.#program;
    const program = checkProgram(command, cwd, env);
    // setpriv makes the program end with this process even when that is killed, and keeps set-uid programs from giving it rights.
    const setpriv = process.platform === 'linux' ? systemTool('setpriv') : undefined;
    const words = setpriv
      ? [setpriv, ...ids(uid, gid), '--no-new-privs', '--pdeathsig', 'TERM', '--', program, ...command.slice(1)]
      : [program, ...command.slice(1)];
    const child = spawn(words[0]!, words.slice(1), {
      cwd,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(setpriv || uid === undefined ? {} : { uid, gid: gid ?? uid }),
    });
    const exited = new Promise<Exit>((resolve) => {
      child.once('error', (error) => resolve({ code: null, signal: null, failure: error.message }));
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    if (child.pid === undefined) throw new CullisError('process.failed', (await exited).failure ?? 'the process did not start');
    const pid = child.pid;
    return {
      pid,
      exited,
      output: [
        { stream: 'stdout', readable: child.stdout },
        { stream: 'stderr', readable: child.stderr },
      ],
      end: async (graceMs) => {
        await endTree(pid, graceMs, stopSignal, run);
        await exited;
      },
    };
  }

  async probe(pid: number): Promise<string | undefined> {
    const { readiness, address } = this.#program;
    const why = await probe(
      readiness,
      () => connectTo(address.ip, address.port, PROBE_TIMEOUT_MS),
      `${address.ip}:${address.port}`,
    );
    if (why !== undefined || readiness.kind === 'none' || process.platform !== 'linux') return why;
    // An answer counts only when it is this workload's: a stranger on the port would otherwise be given its traffic.
    if (listenerBelongsTo(pid, address.ip, address.port)) return undefined;
    const holder = listenerHolder(address.ip, address.port);
    return `port ${address.port} is held by another process${holder === undefined ? '' : ` (${processTitle(holder)}, pid ${holder})`}`;
  }
}

/** @returns the program's path @throws CullisError process.failed saying which of the two is missing */
export function checkProgram(command: readonly string[], cwd: string, env: Readonly<Record<string, string>>): string {
  const name = command[0];
  if (!name) throw new CullisError('process.failed', 'the command is empty');
  // spawn reports a missing folder as a missing program.
  if (!statSync(cwd, { throwIfNoEntry: false })?.isDirectory())
    throw new CullisError('process.failed', `no folder \`${cwd}\` to run in`);
  const program = findProgram(name, env['PATH'] ?? '', cwd);
  if (!program) throw new CullisError('process.failed', `no program \`${name}\``);
  return program;
}

function ids(uid: number | undefined, gid: number | undefined): string[] {
  if (uid === undefined) return [];
  return ['--reuid', String(uid), '--regid', String(gid ?? uid), '--clear-groups', '--inh-caps=-all', '--bounding-set=-all'];
}

/** A plain connection. @throws the system's error, or one with code ETIMEDOUT */
export async function connectTo(ip: string, port: number, timeoutMs: number): Promise<Socket> {
  const socket = connect({ host: ip, port });
  const timer = setTimeout(
    () => socket.destroy(Object.assign(new Error(`no connection in ${timeoutMs} ms`), { code: 'ETIMEDOUT' })),
    timeoutMs,
  );
  try {
    await once(socket, 'connect');
    return socket;
  } finally {
    clearTimeout(timer);
  }
}
