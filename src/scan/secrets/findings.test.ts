import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { secretFindings } from './findings.ts';
import { secretHistory } from './history.ts';
import { ignoredSecrets } from './ignore.ts';
import { SECRET_RULES } from './rules.ts';
import { compileSecretRules } from './scanner.ts';

const DAY = 86_400_000;
const NOW = 1000 * DAY;
const scanner = compileSecretRules({ rules: SECRET_RULES });
const value = (seed: string): string =>
  createHash('sha256')
    .update(seed)
    .digest('base64')
    .replaceAll(/[^A-Za-z0-9]/g, 'x')
    .slice(0, 24);
const key = `sk_live_${value('a')}`;
const gone = `sk_live_${value('b')}`;
const scan = (file: string, text: string) => scanner.scan(file, Buffer.from(text), { fingerprintKey: 'k' });

test('findings: severity by kind, lower in test code; the secret stays out; ids stay when lines move', () => {
  const [finding] = secretFindings(scan('src/pay.ts', `const key = '${key}';`), { now: NOW });
  assert.equal(finding!.severity, 'critical');
  assert.equal(finding!.code, 'secrets.stripe-access-token');
  assert.deepEqual(finding!.location, { file: 'src/pay.ts', line: 1, column: 14 });
  assert.match(finding!.fix!.text, /^rotate first/);
  assert.ok(!JSON.stringify(finding).includes(key.slice(4)));
  assert.deepEqual(finding!.cwe, [798, 540]);
  assert.equal(secretFindings(scan('src/pay.ts', `\n\nconst key = '${key}';`), { now: NOW })[0]!.id, finding!.id);
  for (const file of ['test/pay.ts', 'src/pay.test.ts', 'pkg/pay_test.go', 'src/fixtures/a.json'])
    assert.equal(secretFindings(scan(file, `const key = '${key}';`), { now: NOW })[0]!.severity, 'medium', file);
});

test('findings: two equal secrets in one file are two findings, and a suppressed one is none', () => {
  const findings = secretFindings(scan('a.env', `A=${key}\nB=${key}\nC=${key} # gitleaks:allow\n`), { now: NOW });
  assert.equal(new Set(findings.map(({ id }) => id)).size, 2);
});

test('findings: history gives ages and what was removed', () => {
  const contents = [
    { path: 'a.env', bytes: Buffer.from(`A=${key}\nB=${gone}`), commit: '1'.repeat(40), when: NOW - 90 * DAY, present: false },
    { path: 'b.env', bytes: Buffer.from(`A=${key}`), commit: '2'.repeat(40), when: NOW - 5 * DAY, present: true },
  ];
  const { ages, removed } = secretHistory(scanner, contents, 'k');
  assert.deepEqual(
    removed.map(({ file, line }) => `${file}:${line}`),
    ['a.env:2'],
  );
  const [present] = secretFindings(scan('b.env', `A=${key}`), { now: NOW, ages });
  assert.ok(present!.tags!.includes('secret-age'));
  assert.match(present!.message, /commit `111111111111` 90 days ago/);
  const [old] = secretFindings(removed, { now: NOW, ages });
  assert.ok(old!.tags!.includes('history-only'));
  assert.match(old!.message, /history still holds it/);
  const ignored = ignoredSecrets(`${'1'.repeat(40)}:a.env:stripe-access-token:2\n`);
  assert.deepEqual(secretHistory(scanner, contents, 'k', ignored).removed, []);
});

test('ignore files: fingerprints of gitleaks, comments, baselines, damaged ones', () => {
  const [hit] = scan('src/a.env', `\nA=${key}`);
  assert.equal(ignoredSecrets('# one\nsrc/a.env:stripe-access-token:2 # known\n').of(hit!), '`.gitleaksignore` line 2');
  assert.equal(ignoredSecrets('src/a.env:stripe-access-token:3\n').of(hit!), undefined);
  assert.equal(ignoredSecrets('abc:src/a.env:stripe-access-token:2\n').of(hit!), undefined);
  assert.equal(ignoredSecrets('abc:src/a.env:stripe-access-token:2\n').of(hit!, 'abc'), '`.gitleaksignore` line 1');
  const report = [{ RuleID: 'stripe-access-token', File: 'src/a.env', StartLine: 2 }];
  assert.equal(ignoredSecrets('', JSON.stringify(report)).of(hit!), 'the baseline');
  for (const damaged of ['', '{', '{}', '[1, null]']) assert.equal(ignoredSecrets('', damaged).of(hit!), undefined);
});
