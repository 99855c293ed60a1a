// Copies of a workload come, go and die under load, and not one request is lost; what runs another version than declared is told.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { writeMini } from './mini/system.ts';
import { cullis, Load, removeFolder, tempFolder, until, up } from './running.ts';

describe('replicas', { timeout: 90_000 }, async () => {
  const folder = tempFolder();
  const manifests = join(folder, 'manifests');
  const state = join(folder, 'state');
  writeMini(manifests);
  const file = join(manifests, 'front.yaml');
  const single = readFileSync(file, 'utf8');
  const write = (replicas: number, version: string): void =>
    writeFileSync(
      file,
      single
        .replace(
          'selector: { matchLabels: { app: front } }',
          `replicas: ${replicas}\n  selector: { matchLabels: { app: front } }`,
        )
        .replace('labels: { app: front } }', `labels: { app: front, app.kubernetes.io/version: "${version}" } }`),
    );
  write(3, '1.0');
  const running = await up([manifests], state, ['--isolation', 'none']);
  const load = new Load(running.gateway);
  after(async () => {
    await load.stop();
    await running.command.end();
    removeFolder(folder);
  });
  await load.right(10);

  const front = async () => (await running.status()).workloads.find((one) => one.id === 'mini/front')!;
  const ready = async (): Promise<string[]> =>
    (await front()).replicas.filter((one) => one.state === 'ready').map(({ id }) => id);
  const three = ['mini/front', 'mini/front~1', 'mini/front~2'];

  test('as many run as the Deployment says, and all of them serve', async () => {
    await until('three are ready', async () => (await ready()).length === 3);
    assert.deepEqual(await ready(), three);
    const { drift } = await running.status();
    assert.deepEqual(drift, []);
  });

  test('one that is killed is missed by nobody, and comes back', async (t) => {
    const sinceMs = performance.now();
    const { pid, restarts } = (await front()).replicas[1]!;
    process.kill(pid!, 'SIGKILL');
    await until('it is back', async () => {
      const again = (await front()).replicas[1]!;
      return again.restarts > restarts && again.state === 'ready';
    });
    await load.right(20);
    assert.deepEqual(load.wrong(sinceMs).slice(0, 3), []);
    t.diagnostic(`${load.answers.filter((one) => one.sentMs >= sinceMs).length} requests meanwhile, none lost`);
    const told = (await running.events()).flatMap((one) =>
      one.type === 'endpoint' && one.destination === 'mini/front:80' ? [one.action] : [],
    );
    assert.ok(told.includes('removed') && told.includes('added'), String(told));
  });

  test('fewer, then more: those that leave finish what they are at', async () => {
    const sinceMs = performance.now();
    write(1, '1.0');
    await until('one is left', async () => (await front()).replicas.length === 1);
    await load.right(10);
    write(2, '1.0');
    await until('two are ready', async () => (await ready()).length === 2);
    await load.right(10);
    assert.deepEqual(load.wrong(sinceMs).slice(0, 3), []);
  });

  test('a version that is declared and does not run is drift', async () => {
    write(2, '2.0');
    await until('it is told', async () => (await running.status()).drift.length === 1);
    const [drift] = (await running.status()).drift;
    assert.equal(drift!.service, 'mini/front');
    assert.equal(drift!.detail, 'declared 2.0, runs 1.0 (2)');
    const told = cullis(['status', '--state', state]);
    await told.ended;
    assert.match(told.out.join('\n'), /drift\n\s+mini\/front: declared 2\.0, runs 1\.0 \(2\)/);
    // More copies are started as what is declared now.
    write(3, '2.0');
    await until('three are ready', async () => (await ready()).length === 3);
    await until(
      'both versions are told',
      async () => (await running.status()).drift[0]?.detail === 'declared 2.0, runs 1.0 (2), 2.0 (1)',
    );
    write(3, '1.0');
    await until(
      'the new one is the odd one',
      async () => (await running.status()).drift[0]?.detail === 'declared 1.0, runs 1.0 (2), 2.0 (1)',
    );
    write(2, '1.0');
    await until('all is as declared', async () => (await running.status()).drift.length === 0);
    const events = (await running.events()).flatMap((one) => (one.type === 'endpoint' ? [one.action] : []));
    assert.ok(events.includes('drifted') && events.includes('settled'));
  });
});
