import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import test from 'node:test';
import type { WorkerReport } from '#model/snapshot.ts';
import { createCsr } from '#pki/csr.ts';
import { generateKey } from '#pki/keys.ts';
import { fingerprintOf } from '#pki/trust-bundle.ts';
import { certificatesOf } from '#pki/pem.ts';
import { createLogger } from '#telemetry/log.ts';
import { fakeEmit, fakeKeyWrap, fakeKv, identityOf } from '../../test/fakes/control.ts';
import { fakeClock, fakeRandom } from '../../test/fakes/time.ts';
import { Rotation } from './rotation.ts';
import type { WorkerView } from './snapshots.ts';
import { TrustKeeper } from './trust.ts';

const HOUR_MS = 3_600_000;
const [CART, BILLING] = [identityOf('cart'), identityOf('billing')];
const yes = (): boolean => true;

function bench() {
  const journal = fakeEmit();
  const ports = { kv: fakeKv(), keyWrap: fakeKeyWrap(), journal, clock: fakeClock(), random: fakeRandom() };
  /** A control process that is started anew over the same state. */
  const open = async (): Promise<TrustKeeper> => {
    const trust = new TrustKeeper(ports);
    await trust.use('cluster.local');
    return trust;
  };
  const issue = async (trust: TrustKeeper, identity: string): Promise<string> => {
    const chain = await trust.ca!.issue('proxy/1', identity, createCsr(identity, generateKey()), HOUR_MS, yes);
    return new X509Certificate(chain).serialNumber.toLowerCase();
  };
  const said = (): string[] => journal.durable.flatMap((event) => (event.type === 'certificate' ? [event.action] : []));
  return { ...ports, open, issue, said };
}

test('a revoked identity gets no certificate, also after a restart, until it is restored; those of before stay refused', async () => {
  const b = bench();
  const first = await b.open();
  const old = await b.issue(first, CART);
  const before = first.state.trustVersion;
  assert.equal(await first.revoke({ kind: 'identity', subject: CART, reason: 'leaked', by: 'ann' }), true);
  assert.equal(await first.revoke({ kind: 'identity', subject: CART, reason: 'again', by: 'bob' }), false);
  assert.equal(first.state.trustVersion, before + 1);
  await assert.rejects(b.issue(first, CART), { code: 'ca.refused', message: /revoked by `ann`: leaked/ });
  const again = await b.open();
  assert.ok(again.state.trustVersion > first.state.trustVersion, 'workers take it for newer');
  assert.deepEqual(
    again.state.revoked.map(({ kind, subject, reason }) => [kind, subject, reason]),
    [['identity', CART, 'leaked']],
  );
  await assert.rejects(b.issue(again, CART), { code: 'ca.refused' });
  await b.issue(again, BILLING);
  assert.equal(await again.restore(BILLING, 'ann'), false);
  assert.equal(await again.restore(CART, 'ann'), true);
  assert.deepEqual(
    again.state.revoked.map(({ kind, subject }) => [kind, subject]),
    [['serial', old]],
  );
  await b.issue(again, CART);
  b.clock.advance(2 * HOUR_MS);
  assert.equal(again.prune(), true, 'an ended certificate needs no entry');
  assert.deepEqual(again.state.revoked, []);
  assert.equal((await b.open()).revocations().length, 0);
  assert.deepEqual(
    b.said().filter((action) => action === 'revoked' || action === 'restored'),
    ['revoked', 'restored'],
  );
});

test('what is no identity of the mesh and no certificate in use cannot be revoked', async () => {
  const b = bench();
  const trust = await b.open();
  for (const [kind, subject] of [
    ['identity', 'cart'],
    ['identity', 'spiffe://cluster.local'],
    ['identity', 'spiffe://other.test/ns/shop/sa/cart'],
    ['identity', 'spiffe://Cluster.local/ns/shop/sa/cart'],
    ['serial', 'ab'],
    ['serial', CART],
  ] as const)
    await assert.rejects(trust.revoke({ kind, subject, reason: '', by: 'ann' }), { code: 'config.invalid' }, subject);
  b.journal.breakDown();
  await assert.rejects(trust.revoke({ kind: 'identity', subject: CART, reason: '', by: 'ann' }), /disk full/);
  assert.deepEqual(trust.state.revoked, [], 'what cannot be put on record does not happen');
});

test('a trust domain that was renamed believes its former name, when its alias says so and its CA was here', async () => {
  const b = bench();
  const trust = await b.open();
  const [former] = trust.state.bundle.roots['cluster.local']!;
  await trust.use('example.org', ['cluster.local', 'stranger.test']);
  assert.deepEqual(Object.keys(trust.state.bundle.roots).sort(), ['cluster.local', 'example.org']);
  assert.deepEqual(trust.state.bundle.roots['cluster.local'], [former]);
  await trust.revoke({ kind: 'identity', subject: CART, reason: '', by: 'ann' });
  await trust.use('example.org');
  assert.deepEqual(Object.keys(trust.state.bundle.roots), ['example.org']);
});

test('damaged state is not guessed at', async () => {
  for (const key of ['trust/version', 'trust/revoked/identity/x', 'ca/cluster.local/rotation']) {
    const b = bench();
    await b.open();
    b.kv.put(key, Buffer.from('{"half'), null);
    await assert.rejects(b.open(), { code: 'state.unreadable' }, key);
  }
});

/** A worker as the rotation sees it. */
function fakeWorker(b: ReturnType<typeof bench>) {
  const state = { connected: true, pid: 1, trustVersion: 0, obeys: true, held: new Map<string, string>() };
  const rotation = (trust: TrustKeeper): Rotation =>
    new Rotation({
      trust,
      clock: b.clock,
      log: createLogger({ name: 'control', format: 'json', level: 'silent' }),
      workers: (): WorkerView[] => [
        {
          name: 'proxy/1',
          pid: state.pid,
          connected: state.connected,
          version: '',
          trustVersion: state.trustVersion,
          trustFault: '',
        },
      ],
      report: () =>
        ({
          pid: 1,
          certificates: [...state.held].map(([identity, serial]) => ({ identity, serial, notAfterMs: 0 })),
        }) as never as WorkerReport,
      identitiesOf: () => [CART, BILLING],
      sendTrust: () => {
        if (state.obeys) state.trustVersion = trust.state.trustVersion;
      },
      sendRenew: (_worker, identities) => {
        if (state.obeys)
          for (const identity of identities)
            pending.push(b.issue(trust, identity).then((serial) => state.held.set(identity, serial)));
      },
      askReports: () => undefined,
    });
  const pending: Promise<unknown>[] = [];
  const settle = async (): Promise<void> => void (await Promise.all(pending.splice(0)));
  return { state, rotation, settle };
}

const prints = (trust: TrustKeeper): string[] =>
  trust.state.bundle.roots['cluster.local']!.map((pem) => fingerprintOf(certificatesOf(pem)[0]!).slice(0, 8));

test('the root is rotated in three phases; control may die in each, and no phase ends before the worker has done it', async () => {
  const b = bench();
  const worker = fakeWorker(b);
  let trust = await b.open();
  for (const identity of [CART, BILLING]) worker.state.held.set(identity, await b.issue(trust, identity));
  const [old] = prints(trust) as [string];
  let rotation = worker.rotation(trust);
  worker.state.obeys = false;
  await rotation.begin('ann');
  await assert.rejects(rotation.begin('bob'), { code: 'ca.refused' });
  const restart = async (): Promise<void> => {
    trust = await b.open();
    rotation = worker.rotation(trust);
    worker.state.trustVersion = 0;
    b.clock.advance(10_000);
  };
  const expect = (phase: string | undefined, roots: readonly string[], why?: RegExp): void => {
    const view = rotation.view();
    assert.equal(view?.phase, phase);
    assert.deepEqual(prints(trust), roots);
    if (why) assert.match(view?.waiting[0]?.why ?? '', why);
  };
  const next = rotation.view()!.newRootFingerprint.slice(0, 8);
  for (let i = 0; i < 3; i++) await rotation.tick();
  expect('trust', [old, next], /has not acknowledged/);
  worker.state.connected = false;
  expect('trust', [old, next], /is not connected/);
  worker.state.connected = true;
  await restart();
  await rotation.tick();
  expect('trust', [old, next], /has not acknowledged/);
  const serial = await b.issue(trust, CART);
  assert.notEqual(
    trust.ca!.issued(serial)?.root?.slice(0, 8),
    next,
    'the old CA signs while the new root is not known everywhere',
  );

  worker.state.obeys = true;
  b.clock.advance(10_000);
  await rotation.tick();
  worker.state.obeys = false;
  await rotation.tick();
  expect('renew', [next, old]);
  await restart();
  for (let i = 0; i < 3; i++) await rotation.tick();
  expect('renew', [next, old], /has not acknowledged/);
  worker.state.obeys = true;
  await restart();
  await rotation.tick();
  await worker.settle();
  assert.equal(trust.ca!.issued(worker.state.held.get(CART)!)?.root?.slice(0, 8), next);
  worker.state.pid = 2;
  await rotation.tick();
  expect('renew', [next, old], /2 certificates are still to be replaced/);
  worker.state.pid = 1;
  worker.state.obeys = false;
  await rotation.tick();
  expect('distrust', [next], /has not acknowledged/);

  await restart();
  await rotation.tick();
  expect('distrust', [next], /has not acknowledged/);
  worker.state.obeys = true;
  b.clock.advance(10_000);
  await rotation.tick();
  await rotation.tick();
  expect(undefined, [next]);
  await restart();
  expect(undefined, [next]);
  assert.equal(b.said().filter((action) => action === 'ca-rotation').length, 4);
  assert.deepEqual(
    b.kv.list('ca/').filter((key) => key.includes('next') || key.includes('rotation')),
    [],
  );
});
