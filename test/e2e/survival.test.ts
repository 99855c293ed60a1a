// kill -9 of every part of a running system under steady load: what was acknowledged is on record, nothing is corrupt, and services come back.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test, type TestContext } from 'node:test';
import { isolationAvailable } from '#host/isolation.ts';
import { openSqlite } from '#store/sqlite.ts';
import { writeMini } from './mini/system.ts';
import { alive, ask, Load, type Running, removeFolder, tempFolder, until, up } from './running.ts';

/** Generous for a busy machine; the figures are told. */
const BACK_MS = 8000;

const folder = tempFolder();
const manifests = join(folder, 'manifests');
writeMini(manifests);
const started: Running[] = [];
after(async () => {
  for (const { command } of started) command.child.kill('SIGINT');
  for (const { command } of started) await command.ended;
  removeFolder(folder);
});

async function start(state: string, isolation: string): Promise<Running> {
  const running = await up([manifests], join(folder, state), ['--isolation', isolation]);
  started.push(running);
  return running;
}

async function ready(running: Running): Promise<boolean> {
  const status = await running.status().catch(() => undefined);
  return status?.ready === true && status.workloads.every((one) => one.state === 'ready' && one.certificate !== null);
}

/** Kills one part, and waits until it was started again and all is well. @returns milliseconds to the first good answer, and the wrong ones */
async function kill(t: TestContext, running: Running, load: Load, name: string): Promise<number> {
  const pid = running.pidOf(name);
  const sinceMs = performance.now();
  process.kill(pid, 'SIGKILL');
  const servedMs = await load.right(30);
  await until(`${name} runs again`, () => running.processes().some((one) => one.name === name && one.pid !== pid));
  await until('all is ready', () => ready(running));
  const wrong = load.wrong(sinceMs);
  const lastMs = Math.max(0, ...wrong.map((one) => one.sentMs + one.tookMs - sinceMs));
  t.diagnostic(
    `${name}: ${wrong.length} requests without an answer, the last after ${lastMs.toFixed(0)} ms, good again after ${servedMs.toFixed(0)} ms`,
  );
  assert.ok(lastMs < BACK_MS, `requests failed for ${lastMs} ms`);
  // Cut off in the middle, refused by the upstream, or not to be had.
  for (const { status, path } of wrong) assert.ok([0, 502, 503].includes(status), `${path} answered ${status}`);
  return wrong.length;
}

describe('kill -9 under load', { timeout: 90_000 }, async () => {
  const running = await start('plain', 'none');
  const load = new Load(running.gateway);
  after(() => load.stop());
  await load.right(20);

  test('control: traffic goes on without a break', async (t) => {
    assert.equal(await kill(t, running, load, 'control'), 0);
    // The page that somebody has open goes on with the token it has.
    assert.equal((await running.status()).ready, true);
  });

  test('proxy worker: requests succeed again at once', async (t) => {
    await kill(t, running, load, 'proxy/1');
  });

  test('workloads come back', async (t) => {
    await kill(t, running, load, 'mini/back');
    await kill(t, running, load, 'mini/front');
  });

  test('control and worker at once', async (t) => {
    process.kill(running.pidOf('control'), 'SIGKILL');
    await kill(t, running, load, 'proxy/1');
  });

  test('every refusal that a client was told is in the journal, and so is what became of the processes', async (t) => {
    const denied = load.answers.filter((one) => one.status === 403);
    assert.ok(denied.length > 0, 'no request was refused');
    const events = await running.events();
    const known = new Set(events.filter((one) => one.type === 'exchange' && !one.allowed).map((one) => one.id));
    assert.deepEqual(
      denied.filter((one) => !known.has(one.decision)),
      [],
    );
    t.diagnostic(`${denied.length} refusals, all on record`);
    const facts = events.flatMap((one) => (one.type === 'process' ? [`${one.action} ${one.name}`] : []));
    for (const name of ['control', 'proxy/1', 'mini/front'])
      for (const action of ['started', 'ready', 'exited', 'restarted'])
        assert.ok(facts.includes(`${action} ${name}`), `${action} ${name}`);
    assert.ok(events.some((one) => one.type === 'process' && one.action === 'exited' && /SIGKILL/.test(one.detail)));
    // Allowed requests are written in batches: what a death took of them is counted.
    const gap = events.find((one) => one.type === 'gap' && one.node === 'proxy/1');
    // A kill between two batches loses nothing, and then nothing is said.
    assert.ok(gap === undefined || (gap.type === 'gap' && gap.lost > 0));
  });

  test('a worker may read neither the keys nor what others write, and may write only what is its own', () => {
    const flags = readFileSync(`/proc/${running.pidOf('proxy/1')}/cmdline`, 'latin1').split('\0');
    const paths = (kind: string): string[] =>
      flags.flatMap((flag) => (flag.startsWith(`--allow-fs-${kind}=`) ? [flag.slice(16 + kind.length - 4)] : []));
    assert.ok(flags.includes('--permission') && paths('read').length > 2 && paths('write').length > 0);
    for (const name of ['key', 'control.db', 'operator-token', 'journal/control'])
      for (const path of [...paths('read'), ...paths('write')])
        assert.ok(!`${join(running.state, name)}/`.startsWith(`${path}/`), `${path} opens ${name}`);
    for (const path of paths('write'))
      assert.ok(path.startsWith(`${running.state}/journal/proxy-1`) || path.startsWith(`${running.state}/run/`), path);
  });

  test('Ctrl-C under load ends everything', async (t) => {
    const ended = await running.stop();
    t.diagnostic(`stopped in ${ended.afterMs.toFixed(0)} ms`);
    assert.equal(ended.code, 0);
    assert.ok(ended.afterMs < 6500);
    openSqlite(join(running.state, 'control.db')).close();
  });
});

const MODES = [
  ['plain', 'none', false],
  ['namespaces', 'namespaces', isolationAvailable().ok ? false : 'no namespaces on this machine'],
] as const;
for (const [state, isolation, skip] of MODES) {
  test(
    `kill -9 of the supervisor, ${isolation === 'none' ? 'plain' : 'with namespaces'}`,
    { skip, timeout: 60_000 },
    async (t) => {
      const first = await start(state, isolation);
      const load = new Load(first.gateway);
      await load.right(20);
      const processes = first.processes();
      const killedMs = performance.now();
      first.command.child.kill('SIGKILL');
      await until('everything ended by itself', () => processes.every(({ pid }) => !alive(pid)));
      t.diagnostic(`${processes.length} processes ended by themselves in ${(performance.now() - killedMs).toFixed(0)} ms`);
      await load.stop();
      assert.ok(existsSync(join(first.state, 'lock')), 'a killed supervisor cannot give its lock back');

      const second = await start(state, isolation);
      assert.match(second.command.err.join('\n'), /an earlier run was killed/);
      assert.equal((await ask(second.gateway, '/ok')).status, 200);
      const denied = load.answers.filter((one) => one.status === 403).map((one) => one.decision);
      const known = new Set((await second.events()).map((one) => one.id));
      assert.deepEqual(
        denied.filter((id) => !known.has(id)),
        [],
      );
      assert.equal((await second.stop()).code, 0);
    },
  );
}
