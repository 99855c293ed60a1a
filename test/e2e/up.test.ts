// How a run begins and ends: refusals before anything is started, ports that are taken, and signals at every moment.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { MovedPort } from '#app/placement.ts';
import { extraWorkload, writeMini } from './mini/system.ts';
import {
  alive,
  ask,
  assertNothingLeft,
  type Command,
  cullis,
  Command as Run,
  processesOf,
  removeFolder,
  ROOT,
  tempFolder,
  until,
  up,
} from './running.ts';

const folder = tempFolder();
const manifests = join(folder, 'manifests');
writeMini(manifests);
after(() => removeFolder(folder));
const PLAIN = ['--isolation', 'none'];
const upArgs = (state: string, paths: readonly string[] = [manifests]): string[] => ['up', ...paths, '--state', state, ...PLAIN];

async function refused(command: Command, wanted: RegExp): Promise<void> {
  const { code } = await command.ended;
  assert.match(command.all, wanted);
  assert.equal(code, 2, command.all);
}

async function hold(port: number): Promise<Server | undefined> {
  const server = createServer();
  return await new Promise((resolve) => {
    // Somebody else holds it: as good.
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

describe('one run', { timeout: 60_000 }, () => {
  const state = join(folder, 'one');

  test('busy ports are moved and named, keys stay sealed, and a second run on the same folder is refused', async () => {
    const gateway = (await hold(0))!;
    const admin = await hold(15_000);
    const { port } = gateway.address() as AddressInfo;
    const elsewhere = join(folder, 'elsewhere');
    writeMini(elsewhere);
    const platform = join(elsewhere, 'platform.yaml');
    writeFileSync(platform, readFileSync(platform, 'utf8').replace('port: 8080', `port: ${port}`));
    try {
      const running = await up([elsewhere], state, PLAIN);
      const { moved } = running.first as typeof running.first & { readonly moved: readonly MovedPort[] };
      const told = new Map(moved.map((one) => [one.wanted, one]));
      assert.match(told.get(port)?.why ?? '', new RegExp(`port ${port} is held by node .*pid ${process.pid}`));
      assert.match(told.get(15_000)?.why ?? '', /port 15000 is (held by|busy)/);
      assert.equal(running.gateway, `http://127.0.0.1:${told.get(port)?.got}`);
      assert.equal((await ask(running.gateway, '/ok')).status, 200);
      for (const one of running.first.workloads)
        assert.ok(one.state === 'ready' && one.certificate, `${one.id} is shown before it is whole`);

      await refused(cullis(upArgs(state)), /state\.locked/);
      assert.equal((await ask(running.gateway, '/ok')).status, 200);

      assert.equal(statSync(join(state, 'key')).mode & 0o777, 0o600);
      for (const file of readdirSync(state, { recursive: true, withFileTypes: true })) {
        if (!file.isFile()) continue;
        const bytes = readFileSync(join(file.parentPath, file.name));
        assert.ok(!bytes.includes('PRIVATE KEY') && !bytes.includes('"privateKey'), `${file.name} holds a key in the open`);
      }
      assert.equal((await running.stop()).code, 0);
    } finally {
      gateway.close();
      admin?.close();
    }
  });

  test('without the right key nothing is started', async () => {
    const key = join(state, 'key');
    const right = readFileSync(key);
    const cases: readonly (readonly [() => void, RegExp])[] = [
      [() => rmSync(key), /key\.unavailable/],
      [() => writeFileSync(key, Buffer.alloc(32, 1), { mode: 0o600 }), /key\.unavailable/],
      [() => writeFileSync(key, 'short', { mode: 0o600 }), /key\.unavailable.*32 bytes/],
    ];
    for (const [spoil, wanted] of cases) {
      spoil();
      await refused(cullis(upArgs(state)), wanted);
      assertNothingLeft(state, []);
    }
    writeFileSync(key, right, { mode: 0o600 });
    const running = await up([manifests], state, PLAIN);
    assert.equal((await running.stop()).code, 0);
  });
});

test('manifests come on standard input', { timeout: 30_000 }, async () => {
  const text = ['platform', 'front', 'back', 'policy']
    .map((name) => readFileSync(join(manifests, `${name}.yaml`), 'utf8'))
    .join('---\n');
  const state = join(folder, 'stdin');
  const command = cullis(upArgs(state, ['-']), { input: text });
  const line = await command.line(/^gateway\s/);
  assert.equal((await ask(/http:\S+/.exec(line)![0], '/ok')).status, 200);
  assert.equal((await command.end()).code, 0);
});

describe('what cannot run is refused before anything starts', { timeout: 30_000 }, () => {
  test('no document says how the workloads run', async () => {
    const boutique = join(ROOT, '..', 'shared', 'suites', 'systems', 'online-boutique', 'release', 'kubernetes-manifests.yaml');
    const bare = join(folder, 'bare');
    mkdirSync(bare);
    const documents = readFileSync(join(manifests, 'front.yaml'), 'utf8').split('---');
    writeFileSync(join(bare, 'all.yaml'), documents.filter((text) => !text.includes('cullis.dev/v1')).join('---'));
    for (const path of [bare, ...(existsSync(boutique) ? [boutique] : [])]) {
      const command = cullis(upArgs(join(folder, 'none'), [path]));
      await refused(command, /no document says how one runs/);
      assert.match(command.all, /kind: Workload/);
    }
  });

  test('mistakes', async () => {
    const wrong = join(folder, 'wrong.yaml');
    writeFileSync(wrong, 'apiVersion: v1\nkind: Service\nmetadata: { name: Not_A_Name }\n');
    const command = cullis(upArgs(join(folder, 'none'), [wrong]));
    await refused(command, /wrong\.yaml:3:\d+/);
    assert.match(command.all, /nothing was started/);
    await refused(cullis(upArgs(join(folder, 'none'), [join(folder, 'nowhere')])), /no such file or folder/);
  });
});

describe('signals', { timeout: 100_000 }, () => {
  const state = join(folder, 'signals');

  test('at any moment of the start, everything ends', async (t) => {
    const slowest = { afterMs: 0 };
    for (const delayMs of [120, 200, 300, 400, 500, 600, 800]) {
      const command = cullis(upArgs(state));
      await wait(delayMs);
      const before = processesOf(state);
      const { code, signal, afterMs } = await command.end();
      // Before the command has begun its work a signal ends it as it ends any program.
      if (signal === null) assert.equal(code, 0, `after ${delayMs} ms: ${command.all}`);
      else assert.deepEqual(before, []);
      slowest.afterMs = Math.max(slowest.afterMs, afterMs);
      if (existsSync(join(state, 'instance'))) assertNothingLeft(state, before);
    }
    t.diagnostic(`the slowest took ${slowest.afterMs.toFixed(0)} ms`);
    assert.ok(slowest.afterMs < 6500);
  });

  const STARTS: readonly (readonly [string, readonly string[], (command: Command) => void])[] = [
    ['to the process group, as a terminal does, twice', [process.execPath, 'bin/cullis.js'], (command) => twice(command)],
    [
      'to the group of the bootstrap',
      [process.execPath, 'tools/bootstrap.mjs', 'run', 'bin/cullis.js'],
      (command) => group(command, 'SIGINT'),
    ],
    [
      'to the bootstrap alone',
      [process.execPath, 'tools/bootstrap.mjs', 'run', 'bin/cullis.js'],
      (command) => void command.child.kill('SIGINT'),
    ],
    ['SIGTERM', [process.execPath, 'bin/cullis.js'], (command) => void command.child.kill('SIGTERM')],
    ['a terminal that is closed', [process.execPath, 'bin/cullis.js'], (command) => group(command, 'SIGHUP')],
  ];
  for (const [name, words, send] of STARTS) {
    test(name, async () => {
      const command = new Run([...words, ...upArgs(state)], { group: true });
      await command.line(/Ctrl-C stops everything/);
      const before = processesOf(state);
      assert.ok(before.length >= 4);
      send(command);
      assert.deepEqual((await command.ended).code, 0, command.all);
      assertNothingLeft(state, before);
    });
  }

  test('the bootstrap is killed: nobody could stop it any more, so it stops', async () => {
    const command = new Run([process.execPath, 'tools/bootstrap.mjs', 'run', 'bin/cullis.js', ...upArgs(state)], { group: true });
    await command.line(/Ctrl-C stops everything/);
    const before = processesOf(state);
    command.child.kill('SIGKILL');
    await until('all has ended', () => before.every(({ pid }) => !alive(pid)) && !existsSync(join(state, 'lock')));
    assertNothingLeft(state, before);
  });
});

describe('a program that does not end when it is asked to', { timeout: 60_000 }, () => {
  // Beside a file whose name begins alike: Node's permission model would forget the folder's own name.
  const state = join(folder, 'stubborn');
  const paths = [manifests, join(folder, 'stubborn.yaml')];
  before(() => writeFileSync(paths[1]!, extraWorkload('stubborn', true)));

  test('is ended after its time', async (t) => {
    const { code, afterMs } = await (await up(paths, state, PLAIN)).stop();
    t.diagnostic(`stopped in ${afterMs.toFixed(0)} ms`);
    assert.equal(code, 0);
    assert.ok(afterMs > 2500 && afterMs < 6500);
  });

  test('is ended at once when Ctrl-C comes again', async () => {
    const running = await up(paths, state, PLAIN);
    const started = running.processes();
    running.command.child.kill('SIGINT');
    await wait(1200);
    assert.ok(alive(started.find(({ name }) => name === 'mini/stubborn')!.pid));
    const { code, afterMs } = await running.command.end();
    assert.equal(code, 0);
    assert.ok(afterMs < 1500, `${afterMs} ms after the second one`);
    assertNothingLeft(state, started);
  });

  test('is ended by the next start when its supervisor was killed', async () => {
    const running = await up(paths, state, PLAIN);
    const { pid } = running.processes().find(({ name }) => name === 'mini/stubborn')!;
    running.command.child.kill('SIGKILL');
    await running.command.ended;
    assert.ok(alive(pid), 'the kernel only asks it');
    const next = await up(paths, state, PLAIN);
    assert.ok(!alive(pid));
    assert.match(next.command.err.join('\n'), new RegExp(`an earlier run was killed: ended .*mini/stubborn \\(pid ${pid}\\)`));
    assert.equal((await next.stop()).code, 0);
  });
});

function group(command: Command, signal: NodeJS.Signals): void {
  process.kill(-command.child.pid!, signal);
}

function twice(command: Command): void {
  group(command, 'SIGINT');
  setTimeout(() => group(command, 'SIGINT'), 10);
}
