// Trust changes while requests run: certificates and the root are replaced without losing one, and who is revoked is out within seconds.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, describe, test, type TestContext } from 'node:test';
import type { RenewResponse, StatusResponse } from '#api/control.ts';
import type { CertificateEvent, LinkEvent } from '#model/event.ts';
import { writeMini } from './mini/system.ts';
import { ask, cullis, Load, removeFolder, tempFolder, until, up } from './running.ts';

const SOON_MS = 10_000;
const FRONT = 'spiffe://cluster.local/ns/mini/sa/front';

describe('trust under load', { timeout: 100_000 }, async () => {
  const folder = tempFolder();
  const manifests = join(folder, 'manifests');
  const state = join(folder, 'state');
  writeMini(manifests);
  const running = await up([manifests], state, ['--isolation', 'none']);
  const load = new Load(running.gateway, 200);
  const ended: { done: boolean } = { done: false };
  after(async () => {
    await load.stop();
    if (!ended.done) await running.command.end();
    removeFolder(folder);
  });
  await load.right(10);

  const unhurt = (t: TestContext, sinceMs: number): void => {
    assert.deepEqual(load.wrong(sinceMs).slice(0, 3), []);
    t.diagnostic(`${load.answers.filter((one) => one.sentMs >= sinceMs).length} requests meanwhile, none lost`);
  };
  /** Serial that the links of an identity use, as status says. */
  const inUse = async (identity: string): Promise<readonly string[]> =>
    (await running.status()).links.filter(({ source, mtls }) => mtls && source === identity).map(({ peerSerial }) => peerSerial);
  const command = async (...words: string[]): Promise<{ readonly code: number | null; readonly text: string }> => {
    const one = cullis([...words, '--state', state]);
    const { code } = await one.ended;
    return { code, text: one.all };
  };
  const rotations = async (): Promise<string[]> =>
    (await running.events())
      .filter((event): event is CertificateEvent => event.type === 'certificate' && event.action === 'ca-rotation')
      .map(({ detail }) => detail);

  test('ten rotations of every certificate lose no request, and each new serial is soon in use', async (t) => {
    const sinceMs = performance.now();
    const took: number[] = [];
    for (let i = 0; i < 10; i++) {
      const beganMs = performance.now();
      const { renewed, waiting } = await running.api<RenewResponse>('POST', '/ca/renew', {});
      assert.deepEqual(waiting, []);
      // Each worker has a certificate of its own.
      const serials = renewed.filter(({ identity }) => identity === FRONT).map(({ serial }) => serial);
      await until('the new serial is in use', async () => (await inUse(FRONT)).every((one) => serials.includes(one)));
      took.push(performance.now() - beganMs);
      // The aim is two seconds; a busy machine is given more, and the figures are told.
      assert.ok(took.at(-1)! < SOON_MS, `in use after ${took.at(-1)} ms`);
    }
    t.diagnostic(`new serial in use after ${took.map((ms) => ms.toFixed(0)).join(', ')} ms`);
    unhurt(t, sinceMs);
  });

  test('the root is replaced in three phases, and no request is lost', async (t) => {
    const sinceMs = performance.now();
    const before = (await running.status()).authority!.rootFingerprint;
    const { code, text } = await command('ca', 'rotate');
    assert.equal(code, 0, text);
    const { authority, rotation } = await running.status();
    assert.equal(rotation, null);
    assert.notEqual(authority!.rootFingerprint, before);
    assert.match(text, new RegExp(authority!.rootFingerprint));
    assert.deepEqual(
      (await rotations()).map((detail) => detail.slice(0, 9)),
      ['phase 1 o', 'phase 2 o', 'phase 3 o', 'done: the'],
    );
    await load.right(20);
    t.diagnostic(`took ${(performance.now() - sinceMs).toFixed(0)} ms`);
    unhurt(t, sinceMs);
  });

  test('who is revoked is refused within five seconds, on open connections too, until restored', async (t) => {
    await load.stop();
    const beganMs = performance.now();
    const { code, text } = await command('identity', 'revoke', 'front', '--reason', 'its key leaked');
    assert.equal(code, 0, text);
    const tookMs = performance.now() - beganMs;
    const answer = await ask(running.gateway, '/ok');
    assert.notEqual(answer.status, 200);
    assert.ok(tookMs < 5000, `${tookMs} ms`);
    t.diagnostic(`refused ${tookMs.toFixed(0)} ms after the command was typed`);
    // A failed call is written within half a second, unlike a denial.
    let why = '';
    await until('the journal has it', async () => {
      why = (await command('explain', answer.decision)).text;
      return !why.startsWith('error');
    });
    assert.match(why, /was revoked by `owner`[\s\S]*its key leaked/);
    assert.match((await command('status')).text, /revoked\n\s+mini\/front/);
    assert.equal((await command('identity', 'restore', FRONT)).code, 0);
    await until('it is served again', async () => (await ask(running.gateway, '/ok')).status === 200);
    const events = await running.events();
    const said = events.filter((event): event is CertificateEvent => event.type === 'certificate').map(({ action }) => action);
    assert.ok(said.includes('revoked') && said.includes('restored'));
  });

  test('how links are protected stands in events and in status', async () => {
    const links = (await running.events()).filter((event): event is LinkEvent => event.type === 'link');
    const front = links.find(({ source, destination }) => source === FRONT && destination === 'mini/back');
    assert.ok(front?.mtls && front.tlsProtocol === 'TLSv1.3' && front.cipher.startsWith('TLS_'));
    assert.ok(links.some(({ destination, detail }) => destination === 'mini/door' && detail.startsWith('plaintext')));
    const { text } = await command('status');
    assert.match(text, /mini\/front -> mini\/back:\d+\s+1\.3\s+AES_128_GCM_SHA256\s+[0-9a-f]{8}\s+\d/);
    assert.match(text, /client -> mini\/door:\d+\s+plaintext/);
  });

  test('a rotation waits for a worker that does not answer, and goes on after control was killed in each phase', async () => {
    const rotation = async (): Promise<StatusResponse['rotation']> => (await running.status()).rotation;
    const worker = running.pidOf('proxy/1');
    process.kill(worker, 'SIGSTOP');
    try {
      assert.equal((await command('ca', 'rotate', '--no-wait')).code, 0);
      const killed = running.pidOf('control');
      process.kill(killed, 'SIGKILL');
      await until('control is back', () => running.processes().some(({ name, pid }) => name === 'control' && pid !== killed));
      await until('it waits', async () => ((await rotation().catch(() => null))?.waiting.length ?? 0) > 0);
      assert.equal((await rotation())?.phase, 'trust');
    } finally {
      process.kill(worker, 'SIGCONT');
    }
    for (const phase of ['renew', 'distrust'] as const) {
      const killed = running.pidOf('control');
      const seen = await until(phase, async () => [phase, ''].includes((await rotation().catch(() => null))?.phase ?? '')).catch(
        () => -1,
      );
      if (seen < 0) break;
      process.kill(killed, 'SIGKILL');
      await until('control is back', () => running.processes().some(({ name, pid }) => name === 'control' && pid !== killed));
    }
    await until('it is over', async () => (await running.status().catch(() => undefined))?.rotation === null);
    assert.equal((await rotations()).at(-1)?.slice(0, 4), 'done');
    assert.equal((await ask(running.gateway, '/ok')).status, 200);
    ended.done = true;
    await running.stop();
  });
});
