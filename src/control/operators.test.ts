import assert from 'node:assert/strict';
import test from 'node:test';
import { ROLES, roleAllows } from '#api/control.ts';
import { fakeEmit, fakeKeyWrap, fakeKv } from '../../test/fakes/control.ts';
import { fakeClock, fakeRandom } from '../../test/fakes/time.ts';
import { openOperators, type OperatorPorts } from './operators.ts';

function ports(change: Partial<OperatorPorts> = {}): OperatorPorts & { readonly emit: ReturnType<typeof fakeEmit> } {
  const emit = fakeEmit();
  return { kv: fakeKv(), keyWrap: fakeKeyWrap(), clock: fakeClock(), random: fakeRandom(), node: 'control', ...change, emit };
}

test('each role may what the ones before it may, and an unknown one nothing', () => {
  const want: Record<string, string[]> = {
    viewer: ['viewer'],
    operator: ['viewer', 'operator'],
    admin: ['viewer', 'operator', 'admin'],
  };
  for (const have of [...ROLES, 'root', '', '__proto__']) {
    assert.deepEqual(
      ROLES.filter((need) => roleAllows(have, need)),
      Object.hasOwn(want, have) ? want[have] : [],
      have,
    );
  }
});

test('a token opens what its role allows, also after a restart, and nothing of it is in the store', async () => {
  const p = ports();
  const operators = await openOperators(p);
  const token = await operators.create('ci', 'operator', 'owner', 'admin');
  assert.match(token, /^cullis_[A-Za-z0-9_-]{43}$/);
  const again = await openOperators(p);
  for (const one of [operators, again]) {
    const rows: readonly [header: string | undefined, need: (typeof ROLES)[number], want: string][] = [
      [`Bearer ${token}`, 'viewer', 'ci'],
      [`bearer ${token}`, 'operator', 'ci'],
      [`Bearer ${token}`, 'admin', 'role'],
      [undefined, 'viewer', 'missing'],
      ['', 'viewer', 'wrong'],
      [token, 'viewer', 'wrong'],
      [`Bearer  ${token}`, 'viewer', 'wrong'],
      [`Bearer ${token} `, 'viewer', 'wrong'],
      [`Bearer ${token}, Bearer ${token}`, 'viewer', 'wrong'],
      [`Basic ${token}`, 'viewer', 'wrong'],
      [`Bearer ${token.slice(0, -1)}`, 'viewer', 'wrong'],
      [`Bearer ${token}A`, 'viewer', 'wrong'],
      [`Bearer ${'A'.repeat(500)}`, 'viewer', 'wrong'],
    ];
    for (const [header, need, want] of rows) {
      const verdict = one.authorize(header, need);
      assert.equal(verdict.allow ? verdict.operator.name : verdict.code, want, `${header} ${need}`);
    }
  }
  for (const key of p.kv.list('')) {
    const text = Buffer.from(p.kv.get(key)!).toString('latin1');
    assert.ok(!text.includes(token.slice(7)), key);
  }
  assert.ok(!JSON.stringify(p.emit.durable).includes(token.slice(7)));
});

test('a hash stolen from the store opens nothing without its key', async () => {
  const p = ports();
  const operators = await openOperators(p);
  await operators.create('ci', 'admin', 'owner', 'admin');
  const stored = JSON.parse(Buffer.from(p.kv.get('operators/by-name/ci')!).toString()) as { hash: string };
  assert.equal(operators.authorize(`Bearer ${stored.hash.replaceAll(/[+/=]/g, 'A')}`, 'viewer').allow, false);
  await assert.rejects(openOperators({ ...p, keyWrap: fakeKeyWrap(8) }), { code: 'key.unavailable' });
});

test('creating and removing are on disk as audit events before they take effect', async () => {
  const p = ports();
  const operators = await openOperators(p);
  const token = await operators.create('ci', 'viewer', 'owner', 'admin');
  assert.deepEqual(
    p.emit.audits().map(({ operator, action, target, allowed }) => [operator, action, target, allowed]),
    [['owner', 'operator.create', 'ci viewer', true]],
  );
  await assert.rejects(operators.create('ci', 'admin', 'owner', 'admin'), { code: 'config.invalid' });
  p.emit.breakDown();
  await assert.rejects(operators.create('late', 'admin', 'owner', 'admin'), /disk full/);
  assert.equal(p.kv.get('operators/by-name/late'), undefined);
  await assert.rejects(operators.remove('ci', 'owner', 'admin'), /disk full/);
  assert.equal(operators.authorize(`Bearer ${token}`, 'viewer').allow, true, 'what could not be audited was not done');
});

test('a removed token and a token of a run end', async () => {
  const p = ports();
  const operators = await openOperators(p);
  const token = await operators.create('ci', 'viewer', 'owner', 'admin');
  const run = operators.createForThisRun('local', 'admin');
  assert.equal(operators.authorize(`Bearer ${run}`, 'admin').allow, true);
  assert.equal(await operators.remove('ci', 'owner', 'admin'), true);
  assert.equal(await operators.remove('ci', 'owner', 'admin'), false);
  assert.equal(operators.authorize(`Bearer ${token}`, 'viewer').allow, false);
  const again = await openOperators(p);
  assert.deepEqual(again.list(), []);
  assert.equal(again.authorize(`Bearer ${run}`, 'viewer').allow, false);
});

test('two requests for one name make one token', async () => {
  const operators = await openOperators(ports());
  const results = await Promise.allSettled([1, 2].map(() => operators.create('ci', 'viewer', 'owner', 'admin')));
  assert.deepEqual(results.map((one) => one.status).sort(), ['fulfilled', 'rejected']);
});

test('a damaged entry closes the door rather than being passed over', async () => {
  const p = ports();
  for (const entry of ['', '{}', '{"name":"x","role":"root","createdMs":1,"hash":"AA=="}', 'not json']) {
    p.kv.put('operators/by-name/x', Buffer.from(entry), null);
    await assert.rejects(openOperators(p), { code: 'state.unreadable' }, entry);
  }
});
