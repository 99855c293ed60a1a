import assert from 'node:assert/strict';
import test from 'node:test';
import { formatLocation } from '#model/origin.ts';
import { readGatePolicy, readSuppressions } from './policy.ts';

const gate = (spec: string): string => `apiVersion: cullis.dev/v1\nkind: GatePolicy\nspec:\n${spec}`;
const told = (text: string): string[] =>
  readGatePolicy('gate.yaml', text).diagnostics.map((one) => `${formatLocation(one.location)} ${one.code}`);

test('a policy is read strictly: a word it does not know closes the gate', () => {
  const { value, diagnostics } = readGatePolicy(
    'gate.yaml',
    gate('  failOnNew: high\n  terms: { critical: 1 }\n  parity: [{ a: staging, b: prod }]\n'),
  );
  assert.deepEqual(diagnostics, []);
  assert.deepEqual(value?.parity, [{ a: 'staging', b: 'prod' }]);
  assert.deepEqual(told(gate('  failOnNeww: high\n')), ['gate.yaml:4:3 gate.unknown-field']);
  assert.deepEqual(told(gate('  failOnNew: hihg\n')), ['gate.yaml:4:3 gate.value']);
  assert.equal(readGatePolicy('gate.yaml', gate('  failOnNew: hihg\n')).value, undefined);
});

test('another kind, no document, two documents or broken YAML is refused', () => {
  for (const text of [
    '',
    'apiVersion: cullis.dev/v1\nkind: Other\nspec: {}\n',
    `${gate('  {}\n')}---\n${gate('  {}\n')}`,
    'a: [',
    'apiVersion: v2\nkind: GatePolicy\nspec: {}\n',
  ]) {
    const { value, diagnostics } = readGatePolicy('gate.yaml', text);
    assert.equal(value, undefined, text);
    assert.ok(
      diagnostics.some((one) => one.severity === 'error'),
      text,
    );
  }
});

test('a suppression says its rule and its reason, and where it stands', () => {
  const text =
    'apiVersion: cullis.dev/v1\nkind: Suppressions\nspec:\n  suppressions:\n    - rule: image.latest\n      reason: rebuilt on each commit\n      until: 2027-01-31\n';
  const { value, diagnostics } = readSuppressions('.cullis-ignore.yaml', text);
  assert.deepEqual(diagnostics, []);
  assert.deepEqual(value, [
    { rule: 'image.latest', reason: 'rebuilt on each commit', until: '2027-01-31', where: '.cullis-ignore.yaml:5' },
  ]);
  assert.equal(readSuppressions('s.yaml', text.replace(/ {6}reason.*\n/, '')).value, undefined);
});
