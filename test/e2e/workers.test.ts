// Several proxy workers on one machine: one set of sockets, one set of limits, and one that dies is not missed.
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { writeMini } from './mini/system.ts';
import { type Answer, ask, Load, removeFolder, tempFolder, until, up } from './running.ts';

const CONNECTIONS_MAX = 40;
const folder = tempFolder();
const manifests = join(folder, 'manifests');
writeMini(manifests, { limits: `connectionsMax: ${CONNECTIONS_MAX}` });

/** Opens connections that say nothing. @returns those that are still open a moment later */
async function openMany(url: string, count: number): Promise<Socket[]> {
  const { hostname, port } = new URL(url);
  const sockets = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<Socket>((resolve) => {
          const socket = connect(Number(port), hostname);
          socket.on('error', () => {});
          socket.once('connect', () => resolve(socket));
        }),
    ),
  );
  // One that is let in is answered when it asks; one too many is closed by then.
  await Promise.all(
    sockets.map(
      (socket) =>
        new Promise<void>((resolve) => {
          socket.once('data', () => resolve());
          socket.once('close', () => resolve());
          socket.write('GET /ok HTTP/1.1\r\nhost: a\r\n\r\n');
        }),
    ),
  );
  return sockets.filter((socket) => !socket.destroyed && socket.readyState === 'open');
}

describe('two proxy workers', { timeout: 60_000 }, async () => {
  const running = await up([manifests], join(folder, 'state'), ['--isolation', 'none', '--workers', '2']);
  after(async () => {
    await running.stop();
    removeFolder(folder);
  });
  const both = async (): Promise<boolean> => {
    const { workers, ready } = await running.status();
    return ready && workers.filter(({ connected }) => connected).length === 2;
  };
  await until('both workers serve', both);

  test('both carry traffic, and their counts are one', async () => {
    const answers: Answer[] = [];
    // Each on a connection of its own, fewer at a time than may be open.
    while (answers.length < 200)
      answers.push(...(await Promise.all(Array.from({ length: CONNECTIONS_MAX / 4 }, () => ask(running.gateway, '/ok')))));
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
    await until('both have counted', async () => {
      const { links, workers } = await running.status();
      const link = links.find(({ destination }) => destination === 'mini/front');
      return (link?.requests ?? 0) >= 200 && workers.every(({ rssBytes }) => rssBytes > 0);
    });
    const nodes = new Set((await running.events()).flatMap((one) => (one.type === 'exchange' ? [one.node] : [])));
    assert.deepEqual([...nodes].sort(), ['proxy/1', 'proxy/2']);
  });

  test('the bound on connections is one for both, whoever holds them', async () => {
    const open = await openMany(running.gateway, 2 * CONNECTIONS_MAX);
    assert.equal(open.length, CONNECTIONS_MAX);
    for (const socket of open) socket.destroy();
    await until('there is room again', async () => (await ask(running.gateway, '/ok')).status === 200);
  });

  test('one is killed: the other goes on at once, and its successor has its part of the bound', async (t) => {
    const pid = running.pidOf('proxy/2');
    const load = new Load(running.gateway, 200);
    await load.right(40);
    const sinceMs = performance.now();
    process.kill(pid, 'SIGKILL');
    await until('it runs again', () => running.processes().some((one) => one.name === 'proxy/2' && one.pid !== pid));
    await until('both workers serve', both);
    await load.stop();
    const wrong = load.wrong(sinceMs);
    const lastMs = Math.max(0, ...wrong.map((one) => one.sentMs + one.tookMs - sinceMs));
    t.diagnostic(`${wrong.length} requests were on their way through it, the last failed after ${lastMs.toFixed(0)} ms`);
    // Only what was in its hands: kept connections and half-sent requests, and nothing that came later.
    assert.ok(wrong.length <= 16 && lastMs < 300, `${wrong.length} failed, the last after ${lastMs} ms`);
    const open = await openMany(running.gateway, 2 * CONNECTIONS_MAX);
    assert.equal(open.length, CONNECTIONS_MAX);
    for (const socket of open) socket.destroy();
  });
});
