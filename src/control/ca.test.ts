import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import test from 'node:test';
import { createCsr } from '#pki/csr.ts';
import { generateKey } from '#pki/keys.ts';
import { fakeEmit, fakeKeyWrap, fakeKv, identityOf } from '../../test/fakes/control.ts';
import { fakeClock, fakeRandom } from '../../test/fakes/time.ts';
import { type CaPorts, openCaService } from './ca.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const CART = identityOf('cart');
const csr = createCsr(CART, generateKey());
const yes = (): boolean => true;

function ports(change: Partial<CaPorts> = {}) {
  const emit = fakeEmit();
  const clock = fakeClock();
  return {
    kv: fakeKv(),
    keyWrap: fakeKeyWrap(),
    random: fakeRandom(),
    node: 'control',
    trustDomain: 'cluster.local',
    ...change,
    emit,
    clock,
  };
}

test('makes root and issuing CA once, says so durably, and opens the same again', async () => {
  const p = ports();
  const first = await openCaService(p);
  assert.deepEqual(
    p.emit.durable.map((event) => event.type === 'certificate' && event.action),
    ['ca-created', 'ca-created'],
  );
  const second = await openCaService(p);
  assert.equal(second.rootPem, first.rootPem);
  assert.deepEqual(second.view(), first.view());
  assert.equal(p.emit.durable.length, 2);
  for (const key of p.kv.list('')) assert.doesNotMatch(Buffer.from(p.kv.get(key)!).toString('latin1'), /PRIVATE KEY/, key);
});

test('issues a chain under the root, logs it, and calls the second one a renewal', async () => {
  const p = ports();
  const ca = await openCaService(p);
  const chain = await ca.issue('proxy/1', CART, csr, 24 * HOUR_MS, yes);
  const [leaf, issuing] = chain
    .match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)!
    .map((pem) => new X509Certificate(pem));
  assert.equal(leaf!.subjectAltName, `URI:${CART}`);
  assert.ok(leaf!.verify(issuing!.publicKey));
  assert.ok(issuing!.verify(new X509Certificate(ca.rootPem).publicKey));
  p.clock.advance(12 * HOUR_MS);
  await ca.issue('proxy/1', CART, csr, 24 * HOUR_MS, yes);
  const said = p.emit.durable.slice(2).map((event) => event.type === 'certificate' && [event.action, event.identity]);
  assert.deepEqual(said, [
    ['issued', CART],
    ['renewed', CART],
  ]);
  const again = await openCaService(p);
  assert.equal(again.latest(CART)?.issuedMs, p.clock.nowMs());
  assert.equal(again.view().issued, 2);
  p.clock.advance(13 * HOUR_MS);
  assert.equal((await openCaService(p)).view().issued, 1, 'what ended is forgotten');
});

test('refuses what the plan does not hold and what the request does not prove, and says so durably', async () => {
  const p = ports();
  const ca = await openCaService(p);
  const rows: readonly [string, string, string, (identity: string) => boolean][] = [
    ['an identity of nobody', CART, csr, () => false],
    ["another one's request", identityOf('billing'), csr, yes],
    ['no request', CART, 'nonsense', yes],
    ['another trust domain', 'spiffe://evil.example/ns/shop/sa/cart', csr, yes],
  ];
  for (const [name, identity, pem, allowed] of rows) {
    await assert.rejects(ca.issue('proxy/1', identity, pem, HOUR_MS, allowed), { code: 'ca.refused' }, name);
    const last = p.emit.durable.at(-1);
    assert.ok(last?.type === 'certificate' && last.action === 'refused', name);
  }
  assert.equal(ca.view().issued, 0);
});

test('a certificate that cannot be put on record is not issued', async () => {
  const p = ports();
  const ca = await openCaService(p);
  p.emit.breakDown();
  await assert.rejects(ca.issue('proxy/1', CART, csr, HOUR_MS, yes), /disk full/);
  assert.equal(ca.view().issued, 0);
});

test('the issuing CA is renewed a third before its end, by the root that stays', async () => {
  const p = ports({ issuingTtlMs: 90 * DAY_MS });
  const ca = await openCaService(p);
  const before = ca.view();
  p.clock.advance(59 * DAY_MS);
  await ca.renewIssuingWhenDue(24 * HOUR_MS);
  assert.deepEqual(ca.view(), before);
  p.clock.advance(2 * DAY_MS);
  const chains = await Promise.all([1, 2, 3].map(() => ca.issue('proxy/1', CART, csr, 24 * HOUR_MS, yes)));
  const after = ca.view();
  assert.notEqual(after.issuingSerial, before.issuingSerial);
  assert.equal(after.rootFingerprint, before.rootFingerprint);
  assert.equal(
    p.emit.durable.filter((event) => event.type === 'certificate' && event.action === 'ca-created').length,
    3,
    'renewed once',
  );
  assert.ok(
    new X509Certificate(chains[0]!).validToDate.getTime() >= p.clock.nowMs() + 24 * HOUR_MS - 1000,
    'lives as long as asked',
  );
  assert.equal((await openCaService(p)).view().issuingSerial, after.issuingSerial);
});

test('a wrong key opens nothing, and makes no second root', async () => {
  const p = ports();
  await openCaService(p);
  const before = p.kv.list('').map((key) => [key, Buffer.from(p.kv.get(key)!).toString('base64')]);
  await assert.rejects(openCaService({ ...p, keyWrap: fakeKeyWrap(9) }), { code: 'key.unavailable' });
  assert.deepEqual(
    p.kv.list('').map((key) => [key, Buffer.from(p.kv.get(key)!).toString('base64')]),
    before,
  );
});
