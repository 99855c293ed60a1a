// A running system is changed under load, by files, by the API and by the clock, and not one request is lost.
import assert from 'node:assert/strict';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test, type TestContext } from 'node:test';
import type { ReloadResponse } from '#api/control.ts';
import { extraWorkload, policies, writeMini } from './mini/system.ts';
import { alive, ask, cullis, Load, removeFolder, tempFolder, until, up } from './running.ts';

const TTL_MS = 6000;

describe('changes under load', { timeout: 100_000 }, async () => {
  const folder = tempFolder();
  const manifests = join(folder, 'manifests');
  const state = join(folder, 'state');
  const { policy } = writeMini(manifests, { certificateTtl: `${TTL_MS / 1000}s` });
  const running = await up([manifests], state, ['--isolation', 'none']);
  const startedMs = performance.now();
  const load = new Load(running.gateway);
  const ended: { done: boolean } = { done: false };
  after(async () => {
    await load.stop();
    if (!ended.done) await running.command.end();
    removeFolder(folder);
  });
  await load.right(10);

  const serials = async (): Promise<string[]> => (await running.status()).workloads.map((one) => one.certificate?.serial ?? '');
  const unhurt = (t: TestContext, sinceMs: number): void => {
    assert.deepEqual(load.wrong(sinceMs).slice(0, 3), []);
    t.diagnostic(`${load.answers.filter((one) => one.sentMs >= sinceMs).length} requests meanwhile, none lost`);
  };
  const answers = async (path: string, status: number): Promise<boolean> => (await ask(running.gateway, path)).status === status;
  const firstSerials = await serials();

  test('a policy that changes is in force within two seconds', async (t) => {
    const sinceMs = performance.now();
    assert.ok(await answers('/more', 403));
    writeFileSync(policy, policies(['/ok', '/more']));
    const tookMs = await until('`/more` is allowed', () => answers('/more', 200));
    // An editor that writes a new file and moves it into place.
    writeFileSync(`${policy}.swp`, policies(['/ok']));
    renameSync(`${policy}.swp`, policy);
    const backMs = await until('`/more` is refused again', () => answers('/more', 403));
    t.diagnostic(`in force after ${tookMs.toFixed(0)} and ${backMs.toFixed(0)} ms`);
    assert.ok(tookMs < 4000 && backMs < 4000);
    assert.match(await running.command.line(/reload/), /the change is in force/);
    unhurt(t, sinceMs);
  });

  test('a mistake changes nothing and is said where people look; mended, it applies', async (t) => {
    const sinceMs = performance.now();
    const before = (await running.status()).snapshotVersion;
    writeFileSync(policy, policies(['/ok', '/more']).replace('principals', 'principal'));
    const where = /policy\.yaml:\d+:\d+/;
    assert.match(await running.command.line(/^\s*(error )?.*policy\.yaml:\d+:\d+/), where);
    await until('status says it', async () => (await running.status()).rejected !== null);
    const status = await running.status();
    assert.match(status.rejected?.reason ?? '', where);
    assert.match(status.diagnostics.find((one) => one.severity === 'error')?.message ?? '', /`principal`/);
    assert.equal(status.snapshotVersion, before);
    const told = cullis(['status', '--state', state]);
    await told.ended;
    assert.match(told.out.join('\n'), /rejected\s.*policy\.yaml:\d+:\d+/);
    assert.ok(
      (await running.events()).some((one) => one.type === 'config' && one.action === 'rejected' && where.test(one.detail)),
    );
    assert.ok(await answers('/more', 403), 'the former policy holds');
    writeFileSync(policy, policies(['/ok', '/more']));
    await until('the mended policy is in force', () => answers('/more', 200));
    await until('nothing is rejected any more', async () => (await running.status()).rejected === null);
    unhurt(t, sinceMs);
  });

  test('a file that comes brings its workload, one that goes takes it along, and others run on', async (t) => {
    const sinceMs = performance.now();
    const others = running.processes().map(({ pid }) => pid);
    const file = join(manifests, 'extra.yaml');
    writeFileSync(file, extraWorkload('extra'));
    const extra = async () => (await running.status()).workloads.find((one) => one.id === 'mini/extra');
    await until(
      'the new workload is ready',
      async () => (await extra())?.state === 'ready' && (await extra())?.certificate !== null,
    );
    const pid = running.pidOf('mini/extra');
    rmSync(file);
    await until('it is gone', async () => (await extra()) === undefined && !alive(pid));
    assert.deepEqual(
      others.filter((one) => !alive(one)),
      [],
      'nothing else was started anew',
    );
    unhurt(t, sinceMs);
  });

  test('reloads over the API, many at once, are one after the other and all succeed', async (t) => {
    const sinceMs = performance.now();
    const results = await Promise.all(Array.from({ length: 12 }, () => running.api<ReloadResponse>('POST', '/reload')));
    const { snapshotVersion } = await running.status();
    for (const { applied, version, reason } of results)
      assert.deepEqual({ applied, version, reason }, { applied: true, version: snapshotVersion, reason: '' });
    writeFileSync(policy, 'kind: [');
    const refused = await running.api<ReloadResponse>('POST', '/reload');
    assert.equal(refused.applied, false);
    assert.match(refused.reason, /policy\.yaml:1:\d+/);
    writeFileSync(policy, policies(['/ok', '/more']));
    assert.equal((await running.api<ReloadResponse>('POST', '/reload')).applied, true);
    unhurt(t, sinceMs);
  });

  test('certificates are renewed at half their life, also when control was away meanwhile', async (t) => {
    const sinceMs = performance.now();
    await until('every certificate is another', async () =>
      (await serials()).every((one) => one !== '' && !firstSerials.includes(one)),
    );
    const renewed = await serials();
    process.kill(running.pidOf('control'), 'SIGKILL');
    await until('every certificate is another again', async () =>
      (await serials().catch(() => [''])).every((one) => one !== '' && !renewed.includes(one)),
    );
    const events = await running.events();
    const issued = events.filter((one) => one.type === 'certificate' && one.node === 'control' && one.action === 'renewed');
    t.diagnostic(`${issued.length} renewals in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
    // Twice for each workload; the gateway's own is not waited for.
    assert.ok(issued.length >= 2 * renewed.length, `${issued.length} renewals`);
    // The very first ones have ended by now: nothing but renewal keeps the requests going.
    await until('the first certificates have ended', () => performance.now() - startedMs > TTL_MS + 1000);
    await load.right(10);
    unhurt(t, sinceMs);
  });

  test('in the end nothing was lost, and the whole stops', async (t) => {
    await load.stop();
    unhurt(t, 0);
    assert.doesNotMatch(running.command.err.join('\n'), /bug|starting it again.*starting it again/);
    assert.equal((await running.stop()).code, 0);
    ended.done = true;
    assert.equal(readFileSync(policy, 'utf8'), policies(['/ok', '/more']));
  });
});
