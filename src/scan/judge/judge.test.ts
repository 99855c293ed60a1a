import assert from 'node:assert/strict';
import test from 'node:test';
import type { Finding, FindingSeverity } from '#model/finding.ts';
import { EMPTY_BASELINE, readBaseline, writeBaseline } from './baseline.ts';
import { globMatcher } from './glob.ts';
import { judge } from './judge.ts';
import { ownerOf, readCodeOwners } from './owners.ts';
import { suppressor } from './suppress.ts';
import { DEFAULT_TERMS, dueDay } from './terms.ts';

const TODAY = '2026-11-24';

function finding(code: string, severity: FindingSeverity = 'high', line = 3): Finding {
  return {
    id: `id-${code}-${line}`,
    code,
    severity,
    title: 't',
    message: 'm',
    location: { file: 'deploy/shop.yaml', line, column: 1 },
    subject: 'Deployment shop/cart',
    references: [],
  };
}

function judged(one: Finding, lines: readonly string[] = [], annotation?: string, baseline = EMPTY_BASELINE) {
  const suppress = suppressor(
    TODAY,
    (_, line) => lines[line - 1],
    new Map(annotation === undefined ? [] : [['Deployment shop/cart', annotation]]),
    [],
  );
  const judges = { today: TODAY, terms: DEFAULT_TERMS, baseline, suppressor: suppress, owner: () => undefined };
  return { result: judge([one], judges)[0], idle: suppress.idle() };
}

test('a comment beside the place, or alone above it, suppresses with its reason', () => {
  for (const lines of [
    ['', '', 'image: x # cullis:ignore image.latest: built on each commit until 2027-01-31'],
    ['', '# cullis:ignore image.latest: built on each commit until=2027-01-31', 'image: x'],
    ['', '// cullis:ignore image.*: built on each commit until 2027-01-31', 'image: x'],
  ]) {
    const { result } = judged(finding('image.latest'), lines);
    assert.equal(result?.suppressed?.reason, 'built on each commit', lines.join('|'));
    assert.equal(result?.suppressed?.until, '2027-01-31');
  }
});

test('a suppression without a reason, past its day, for another rule, or on another line does nothing', () => {
  for (const [line, why] of [
    ['x: 1 # cullis:ignore image.latest', 'no-reason'],
    ['x: 1 # cullis:ignore image.latest: old until 2026-11-23', 'expired'],
    ['x: 1 # cullis:ignore image.latest: odd until 2026-13-45', 'bad-date'],
    ['x: 1 # cullis:ignore image.other: reason', undefined],
    ['x: 1', undefined],
  ] as const) {
    const { result, idle } = judged(finding('image.latest'), ['', '', line]);
    assert.equal(result?.suppressed, undefined, line);
    assert.equal(idle[0]?.why, why, line);
  }
  // Code on the line above has its own findings; its comment is not for this one.
  assert.equal(
    judged(finding('image.latest'), ['', 'y: 2 # cullis:ignore image.latest: reason', 'x: 1']).result?.suppressed,
    undefined,
  );
});

test('a comment that hides nothing is told, a sentence about such comments is not', () => {
  const suppress = suppressor(
    '2026-11-24',
    () => undefined,
    new Map(),
    [],
    [
      ['a.yaml', 3, 'x: 1 # cullis:ignore image.latest: was so once'],
      ['b.ts', 4, '// cullis:ignore code.eval: the input is ours'],
      ['guide.md', 9, '    image: x # cullis:ignore image.latest: because'],
      ['c.yaml', 1, 'text: write cullis:ignore image.latest beside it'],
    ],
  );
  assert.deepEqual(
    suppress.idle().map(({ where, rule, why }) => [where, rule, why]),
    [
      ['a.yaml:3', 'image.latest', 'unused'],
      ['b.ts:4', 'code.eval', 'unused'],
    ],
  );
});

test('an annotation suppresses on its resource, and tells when nothing matches it', () => {
  const { result } = judged(finding('network.no-policy'), [], 'network.no-policy: the mesh does it; pod.root: vendor image');
  assert.equal(result?.suppressed?.kind, 'annotation');
  assert.deepEqual(
    judged(finding('a.b'), [], 'network.no-policy: the mesh does it').idle.map(({ why }) => why),
    ['unused'],
  );
});

test('a day that has passed cannot be hidden: not by the baseline, and for high not by a suppression without an end', () => {
  const baseline = readBaseline(
    JSON.stringify({
      version: 1,
      findings: { 'id-a.b-3': { code: 'a.b', severity: 'high', title: 't', firstSeen: '2026-10-01' } },
      paths: [],
    }),
  );
  assert.ok('findings' in baseline);
  const late = judged(finding('a.b'), [], undefined, baseline).result;
  assert.deepEqual([late?.known, late?.overdue, late?.due], [true, true, '2026-10-15']);
  assert.equal(judged(finding('a.b'), [], 'a.b: we know', baseline).result?.overdue, true);
  const ended = judged(finding('a.b'), [], 'a.b: replaced next month until 2026-12-24', baseline).result;
  assert.deepEqual([ended?.overdue, ended?.suppressed?.reason], [false, 'replaced next month']);
  assert.equal(judged(finding('a.b', 'info'), [], undefined, baseline).result?.overdue, false);
});

test('what a baseline writes it reads; a damaged one is refused with what is wrong', () => {
  const { result } = judged(finding('a.b'));
  assert.ok(result);
  const text = writeBaseline({ findings: [result], paths: [] });
  const read = readBaseline(text);
  assert.ok('findings' in read);
  assert.equal(read.findings.get(result.id)?.firstSeen, TODAY);
  for (const bad of ['', '[]', '{"version":2}', '{"version":1,"findings":[]}', '{"version":1,"findings":{"x":{"code":"a"}}}'])
    assert.ok('mistake' in readBaseline(bad), bad);
});

test('globs stay linear whatever they are given', () => {
  for (const [pattern, text, want] of [
    ['a/*.yaml', 'a/b.yaml', true],
    ['a/*.yaml', 'a/b/c.yaml', false],
    ['a/**/*.yaml', 'a/c.yaml', true],
    ['a/**/*.yaml', 'a/b/c.yaml', true],
    ['**', '', true],
    ['?', '/', false],
  ] as const)
    assert.equal(globMatcher(pattern)(text), want, `${pattern} ${text}`);
  assert.equal(globMatcher('*a'.repeat(50))('a'.repeat(2000) + 'b'), false);
});

test('the last CODEOWNERS line that matches wins', () => {
  const owner = readCodeOwners('# all\n* @all\n/deploy/ @platform # ours\nshop.yaml @shop @sec\n/docs/*.md @docs\nunowned.txt\n');
  for (const [file, want] of [
    ['src/a.ts', '@all'],
    ['deploy/x/y.yaml', '@platform'],
    ['deploy/shop.yaml', '@shop @sec'],
    ['docs/a.md', '@docs'],
    ['docs/b/a.md', '@all'],
    ['x/unowned.txt', undefined],
  ] as const)
    assert.equal(owner(file), want, file);
});

test('an owner is taken from annotations before labels', () => {
  const metadata = { name: 'x', namespace: 'y', labels: { team: 'b' }, annotations: { 'cullis.dev/owner': 'a' } };
  const resource = { apiVersion: 'v1', kind: 'Pod', metadata, spec: {}, body: {} };
  assert.equal(ownerOf(resource), 'a');
  assert.equal(ownerOf({ ...resource, metadata: { ...metadata, annotations: {} } }), 'b');
});

test('terms count in days', () => {
  assert.equal(dueDay('critical', '2026-02-27', DEFAULT_TERMS), '2026-03-02');
  assert.equal(dueDay('info', '2026-02-27', DEFAULT_TERMS), undefined);
});
