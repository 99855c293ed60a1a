// What a workload inside its namespaces can reach: the mesh, and nothing to go around it.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { isolationAvailable } from '#host/isolation.ts';
import { serviceNames } from '#host/names.ts';
import { createNamespace, type WorkloadNamespace } from '#host/namespaces.ts';
import { isRunning, processIds, processStat } from '#host/proc.ts';
import type { RunSpec } from '#host/runner.ts';
import { until } from './running.ts';

const isolation = isolationAvailable();
const PAY = '10.96.40.2';

/** Runs in the namespace: tries everything and prints one JSON object. */
const INTRUDER = String.raw`
  const [hostTcp, hostUdp, hostIp, statePath, socketPath] = process.argv.slice(1);
  const { connect } = require('net');
  const { lookup, resolve4, resolve6 } = require('dns').promises;
  const fs = require('fs'), os = require('os'), dgram = require('dgram');
  const reach = (options) => new Promise((resolve) => {
    const socket = connect({ timeout: 1500, ...options }, () => socket.on('data', (data) => (resolve('reached ' + data), socket.destroy())));
    socket.on('error', (error) => resolve(error.code)).on('timeout', () => (resolve('timeout'), socket.destroy()));
  });
  const attempt = (work) => { try { return work(); } catch (error) { return error.code ?? error.message; } };
  const run = (...words) => { const { status, stdout } = require('child_process').spawnSync(words[0], words.slice(1), { encoding: 'utf8' }); return stdout || status; };
  const name = async (work) => { try { return await work; } catch (error) { return error.code; } };
  const udp = (host, family) => new Promise((resolve) => {
    const socket = dgram.createSocket(family).on('error', (error) => resolve(error.code));
socket.on('message', () => (resolve('answered'), socket.close())).connect(hostUdp, host, () => socket.send('x', () => setTimeout(() => (resolve('silence'), socket.close()), 1000)));
  });
  const handles = fs.readdirSync('/proc/self/fd').map((fd) => attempt(() => fs.readlinkSync('/proc/self/fd/' + fd))).filter((link) => link.startsWith('socket:')).length;
  (async () => {
    const seen = {
      short: await reach({ host: 'pay', port: 8080 }),
      full: await reach({ host: 'pay.shop.svc.cluster.local', port: 8080 }),
      otherNamespace: await name(lookup('tax')),
      otherNamespaceFull: (await name(lookup('tax.finance'))).address,
      dns: await name(resolve4('pay.shop.svc.cluster.local')),
      dnsNoAaaa: await name(resolve6('pay.shop.svc.cluster.local')),
      external: await name(lookup('example.com')),
      serviceOtherPort: await reach({ host: '${PAY}', port: 9 }),
      noService: await reach({ host: '10.96.77.77', port: 8080 }),
      hostLoopback: await reach({ host: '127.0.0.1', port: hostTcp }),
      hostLoopback6: await reach({ host: '::1', port: hostTcp }),
      hostAddress: hostIp ? await reach({ host: hostIp, port: hostTcp }) : 'ECONNREFUSED',
      internet: await reach({ host: '1.1.1.1', port: 443 }),
      internet6: await reach({ host: '2606:4700:4700::1111', port: 443 }),
      metadata: await reach({ host: '169.254.169.254', port: 80 }),
      otherWorkload: await reach({ host: '10.244.1.1', port: 8080 }),
      udp: await udp('127.0.0.1', 'udp4'), udpOut: await udp('1.1.1.1', 'udp4'), udp6: await udp('2606:4700:4700::1111', 'udp6'),
      unixSocket: await reach({ path: socketPath }),
      abstractSocket: await reach({ path: '\0cullis-test-' + hostTcp }),
      ownPort80: await new Promise((resolve) => require('net').createServer().on('error', (e) => resolve(e.code)).listen(80, '0.0.0.0', function () { resolve('open'); })),
      state: attempt(() => fs.readdirSync(statePath)), key: attempt(() => fs.readFileSync(statePath + '/ca.key', 'utf8')),
      processes: fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number),
      self: process.pid, parent: attempt(() => fs.readFileSync('/proc/' + process.ppid + '/environ')),
      killInit: attempt(() => process.kill(process.ppid, 0)),
      status: Object.fromEntries([...fs.readFileSync('/proc/self/status', 'latin1').matchAll(/^(CapEff|CapPrm|CapAmb|NoNewPrivs|Uid):\s+(\S+)/gm)].map((m) => [m[1], m[2]])),
      shadow: attempt(() => fs.readFileSync('/etc/shadow', 'utf8')), homes: [...fs.readdirSync('/root'), ...fs.readdirSync('/home')],
      run: fs.readdirSync('/run'), tmp: fs.readdirSync('/tmp'),
      writeProject: attempt(() => fs.writeFileSync(__filename ?? 'x', '')), writeCwd: attempt(() => fs.writeFileSync('intruder.tmp', 'x')),
      writeUsr: attempt(() => fs.writeFileSync('/usr/x', '')), writeTmp: attempt(() => fs.writeFileSync('/tmp/x', '')) ?? 'written',
      vsock: run('perl', '-e', 'print socket(my $s, 40, 1, 0) ? "open" : "closed"'), unshare: run('unshare', '-Urn', 'true'),
      handles,
      hostname: os.hostname(), user: os.userInfo().username, home: os.homedir(), devices: fs.readdirSync('/sys/class/net', { throwIfNoEntry: false }),
    };
    console.log('SEEN ' + JSON.stringify(seen));
    require('net').createServer((socket) => socket.on('error', () => {}).end('from the app')).listen(8080, '0.0.0.0');
    setInterval(() => {}, 1000);
  })();`.replace(/devices: .*?\}\),/s, '');

describe('namespaces', { skip: isolation.ok ? false : isolation.why, timeout: 30_000 }, () => {
  if (!isolation.ok) return;
  const cleanup: (() => unknown)[] = [];
  let state = '';
  let namespace: WorkloadNamespace;
  let seen: Record<string, unknown> = {};
  let hostTcp = 0;
  const udpReceived: string[] = [];
  const served: string[] = [];

  const spec = (code: string, args: readonly string[] = [], port = 8080): RunSpec => ({
    id: 'shop/cart',
    command: [process.execPath, '-e', code, ...args],
    cwd: import.meta.dirname,
    env: {},
    readiness: { kind: 'tcp' },
    address: { ip: '127.0.0.1', port },
    readyTimeoutMs: 15_000,
    backoff: { firstMs: 10, maxMs: 50 },
  });

  async function hostServer(where: { port: number; host: string } | { path: string }): Promise<Server> {
    const server = createServer((socket) => socket.on('error', () => {}).end('the host'));
    server.listen(where);
    await once(server, 'listening');
    cleanup.push(() => server.close());
    return server;
  }

  before(async () => {
    state = mkdtempSync(join(tmpdir(), 'cullis-namespace-'));
    cleanup.push(() => rmSync(state, { recursive: true, force: true }));
    writeFileSync(join(state, 'ca.key'), 'secret', { mode: 0o644 });
    const hidden = join(import.meta.dirname, `hidden-${process.pid}.tmp`);
    mkdirSync(hidden);
    writeFileSync(join(hidden, 'ca.key'), 'secret');
    cleanup.push(() => rmSync(hidden, { recursive: true, force: true }));
    hostTcp = ((await hostServer({ host: '0.0.0.0', port: 0 })).address() as AddressInfo).port;
    const socketPath = join(state, 'open.sock');
    await hostServer({ path: socketPath });
    await hostServer({ path: `\0cullis-test-${hostTcp}` });
    const udp = createSocket('udp4').on('message', (message) => udpReceived.push(String(message)));
    udp.bind(0, '0.0.0.0');
    await once(udp, 'listening');
    cleanup.push(() => udp.close());

    const payments = { names: serviceNames('pay', 'shop', 'shop'), ip: PAY, ports: [8080] };
    const tax = { names: serviceNames('tax', 'finance', 'shop'), ip: '10.96.40.3', ports: [80] };
    namespace = await createNamespace({
      workload: 'shop/cart',
      isolation,
      services: [payments, tax],
      uid: 61_180,
      runFolder: join(state, 'run'),
      cwd: import.meta.dirname,
      hide: [state, hidden],
    });
    cleanup.unshift(async () => await namespace.close());
    const listener = await namespace.listen(PAY, 8080);
    listener.on('connection', (socket) => {
      served.push(socket.remoteAddress ?? '');
      socket.on('error', () => {}).end('payments');
    });
    cleanup.unshift(() => listener.close());
    const hostIp =
      Object.values(networkInterfaces())
        .flat()
        .find((face) => face && !face.internal && face.family === 'IPv4')?.address ?? '';
    const args = [`${hostTcp}`, `${udp.address().port}`, hostIp, hidden, socketPath];
    const lines: string[] = [];
    const running = namespace.run(spec(INTRUDER, args), { onLog: ({ text }) => void lines.push(text) });
    cleanup.unshift(async () => await running.stop(100));
    await running.ready().catch((error: Error) => assert.fail(`${error.message}\n${lines.join('\n')}`));
    seen = JSON.parse(lines.find((line) => line.startsWith('SEEN '))!.slice(5)) as Record<string, unknown>;
  });
  after(async () => {
    for (const undo of cleanup) await undo();
  });

  const check = (wanted: Record<string, unknown>): void => {
    for (const [key, value] of Object.entries(wanted)) {
      if (value instanceof RegExp) assert.match(String(seen[key]), value, key);
      else assert.deepEqual(seen[key], value, key);
    }
  };

  it('reaches the services of the mesh by every name of a cluster, from its own address', () => {
    check({
      short: 'reached payments',
      full: 'reached payments',
      dns: [PAY],
      dnsNoAaaa: 'ENODATA',
      otherNamespaceFull: '10.96.40.3',
    });
    assert.deepEqual(served, [namespace.ip, namespace.ip]);
  });

  it('reaches nothing else, by TCP, UDP, IPv6 or sockets of the file system', () => {
    check({
      otherNamespace: 'ENOTFOUND',
      external: 'ENOTFOUND',
      serviceOtherPort: 'ECONNREFUSED',
      noService: 'ECONNREFUSED',
      hostLoopback: 'ECONNREFUSED',
      hostLoopback6: 'ECONNREFUSED',
      hostAddress: 'ECONNREFUSED',
      internet: 'ECONNREFUSED',
      internet6: 'ECONNREFUSED',
      metadata: 'ECONNREFUSED',
      otherWorkload: 'ECONNREFUSED',
      udpOut: 'ECONNREFUSED',
      udp6: 'ECONNREFUSED',
      unixSocket: 'ENOENT',
      abstractSocket: 'ECONNREFUSED',
    });
    assert.deepEqual(udpReceived, []);
  });

  it('sees its own processes only and cannot touch its caretaker', () => {
    assert.deepEqual(seen['processes'], [seen['self']]);
    check({ parent: /^(ENOENT|EACCES)$/ });
    if (isolation.how === 'root') check({ killInit: 'EPERM' });
    // Its own output, and nothing that its caretaker holds.
    check({ handles: 0 });
  });

  it('has no rights, a user of its own, and no way to more', () => {
    const none = '0000000000000000';
    check({
      status: { Uid: '61180', CapEff: none, CapPrm: none, CapAmb: none, NoNewPrivs: '1' },
      user: 'cart',
      hostname: 'cart',
      home: '/tmp',
    });
  });

  it('keeps no way open that network namespaces do not cover', { skip: isolation.seccomp ? false : isolation.note }, () => {
    check({ vsock: 'closed', unshare: 1 });
  });

  it('sees neither keys nor homes nor the host’s temporary files, and writes to its own only', () => {
    check({
      state: [],
      key: 'ENOENT',
      shadow: /^(ENOENT|EACCES)$/,
      writeProject: /^(EROFS|EACCES)$/,
      writeCwd: /^(EROFS|EACCES)$/,
    });
    // A checkout below a home is there, with the way to it and nothing beside it.
    const way = [import.meta.dirname, process.execPath].join('/').split('/');
    assert.deepEqual(
      (seen['homes'] as string[]).filter((name) => !way.includes(name)),
      [],
    );
    check({ writeUsr: /^(EROFS|EACCES)$/, writeTmp: 'written', ownPort80: 'open' });
    assert.ok(!(seen['run'] as string[]).some((name) => !['cullis', 'netns', 'mount'].includes(name)), String(seen['run']));
    assert.ok(!(seen['tmp'] as string[]).some((name) => name.startsWith('cullis-')), String(seen['tmp']));
  });

  it('is reached from outside through a connection that is passed out, although a service has the same port', async () => {
    const socket = await namespace.connect('127.0.0.1', 8080);
    let text = '';
    for await (const chunk of socket) text += chunk;
    assert.equal(text, 'from the app');
    await assert.rejects(namespace.connect('127.0.0.1', 8081), /`shop\/cart` does not accept on port 8081: .*ECONNREFUSED/);
    await assert.rejects(
      namespace
        .openListener('10.96.40.2', 8080)
        .then((raw) => namespace.openListener('192.0.2.1', 80).finally(() => raw.close())),
      /cannot listen on `192\.0\.2\.1:80`.*EADDRNOTAVAIL/,
    );
  });

  it('learns new names while it runs', async () => {
    await namespace.setServices([{ names: ['fresh', 'fresh.shop'], ip: '10.96.40.9', ports: [80] }]);
    const lines: string[] = [];
    const code = `const d = require('dns').promises; Promise.allSettled([d.lookup('fresh'), d.resolve4('fresh.shop'), d.lookup('pay')]).then((all) => {
      console.log(JSON.stringify(all.map((one) => one.value?.address ?? one.value ?? one.reason.code))); require('net').createServer().listen(7000); })`;
    const probe = namespace.run({ ...spec(code, [], 7000), id: 'shop/probe' }, { onLog: ({ text }) => void lines.push(text) });
    await probe.ready();
    assert.ok(lines.includes('["10.96.40.9",["10.96.40.9"],"ENOTFOUND"]'), lines.join('\n'));
    // Ends everything inside; the other workload of this test comes back by itself.
    await probe.stop(100);
  });

  it('gives a program pipes to write to, which it may open again, and no other descriptor', async () => {
    const lines: string[] = [];
    const script = 'echo first > /dev/stderr; echo second > /dev/stdout; echo $(ls /proc/self/fd) >&2; exec sleep 1000';
    const shell = { ...spec('', [], 0), id: 'shop/shell', command: ['sh', '-c', script], readiness: { kind: 'none' } } as const;
    const running = namespace.run(shell, { onLog: ({ text }) => void lines.push(text) });
    await running.ready();
    await until('it has written', () => lines.length === 3);
    // The last is the listing's own.
    assert.deepEqual(lines.toSorted(), ['0 1 2 3', 'first', 'second']);
    await running.stop(100);
  });

  it('makes do with Perl and one network where iproute2 is missing, and says which services that costs', async () => {
    const poor = { ...isolation, link: 'lo', tools: { ...isolation.tools, ip: undefined } } as const;
    const services = [{ names: ['pay'], ip: PAY, ports: [80, 7000] }];
    const alone = await createNamespace({
      workload: 'shop/alone',
      isolation: poor,
      services,
      uid: 61_182,
      runFolder: join(state, 'run'),
      cwd: import.meta.dirname,
      hide: [state],
      ownPorts: [7000],
    });
    cleanup.unshift(async () => await alone.close());
    await assert.rejects(alone.openListener(PAY, 7000), /the workload itself listens on this port/);
    const server = await alone.listen(PAY, 80);
    server.on('connection', (socket) => socket.on('error', () => {}).end('payments'));
    const lines: string[] = [];
    const code = `require('net').connect(80, 'pay').on('data', (data) => { console.log(String(data)); require('net').createServer().listen(7000); })`;
    const running = alone.run({ ...spec(code, [], 7000), id: 'shop/alone' }, { onLog: ({ text }) => void lines.push(text) });
    await running.ready();
    assert.deepEqual(lines, ['payments']);
    await running.stop(100);
    server.close();
  });

  it('ends as a whole when it is closed, with what escaped its parents', async () => {
    const lonely = await createNamespace({
      workload: 'shop/lonely',
      isolation,
      services: [],
      uid: 61_181,
      runFolder: join(state, 'run'),
      cwd: import.meta.dirname,
      hide: [state],
    });
    const code = `require('child_process').spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' }).unref(); require('net').createServer().listen(7000)`;
    const running = lonely.run({ ...spec(code, [], 7000), id: 'shop/lonely' }, {});
    await running.ready();
    const { pid } = running.status();
    const inside = processIds().filter((one) => processStat(one)?.name === 'sleep' && isBelowProcess(one, lonely.pid));
    assert.equal(inside.length, 1);
    await lonely.close();
    for (const one of [...inside, pid, lonely.pid]) assert.ok(!isRunning(one), `pid ${one}`);
    await running.stop();
    await assert.rejects(lonely.openListener(PAY, 1), /the namespace is gone/);
  });
});

function isBelowProcess(pid: number, root: number): boolean {
  for (let at = pid; at > 1; at = processStat(at)?.ppid ?? 0) if (at === root) return true;
  return false;
}
