// Sockets that travel: out of a namespace, through the supervisor, into a worker.
import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { serveHandles, type HandleSource, type SocketAddress } from '#host/handles.ts';
import { isolationAvailable } from '#host/isolation.ts';
import { createNamespace, type WorkloadNamespace } from '#host/namespaces.ts';
import { allStats } from '#host/proc.ts';
import { startWorkload } from '#host/runner.ts';

const isolation = isolationAvailable();
const PAY = '10.96.50.2';
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** As the planes run: no files to write, no processes. */
const PERMISSIONS = [
  '--permission',
  '--allow-net',
  `--allow-fs-read=${ROOT}`,
  '--disallow-code-generation-from-strings',
  '--no-warnings',
];

const ECHO = `require('net').createServer((s) => { s.on('error', () => {}); s.write('hello '); s.pipe(s); }).listen(8080, '127.0.0.1')`;
/** Whoever connects to 9090 is told what the payment service answered to a call made for it. */
const CALLER = `require('net').createServer((s) => { s.on('error', () => {});
  const up = require('net').connect(8080, 'pay', () => up.end('ping')); let text = ''; up.on('data', (d) => (text += d)).on('close', () => s.end(text)).on('error', (e) => s.end(e.code)); }).listen(9090)`;

describe('handles', { skip: isolation.ok ? false : isolation.why, timeout: 30_000 }, () => {
  if (!isolation.ok) return;
  const cleanup: (() => unknown)[] = [];
  const namespaces = new Map<string, WorkloadNamespace>();
  const source: HandleSource = { namespaceOf: (id) => namespaces.get(id) };
  const workers: ChildProcess[] = [];

  async function startWorker(): Promise<ChildProcess> {
    const worker = fork(join(import.meta.dirname, 'host-worker.ts'), { execArgv: PERMISSIONS, env: {} });
    workers.push(worker);
    serveHandles(worker, source);
    assert.equal(await answer(worker), 'up');
    return worker;
  }

  async function answer(worker: ChildProcess): Promise<string> {
    for (;;) {
      const [message] = (await once(worker, 'message')) as [{ done?: string; failed?: string; code?: string }];
      if (message.done !== undefined) return message.done;
      if (message.failed !== undefined) throw Object.assign(new Error(message.failed), { code: message.code });
    }
  }

  async function order(worker: ChildProcess, message: object): Promise<string> {
    const reply = answer(worker);
    worker.send(message);
    return await reply;
  }

  /** What the caller workload hears when it calls the payment service. */
  async function call(): Promise<string> {
    let text = '';
    for await (const chunk of await namespaces.get('shop/caller')!.connect('127.0.0.1', 9090)) text += chunk;
    return text;
  }

  before(async () => {
    const state = mkdtempSync(join(tmpdir(), 'cullis-handles-'));
    cleanup.push(() => rmSync(state, { recursive: true, force: true }));
    const services = [{ names: ['pay'], ip: PAY, ports: [8080] }];
    const make = async (name: string, code: string, port: number, uid: number): Promise<void> => {
      const id = `shop/${name}`;
      const namespace = await createNamespace({
        workload: id,
        isolation,
        services,
        uid,
        runFolder: join(state, 'run'),
        cwd: ROOT,
        hide: [state],
      });
      cleanup.unshift(async () => await namespace.close());
      namespaces.set(id, namespace);
      const spec = {
        command: [process.execPath, '-e', code],
        cwd: ROOT,
        env: {},
        readiness: { kind: 'tcp' },
        readyTimeoutMs: 15_000,
        backoff: { firstMs: 10, maxMs: 50 },
      } as const;
      const running = startWorkload({ ...spec, id, address: { ip: '127.0.0.1', port }, namespace }, {});
      cleanup.unshift(async () => await running.stop(100));
      await running.ready();
    };
    await Promise.all([make('caller', CALLER, 9090, 61_160), make('pay', ECHO, 8080, 61_161)]);
  });
  after(async () => {
    for (const worker of workers) worker.kill('SIGKILL');
    for (const undo of cleanup) await undo();
  });

  const from: SocketAddress = { ip: PAY, port: 8080, namespaceOf: 'shop/caller' };
  const to: SocketAddress = { ip: '127.0.0.1', port: 8080, namespaceOf: 'shop/pay' };

  it('joins two namespaces through a worker, not losing what the server says first', async () => {
    const worker = await startWorker();
    assert.equal(await order(worker, { order: 'join', from, to }), `${PAY}:8080`);
    assert.equal(await call(), 'hello ping');
    assert.deepEqual(
      await Promise.all(Array.from({ length: 20 }, call)),
      Array.from({ length: 20 }, () => 'hello ping'),
    );
  });

  it('keeps the listener while a worker is killed: who calls meanwhile waits for the next one', async () => {
    workers.at(-1)!.kill('SIGKILL');
    await once(workers.at(-1)!, 'exit');
    const waiting = call();
    const worker = await startWorker();
    await order(worker, { order: 'join', from, to });
    assert.equal(await waiting, 'hello ping');
  });

  it('comes back with its listeners and its program when the caretaker inside is killed', async () => {
    const namespace = namespaces.get('shop/caller')!;
    const before = namespace.pid;
    const init = allStats().find(({ ppid, name }) => name === 'sh' && ppid === before)!;
    process.kill(init.pid, 'SIGKILL');
    // Those inside may answer for another moment.
    for (let text = ''; text !== 'hello ping' || namespace.pid === before;) {
      text = await call().catch((error: Error) => error.message);
      await setImmediate();
    }
  });

  it('gives a worker nothing of the machine itself, no unknown namespace, and no port that refuses', async () => {
    const worker = await startWorker();
    const plain = { ip: '127.0.0.1', port: 0 };
    assert.match(await order(worker, { order: 'forge', to: plain }), /^EPERM: the worker may not listen `127\.0\.0\.1:0`/);
    await assert.rejects(
      order(worker, { order: 'open', to: { ...to, namespaceOf: 'shop/other' } }),
      /no namespace of `shop\/other`/,
    );
    await assert.rejects(order(worker, { order: 'open', to: { ...to, port: 1 } }), { code: 'ECONNREFUSED' });
    await assert.rejects(order(worker, { order: 'join', from: { ...from, ip: '192.0.2.1' }, to }), { code: 'EADDRNOTAVAIL' });
  });

  it('opens what is on the machine itself without the supervisor', async () => {
    const worker = await startWorker();
    const bound = await order(worker, { order: 'join', from: { ip: '127.0.0.1', port: 0 }, to });
    const socket = connect({ host: '127.0.0.1', port: Number(bound.split(':')[1]) });
    socket.end('x');
    let text = '';
    for await (const chunk of socket) text += chunk;
    assert.equal(text, 'hello x');
  });

  it('passes connections out faster than any pool needs them', async () => {
    const worker = await startWorker();
    const tookMs = Number(await order(worker, { order: 'open', to, count: 200, parallel: 8 }));
    assert.ok(tookMs < 5000, `200 connections took ${tookMs} ms`);
  });
});
