import assert from 'node:assert/strict';
import test from 'node:test';
import { judgedFinding, scanResult } from '../../../test/fakes/scan-result.ts';
import { EMPTY_BASELINE } from '../judge/baseline.ts';
import type { Baseline } from '../judge/baseline.ts';
import type { JudgedFinding } from '../result.ts';
import { DEFAULT_GATE } from './policy.ts';
import type { GatePolicy } from './policy.ts';
import { verdictOf } from './verdict.ts';

const clean = { findings: [], paths: [], diagnostics: [], notAnalysed: [] };

function checks(
  finding: Partial<JudgedFinding> | undefined,
  policy: Partial<GatePolicy> = {},
  more: Parameters<typeof scanResult>[0] = {},
  baseline: Baseline = EMPTY_BASELINE,
) {
  const result = scanResult({ ...clean, ...(finding && { findings: [judgedFinding(finding)] }), ...more });
  return verdictOf(result, { ...DEFAULT_GATE, file: 'gate.yaml', terms: {}, ...policy }, baseline, '2026-11-24').failures.map(
    ({ check }) => check,
  );
}

test('a finding fails the gate for the first reason that holds', () => {
  for (const [finding, policy, want] of [
    [{ severity: 'high' }, {}, ['new']],
    [{ severity: 'low' }, {}, []],
    [{ severity: 'high', known: true }, {}, []],
    [{ severity: 'critical', known: true }, {}, ['any']],
    [{ severity: 'high', suppressed: { reason: 'r', kind: 'file', where: 'w' } }, {}, []],
    [{ severity: 'low', known: true, overdue: true }, {}, ['overdue']],
    [{ severity: 'low', known: true, overdue: true }, { failOnOverdue: false }, []],
    [{ severity: 'info', known: true }, { forbid: ['network.*'] }, ['forbidden']],
    [{ severity: 'critical' }, { allow: ['network.cidr-too-wide'] }, []],
    [{ severity: 'critical' }, { failOnNew: 'never', failOnAny: 'never' }, []],
  ] satisfies [Partial<JudgedFinding>, Partial<GatePolicy>, string[]][])
    assert.deepEqual(checks(finding, policy), want, JSON.stringify([finding, policy]));
});

test('vulnerabilities follow their own bar: severity, a fix, days of grace, a path to a crown jewel', () => {
  const code = 'vulnerability.package';
  const bar = DEFAULT_GATE.vulnerabilities;
  for (const [finding, vulnerabilities, want] of [
    [{ tags: ['fix:available'] }, bar, ['vulnerability']],
    [{ tags: [] }, bar, []],
    [{ tags: [] }, { ...bar, onlyFixable: false }, ['vulnerability']],
    [{ tags: ['fix:available'] }, { ...bar, graceDays: 10 }, []],
    [{ tags: ['fix:available'], firstSeen: '2026-11-01' }, { ...bar, graceDays: 10 }, ['vulnerability']],
    [{ severity: 'low', tags: ['reach:path'] }, bar, ['vulnerability']],
    [{ severity: 'low', tags: ['reach:path'] }, { ...bar, failOnPath: false }, []],
    [{ severity: 'high', tags: ['exploited:kev'] }, bar, ['vulnerability']],
    [{ severity: 'high', tags: ['exploited:kev'] }, { ...bar, failOnExploited: false }, []],
  ] satisfies [Partial<JudgedFinding>, GatePolicy['vulnerabilities'], string[]][])
    assert.deepEqual(checks({ code, ...finding }, { vulnerabilities }), want, JSON.stringify([finding, vulnerabilities]));
});

test('paths, broken documents and blind spots fail it as the policy says', () => {
  const { paths, diagnostics, notAnalysed } = scanResult();
  const known: Baseline = { findings: new Map(), paths: new Set(paths.map(({ id }) => id)) };
  assert.deepEqual(checks(undefined, {}, { paths }), ['paths']);
  assert.deepEqual(checks(undefined, {}, { paths }, known), []);
  assert.deepEqual(checks(undefined, { pathsMax: 0 }, { paths }, known), ['paths']);
  assert.deepEqual(checks(undefined, {}, { diagnostics, notAnalysed }), ['not-analysed']);
  assert.deepEqual(checks(undefined, { failOnNotAnalysed: 'all' }, { diagnostics, notAnalysed }), [
    'not-analysed',
    'not-analysed',
  ]);
  assert.deepEqual(checks(undefined, { failOnNotAnalysed: 'never' }, { diagnostics, notAnalysed }), []);
});

test('what the baseline had and the scan has no more is fixed', () => {
  const baseline: Baseline = {
    findings: new Map([['gone', { code: 'a.b', severity: 'high', title: 'old', firstSeen: '2026-01-01' }]]),
    paths: new Set(),
  };
  const verdict = verdictOf(scanResult(clean), { ...DEFAULT_GATE, file: 'g', terms: {} }, baseline, '2026-11-24');
  assert.deepEqual([verdict.pass, verdict.fixed], [true, [{ id: 'gone', code: 'a.b', title: 'old' }]]);
});
