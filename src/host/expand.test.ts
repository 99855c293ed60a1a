import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expand, expandCommand, expandEnv } from './expand.ts';

const known: Readonly<Record<string, string>> = { A: 'a', B: 'b', EMPTY: '', REF: '$(A)', 'X Y': 'xy' };

const ROWS: readonly (readonly [text: string, want: string])[] = [
  ['$(A)', 'a'],
  ['x$(A)y$(B)z', 'xaybz'],
  ['$(EMPTY)', ''],
  ['$(NOPE)', '$(NOPE)'],
  ['$$(A)', '$(A)'],
  ['$$$(A)', '$a'],
  ['$$$$(A)', '$$(A)'],
  ['$A ${A} $', '$A ${A} $'],
  ['$(A', '$(A'],
  ['$(', '$('],
  ['$', '$'],
  ['$$', '$'],
  ['$()', '$()'],
  ['$($(A))', '$($(A))'],
  ['$(REF)', '$(A)'],
  ['$(X Y)', 'xy'],
  ['$(A)$(A)', 'aa'],
  ['$(NOPE$(A)', '$(NOPE$(A)'],
  ['$x$(A)', '$xa'],
];

test('references expand as in Kubernetes', () => {
  for (const [text, want] of ROWS)
    assert.equal(
      expand(text, (name) => known[name]),
      want,
      text,
    );
});

test('environment values see only those before them, and secrets are not expanded', () => {
  const env = { FIRST: '1', SECOND: '$(FIRST)-$(THIRD)', THIRD: '$(SECOND)', SELF: '$(SELF)', PASSWORD: 'p$(FIRST)$$' };
  assert.deepEqual(expandEnv(env, new Set(['PASSWORD'])), {
    FIRST: '1',
    SECOND: '1-$(THIRD)',
    THIRD: '1-$(THIRD)',
    SELF: '$(SELF)',
    PASSWORD: 'p$(FIRST)$$',
  });
});

test('a command expands every word and inherits nothing from Object', () => {
  assert.deepEqual(expandCommand(['node', '--port=$(PORT)', '$(toString)'], { PORT: '80' }), [
    'node',
    '--port=80',
    '$(toString)',
  ]);
});
