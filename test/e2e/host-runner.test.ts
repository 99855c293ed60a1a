// Workloads as plain processes: restarts, whole trees, clean environments, and whose socket is whose.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { freePort, describeBusy } from '#host/ports.ts';
import { createPeerCheck } from '#host/peers.ts';
import { isRunning, processStat } from '#host/proc.ts';
import { startWorkload, type RunSpec } from '#host/runner.ts';
import { type Connection, listenerBelongsTo, socketBelongsTo } from '#host/sockets.ts';
import type { RunEvents, RunStatus, RunningWorkload } from '#host/supervise.ts';

const linux = process.platform === 'linux' ? false : 'needs /proc';

describe('plain workloads', { skip: linux, timeout: 20_000 }, () => {
  let folder = '';
  const running: RunningWorkload[] = [];
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'cullis-runner-'));
  });
  after(async () => {
    await Promise.all(running.map(async (workload) => await workload.stop(200)));
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs a snippet of JavaScript as a workload. */
  function start(code: string, port: number, change: Partial<RunSpec> = {}, events: RunEvents = {}): RunningWorkload {
    const spec: RunSpec = {
      id: 'test/app',
      command: [process.execPath, '-e', code],
      cwd: folder,
      env: {},
      readiness: { kind: 'tcp' },
      address: { ip: '127.0.0.1', port },
      readyTimeoutMs: 10_000,
      instance: 'runner-test',
      backoff: { firstMs: 10, maxMs: 80 },
      ...change,
    };
    const workload = startWorkload(spec, events);
    running.push(workload);
    return workload;
  }

  it('restarts with growing waits, keeps trying, says so, and becomes ready once the program can', async () => {
    const { port } = await freePort('127.0.0.1', 0);
    const flag = join(folder, 'go');
    const details: string[] = [];
    const enough = Promise.withResolvers<void>();
    const code = `require('fs').existsSync(${JSON.stringify(flag)}) ? require('http').createServer((q, r) => r.end('ok')).listen(${port}, '127.0.0.1') : process.exit(3)`;
    const onState = (_: string, status: RunStatus): void => {
      if (status.state !== 'restarting') return;
      details.push(status.detail);
      if (status.restarts === 5) enough.resolve();
    };
    const workload = start(code, port, { readiness: { kind: 'http', path: '/healthz' } }, { onState });
    await enough.promise;
    assert.match(details[0]!, /^exited with 3, next try in (5|6|7|8|9|10) ms$/);
    assert.match(details[4]!, /^exited with 3, failed 5 times in a row, still trying in ([4-7]\d|80) ms$/);
    assert.equal(workload.status().lastExit?.code, 3);
    writeFileSync(flag, '');
    await workload.ready();
    const { state, pid, restarts } = workload.status();
    assert.equal(state, 'ready');
    assert.ok(restarts >= 5 && isRunning(pid));
    await workload.stop();
    assert.equal(workload.status().state, 'stopped');
    assert.ok(!isRunning(pid));
  });

  it('says what keeps a program from starting or from being ready', async () => {
    const { port } = await freePort('127.0.0.1', 0);
    const missing = start('', port, { command: ['no-such-program'], readyTimeoutMs: 10_000 });
    const noFolder = start('', port, { cwd: join(folder, 'nowhere') });
    const silent = start('setInterval(() => {}, 1000)', port, { readyTimeoutMs: 100 });
    await assert.rejects(silent.ready(), /`test\/app` is not ready after 0\.1 s: nothing listens/);
    assert.match(missing.status().detail, /could not start: no program `no-such-program`/);
    assert.match(noFolder.status().detail, /could not start: no folder `.*nowhere` to run in/);
    await missing.stop();
    await assert.rejects(missing.ready(), /was stopped before it was ready/);
  });

  it('gives a program its own environment only, expanded, and passes its output on in safe lines', async () => {
    process.env['CULLIS_TEST_SECRET'] = 'leak';
    process.env['NODE_OPTIONS'] = '--no-warnings';
    const lines: string[] = [];
    const ended = Promise.withResolvers<void>();
    const code = `console.log(JSON.stringify(process.env)); console.error('\\x1b[2Jred\\x1b[31m!'); console.log('x'.repeat(10000)); console.log('$(HOST)', process.argv[1]); process.exit(0)`;
    const env = { HOST: 'cart', URL: 'http://$(HOST):80', LITERAL: '$(HOST)' };
    const onState = (_: string, { state }: RunStatus): void => {
      if (state === 'restarting') ended.resolve();
    };
    const onLog = ({ text }: { text: string }): void => void lines.push(text);
    const command = [process.execPath, '-e', code, 'to-$(HOST)'];
    const workload = start('', 1, { command, env, literalEnv: ['LITERAL'], backoff: { firstMs: 60_000 } }, { onState, onLog });
    await ended.promise;
    await workload.stop();
    delete process.env['CULLIS_TEST_SECRET'];
    delete process.env['NODE_OPTIONS'];
    const seen = JSON.parse(lines.find((line) => line.startsWith('{'))!) as Record<string, string>;
    assert.deepEqual(
      { HOST: seen['HOST'], URL: seen['URL'], LITERAL: seen['LITERAL'] },
      { HOST: 'cart', URL: 'http://cart:80', LITERAL: '$(HOST)' },
    );
    for (const name of ['CULLIS_TEST_SECRET', 'NODE_OPTIONS', 'USER', 'SSH_AUTH_SOCK']) assert.ok(!(name in seen), name);
    assert.notEqual(seen['HOME'], process.env['HOME']);
    assert.ok(lines.includes('red\x1b[31m!'));
    assert.ok(lines.some((line) => line.endsWith('x … (1808 more characters)')));
    assert.ok(lines.includes('cart to-cart'));
  });

  it('stops a whole tree: children that ignore SIGTERM and one that left the session', async () => {
    const { port } = await freePort('127.0.0.1', 0);
    const pids: number[] = [];
    const code = `
      const { spawn } = require('child_process');
      const idle = ['-e', "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('pid', process.pid)"];
      spawn(process.execPath, idle, { stdio: 'inherit' });
      spawn(process.execPath, idle, { stdio: 'inherit', detached: true });
      require('net').createServer().listen(${port}, '127.0.0.1');`;
    const both = Promise.withResolvers<void>();
    const onLog = ({ text }: { text: string }): void => {
      const pid = /^pid (\d+)$/.exec(text)?.[1];
      if (pid && pids.push(Number(pid)) === 2) both.resolve();
    };
    const workload = start(code, port, {}, { onLog });
    await Promise.all([workload.ready(), both.promise]);
    const root = workload.status().pid;
    assert.deepEqual(new Set(pids.map((pid) => processStat(pid)?.session === root)), new Set([true, false]));
    await workload.stop(150);
    for (const pid of [root, ...pids]) assert.ok(!isRunning(pid), `pid ${pid}`);
  });

  it('takes no answer from a stranger on the port for readiness', async (t) => {
    const stranger = createServer().listen(0, '127.0.0.1');
    t.after(() => stranger.close());
    await once(stranger, 'listening');
    const { port } = stranger.address() as AddressInfo;
    const workload = start('setInterval(() => {}, 1000)', port, { readyTimeoutMs: 150 });
    await assert.rejects(workload.ready(), new RegExp(`port ${port} is held by another process \\(node.*pid ${process.pid}\\)`));
    const next = await freePort('127.0.0.1', port);
    assert.ok(next.moved && next.port !== port);
    assert.match(describeBusy(next.busy), new RegExp(`port ${port} is held by node.* \\(pid ${process.pid}\\)`));
    await workload.stop();
  });

  it('tells the sockets of a workload, also of its children, from those of any other process', async (t) => {
    const listener = createServer();
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as AddressInfo;
    const call = `require('net').connect(${port}, '127.0.0.1').on('error', () => {})`;
    const { port: own } = await freePort('127.0.0.1', 0);
    const code = `require('net').createServer().listen(${own}, '127.0.0.1', () => {
      ${call}; require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(call)}], { stdio: 'inherit' }); })`;
    const sockets: Socket[] = [];
    const ends: Connection[] = [];
    const two = Promise.withResolvers<void>();
    listener.on('connection', (socket: Socket) => {
      const { localAddress = '', localPort = 0, remoteAddress = '', remotePort = 0 } = socket;
      sockets.push(socket);
      if (ends.push({ localAddress, localPort, remoteAddress, remotePort }) === 2) two.resolve();
    });
    t.after(() => {
      for (const socket of sockets) socket.destroy();
      listener.close();
    });
    const workload = start(code, own);
    await Promise.all([workload.ready(), two.promise]);
    const { pid } = workload.status();
    assert.deepEqual(
      ends.map((end) => socketBelongsTo(pid, end)),
      [true, true],
    );
    const belongs = createPeerCheck();
    assert.deepEqual(await Promise.all(ends.map((end) => belongs(pid, end))), [true, true]);
    assert.ok(listenerBelongsTo(pid, '127.0.0.1', own));
    assert.ok(!listenerBelongsTo(pid, '127.0.0.1', port));

    // The same user, the same program, another process.
    const foreign: ChildProcess = spawn(process.execPath, ['-e', call], { stdio: 'ignore' });
    await once(listener, 'connection');
    const stranger = ends[2]!;
    assert.equal(socketBelongsTo(pid, stranger), false);
    assert.equal(socketBelongsTo(foreign.pid!, stranger), true);
    const asked = [
      belongs(pid, stranger),
      belongs(foreign.pid!, stranger),
      belongs(pid, ends[0]!),
      belongs(pid, { ...stranger, remotePort: 1 }),
    ];
    assert.deepEqual(await Promise.all(asked), [false, true, true, false]);
    foreign.kill('SIGKILL');
    await once(foreign, 'exit');
    assert.equal(socketBelongsTo(foreign.pid!, stranger), false, 'a process that is gone holds nothing');
    await workload.stop();
    assert.equal(socketBelongsTo(pid, stranger), false);
  });
});
