// The caretaker inside a workload's namespaces. It starts the workload, opens sockets there on behalf of the sidecar and hands them
// out, answers names, and ends everything when its supervisor goes away. It is copied to a place of its own and sees no other file,
// so it imports nothing but Node and its neighbours (`init-*.ts`, `raw.ts`).
import { type ChildProcess, spawn } from 'node:child_process';
import { readlinkSync, writeFileSync } from 'node:fs';
import { type Socket, connect } from 'node:net';
import { serveNames } from './init-dns.ts';
import { Routes } from './init-routes.ts';
import { closeInherited } from './init-inherited.ts';
import { watchAttempts } from './init-watch.ts';
import type { FromInit, ToInit } from './protocol.ts';
import { type RawHandle, bindRaw, rawOf, sendRaw } from './raw.ts';

const [outerPidNamespace, link, nsenter, ipTool, watchWords] = process.argv.slice(2);

// `sweep` signals every process it can see: it must never run outside of a pid namespace of its own.
if (!process.send || process.ppid !== 1 || readlinkSync('/proc/self/ns/pid') === outerPidNamespace) {
  process.stderr.write('init runs inside a namespace only\n');
  process.exit(2);
}

closeInherited();
const names = new Map<string, string>();
const routes = new Routes({ link: link ?? '', nsenter: nsenter ?? '', ip: ipTool ?? '' });
const runs = new Map<number, ChildProcess>();
/** Bound handles by `ip:port`. Kept here, so that they go on queueing connections while a sidecar restarts. */
const bound = new Map<string, RawHandle>();

const watching = watchAttempts(JSON.parse(watchWords ?? '[]') as string[], (attempts, more) =>
  say({ ev: 'attempts', attempts, more }),
);

function say(message: FromInit): void {
  if (process.connected) process.send?.(message);
}

async function give(id: number, raw: RawHandle): Promise<void> {
  await sendRaw(process, { ev: 'done', id } satisfies FromInit, raw);
}

function run({ run, words, cwd, env }: Extract<ToInit, { op: 'run' }>): void {
  const child = spawn(words[0]!, words.slice(1), {
    cwd,
    env: { ...env },
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  child.once('error', (error) => say({ ev: 'exit', run, code: null, signal: null, failure: error.message }));
  child.once('spawn', () => {
    runs.set(run, child);
    say({ ev: 'started', run, pid: child.pid ?? 0 });
  });
  child.once('exit', (code, signal) => {
    runs.delete(run);
    say({ ev: 'exit', run, code, signal });
  });
}

function killGroup(run: number, signal: NodeJS.Signals): void {
  const pid = runs.get(run)?.pid;
  if (pid) kill(-pid, signal);
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already.
  }
}

/** A connection to the workload, from inside, with nothing read from it. Tries the addresses in order. */
async function connection(ips: readonly string[], port: number, timeoutMs: number): Promise<Socket> {
  let refusal: unknown;
  for (const host of ips) {
    try {
      return await connected(host, port, timeoutMs);
    } catch (error) {
      refusal ??= error;
    }
  }
  throw refusal;
}

async function connected(host: string, port: number, timeoutMs: number): Promise<Socket> {
  return await new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    socket.pause();
    const timer = setTimeout(() => {
      socket.destroy(Object.assign(new Error(`no connection in ${timeoutMs} ms`), { code: 'ETIMEDOUT' }));
    }, timeoutMs);
    socket.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve(socket);
    });
  });
}

interface Helper {
  readonly child: ChildProcess;
  readonly waiting: Map<string, { resolve: (raw: RawHandle) => void; reject: (error: Error) => void }>;
  idle: NodeJS.Timeout | undefined;
}
let helper: Helper | undefined;
const HELPER_IDLE_MS = 2000;

/**
 * A socket belongs to the network of the process that made it, and Node cannot change its own. With a link between two networks, a
 * short-lived second process in the services' network binds there and passes the handle in.
 */
async function bindBeyond(ip: string, port: number): Promise<RawHandle> {
  helper ??= startHelper(nsenter ?? '');
  const { child, waiting } = helper;
  clearTimeout(helper.idle);
  helper.idle = setTimeout(() => child.disconnect(), HELPER_IDLE_MS);
  const key = `${ip}:${port}`;
  return await new Promise((resolve, reject) => {
    waiting.set(key, { resolve, reject });
    child.send({ key, ip, port });
  });
}

function startHelper(tool: string): Helper {
  const program = new URL('./init-listen.mjs', import.meta.url).pathname;
  const words = ['--net=/run/netns/services', '--', process.execPath, ...process.execArgv, program];
  const child = spawn(tool, words, { env: {}, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const made: Helper = { child, waiting: new Map(), idle: undefined };
  const lost = (): void => {
    if (helper === made) helper = undefined;
    clearTimeout(made.idle);
    for (const { reject } of made.waiting.values()) reject(new Error('the process in the services network ended'));
    made.waiting.clear();
  };
  child.on('message', (message: { key: string; code?: string; text?: string }, raw: unknown) => {
    const wait = made.waiting.get(message.key);
    made.waiting.delete(message.key);
    if (raw) wait?.resolve(raw as RawHandle);
    else wait?.reject(Object.assign(new Error(message.text), { code: message.code }));
  });
  child.once('disconnect', lost);
  child.once('error', lost);
  return made;
}

async function handle(message: ToInit): Promise<void> {
  switch (message.op) {
    case 'run':
      // Whatever it tries first is seen too.
      await watching();
      return run(message);
    case 'signal':
      return killGroup(message.run, message.signal);
    case 'sweep':
      kill(-1, 'SIGKILL');
      return say({ ev: 'done', id: message.id });
    case 'listen': {
      const key = `${message.ip}:${message.port}`;
      let raw = bound.get(key);
      if (!raw)
        bound.set(
          key,
          (raw = await (link === 'veth' ? bindBeyond(message.ip, message.port) : bindRaw(message.ip, message.port))),
        );
      return await give(message.id, raw);
    }
    case 'unlisten':
      bound.get(`${message.ip}:${message.port}`)?.close();
      bound.delete(`${message.ip}:${message.port}`);
      return say({ ev: 'done', id: message.id });
    case 'connect': {
      const socket = await connection(message.ips, message.port, message.timeoutMs);
      const raw = rawOf(socket);
      try {
        if (!raw) throw new Error('the connection closed at once');
        await give(message.id, raw);
      } finally {
        socket.destroy();
      }
      return;
    }
    case 'names':
      routes.set(message.routes);
      names.clear();
      for (const [name, ip] of message.table) names.set(name, ip);
      writeFileSync('/run/cullis/hosts', message.hosts, { mode: 0o644 });
      return say({ ev: 'done', id: message.id });
  }
}

process.on('message', (message: ToInit) => {
  handle(message).catch((error: NodeJS.ErrnoException) => {
    if ('id' in message) say({ ev: 'failed', id: message.id, code: error.code ?? '', message: error.message });
    else if (message.op === 'run') say({ ev: 'exit', run: message.run, code: null, signal: null, failure: error.message });
  });
});
// The supervisor is gone, killed perhaps: nothing here may outlive it.
process.on('disconnect', () => {
  kill(-1, 'SIGKILL');
  process.exit(0);
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

serveNames('127.0.0.53', names, (queries) => say({ ev: 'queries', queries }));
say({ ev: 'up' });
