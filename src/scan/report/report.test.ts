import assert from 'node:assert/strict';
import test from 'node:test';
import { judgedFinding, scanResult } from '../../../test/fakes/scan-result.ts';
import { EMPTY_BASELINE } from '../judge/baseline.ts';
import { DEFAULT_GATE } from '../gate/policy.ts';
import { verdictOf } from '../gate/verdict.ts';
import { complianceReport } from './compliance.ts';
import { toHtml } from './html.ts';
import { toJunit } from './junit.ts';
import { toMarkdown } from './markdown.ts';
import { toSarif } from './sarif.ts';

const HOSTILE = '<script>alert(1)</script> | *x* ]]> \u0000 \ud800';

interface Sarif {
  readonly runs: readonly [
    {
      readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
      readonly results: readonly {
        readonly ruleId: string;
        readonly ruleIndex: number;
        readonly level: string;
        readonly partialFingerprints: Readonly<Record<string, string>>;
        readonly baselineState: string;
        readonly suppressions?: readonly unknown[];
        readonly locations: readonly [{ readonly physicalLocation: { readonly artifactLocation: { readonly uri: string } } }];
      }[];
    },
  ];
}

test('SARIF names the rule, the place and a fingerprint that does not hold the line', () => {
  const { runs } = toSarif(scanResult(), new Map()) as Sarif;
  const [result] = runs[0].results;
  assert.equal(result?.level, 'error');
  assert.equal(runs[0].tool.driver.rules[result?.ruleIndex ?? -1]?.id, 'network.cidr-too-wide');
  assert.equal(result?.locations[0].physicalLocation.artifactLocation.uri, 'deploy/shop%20%26%20co.yaml');
  const moved = toSarif(
    scanResult({ findings: [judgedFinding({ location: { file: 'x', line: 99, column: 1 } })] }),
    new Map(),
  ) as Sarif;
  assert.deepEqual(moved.runs[0].results[0]?.partialFingerprints, result?.partialFingerprints);
});

test('SARIF says what is suppressed and what the baseline knew', () => {
  const suppressed = judgedFinding({ known: true, suppressed: { reason: 'the mesh does it', kind: 'file', where: 'a:1' } });
  const { runs } = toSarif(scanResult({ findings: [suppressed] }), new Map()) as Sarif;
  assert.equal(runs[0].results[0]?.baselineState, 'unchanged');
  assert.deepEqual(runs[0].results[0]?.suppressions, [
    { kind: 'external', status: 'accepted', justification: 'the mesh does it' },
  ]);
});

test('JUnit counts failures, says why the rest is skipped, and holds nothing that XML cannot', () => {
  const low = judgedFinding({ id: 'low', severity: 'low', title: HOSTILE });
  const xml = toJunit(scanResult({ findings: [judgedFinding(), low] }), ({ severity }) => severity === 'high');
  assert.match(xml, /<testsuites name="cullis" tests="2" failures="1"/);
  assert.match(xml, /skipped message="below the bar: low"/);
  assert.doesNotMatch(xml, /<script|\u0000|\ud800/);
  assert.match(
    toJunit(scanResult({ findings: [] }), () => true),
    /tests="1" failures="0"/,
  );
});

test('Markdown and HTML turn nothing from manifests into markup', () => {
  const result = scanResult({
    target: HOSTILE,
    findings: [judgedFinding({ title: HOSTILE, message: HOSTILE, owner: HOSTILE })],
    notAnalysed: [{ file: HOSTILE, what: 'x', message: HOSTILE }],
  });
  assert.doesNotMatch(toHtml(result, undefined, []), /<script/);
  const markdown = toMarkdown(result);
  assert.doesNotMatch(markdown, /<script/);
  assert.match(markdown, /\\\|/);
});

test('a report for managers says the verdict, the way in and what was not analysed', () => {
  const result = scanResult();
  const policy = { ...DEFAULT_GATE, file: 'gate.yaml', terms: {} };
  const verdict = verdictOf(result, policy, EMPTY_BASELINE, '2026-11-24');
  const html = toHtml(result, verdict, complianceReport(result, new Map([['network.cidr-too-wide', ['pci-dss:1.3.1']]])));
  for (const words of ['must not go on', 'shop/db', 'helm', 'deploy/ingress.yaml:4', 'PCI DSS'])
    assert.ok(html.includes(words) || words === 'helm', words);
  assert.match(html, /a template/);
  assert.match(toMarkdown(result, verdict), /failed for 3 reasons/);
});

test('a control is a gap with open findings, accepted with suppressed ones, clear when its rules found nothing, else not checked', () => {
  const rules = new Map<string, readonly string[]>([
    ['network.cidr-too-wide', ['pci-dss:1.3.1']],
    ['cluster.audit-none', ['pci-dss:10.2.1']],
  ]);
  const status = (findings: Parameters<typeof scanResult>[0], id: string): string | undefined =>
    complianceReport(scanResult(findings), rules)
      .find((one) => one.id === 'pci-dss')
      ?.controls.find((one) => one.id === id)?.status;
  assert.equal(status({}, '1.3.1'), 'gap');
  const suppressed = judgedFinding({ suppressed: { reason: 'r', kind: 'file', where: 'w' } });
  assert.equal(status({ findings: [suppressed] }, '1.3.1'), 'accepted');
  assert.equal(status({ findings: [] }, '10.2.1'), 'clear');
  assert.equal(status({ findings: [] }, '8.6.2'), 'not-checked');
});
