import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { authorizer, policy, request } from '../../test/fakes/policy.ts';
import { isPermit, Permit, permitWithoutPolicy } from './permit.ts';

test('only authorize() gives a permit', () => {
  const decision = authorizer([policy('ALLOW', [{}])]).authorize(request());
  assert.ok(decision.allow && isPermit(decision.permit));
  assert.equal(decision.permit.policy, 'shop/allow');
  assert.equal(decision.permit.rule, 0);
});

test('what looks like a permit is none', () => {
  const real = permitWithoutPolicy('demo');
  const lookalikes = [
    undefined,
    null,
    true,
    {},
    { policy: '', rule: -1 },
    Object.assign({}, real),
    structuredClone(real),
    Object.create(Permit.prototype),
    Object.create(real),
  ];
  for (const one of lookalikes) assert.equal(isPermit(one), false);
  assert.equal(isPermit(real), true);
});

test('the constructor refuses everybody', () => {
  const construct = Permit as unknown as new (...args: unknown[]) => Permit;
  for (const args of [[], [Symbol('permit'), 'a/b', 0], [Symbol.for('permit'), 'a/b', 0]])
    assert.throws(() => new construct(...args), { name: 'AssertionBug' });
});

test('a permit cannot be changed', () => {
  const real = permitWithoutPolicy('demo');
  assert.throws(() => Object.assign(real, { policy: 'shop/other' }), TypeError);
  assert.match(real.policy, /policy off: demo/);
});

test('the door for granting is used by the compiler alone', () => {
  const src = join(import.meta.dirname, '..');
  const users = globSync('**/*.ts', { cwd: src }).filter(
    (file) => !file.endsWith('.test.ts') && /\bgrantPermit\b/.test(readFileSync(join(src, file), 'utf8')),
  );
  assert.deepEqual(users.map((file) => file.replaceAll('\\', '/')).sort(), ['policy/compile.ts', 'policy/permit.ts']);
});
