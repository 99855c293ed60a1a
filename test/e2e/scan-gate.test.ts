// `cullis gate` as a build runs it: what was there does not fail it, what a change makes worse does, and each option of the policy does what it says.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { GateVerdict } from '#scan/gate/verdict.ts';
import type { ScanResult } from '#scan/result.ts';
import { Workshop } from './scanning.ts';

const SEE = 'test/fixtures/see';
const BASELINE = ['--baseline', 'baseline.json'];

type Judged = ScanResult & { readonly verdict: GateVerdict };

function policy(spec: string): string {
  return `apiVersion: cullis.dev/v1\nkind: GatePolicy\nspec: ${spec}\n`;
}

async function verdict(shop: Workshop, code: number, spec: string, ...args: string[]): Promise<GateVerdict> {
  // Policies beside each other, so that several can be asked at once.
  const file = `gate-${createHash('sha256').update(spec).digest('hex').slice(0, 8)}.yaml`;
  shop.write(file, policy(spec));
  const done = await shop.inside(['gate', '--json', '--policy', file, ...BASELINE, 'deploy', ...args]);
  assert.equal(done.code, code, done.stdout + done.stderr);
  const { verdict: given } = JSON.parse(done.stdout) as Judged;
  assert.equal(given.pass, code === 0);
  return given;
}

const checks = ({ failures }: GateVerdict): readonly string[] => [...new Set(failures.map(({ check }) => check))].toSorted();

async function withBaseline(): Promise<Workshop> {
  const shop = new Workshop();
  shop.copy(SEE);
  await shop.expect(0, ['scan', 'deploy', ...BASELINE, '--update-baseline']);
  return shop;
}

test('the baseline lets in what was there; a new gap closes the gate; what is fixed is told', async () => {
  using shop = new Workshop();
  shop.copy(SEE);
  const closed = await shop.expect(1, ['gate', 'deploy', ...BASELINE]);
  assert.match(closed, /fail new: .*\n.*pod\.privileged/);
  assert.match(closed, /fail paths: a new path leads from /);
  assert.match(closed, /the gate is closed for \d+ reasons\n$/);
  assert.equal(shop.has('baseline.json'), false, 'a gate writes no baseline');

  await shop.expect(0, ['scan', 'deploy', ...BASELINE, '--update-baseline']);
  const written = shop.read('baseline.json');
  assert.match(await shop.expect(0, ['gate', 'deploy', ...BASELINE]), /^0 new findings, 0 new paths\nthe gate is open\n$/);
  await shop.expect(0, ['scan', 'deploy', ...BASELINE, '--update-baseline']);
  assert.equal(shop.read('baseline.json'), written, 'nothing changed, so the baseline does not');

  shop.edit(
    'deploy/orders.yaml',
    'automountServiceAccountToken: false',
    'automountServiceAccountToken: false\n      hostNetwork: true',
  );
  const { verdict: worse } = await shop.json<Judged>(1, ['gate', 'deploy', ...BASELINE]);
  assert.ok(worse.newFindings.length > 0);
  assert.ok(
    worse.failures.every(({ finding }) => finding === undefined || !finding.known),
    'no old finding is a reason',
  );
  assert.ok(!worse.failures.some(({ finding }) => finding?.code === 'pod.privileged'));

  shop.edit('deploy/orders.yaml', '\n      hostNetwork: true', '');
  shop.edit('deploy/web.yaml', 'privileged: true', 'privileged: false');
  assert.match(await shop.expect(0, ['gate', 'deploy', ...BASELINE]), /\d+ fixed/);
});

test('what is overdue fails, whatever the baseline says', async () => {
  using shop = await withBaseline();
  const seen = new Date(Date.now() - 60 * 86_400_000).toISOString().slice(0, 10);
  const due = new Date(Date.parse(seen) + 14 * 86_400_000).toISOString().slice(0, 10);
  shop.write('baseline.json', shop.read('baseline.json').replace(/("pod\.privileged".*"firstSeen":)"[^"]*"/, `$1"${seen}"`));
  const text = await shop.expect(1, ['gate', 'deploy', ...BASELINE]);
  assert.match(text, new RegExp(`fail overdue: was to be fixed by ${due}\n.*pod\\.privileged`));
  assert.match(await shop.expect(1, ['scan', 'deploy', ...BASELINE]), new RegExp(`overdue since ${due}`));
  assert.deepEqual(checks(await verdict(shop, 0, '{ failOnOverdue: false }')), []);
  // A longer term is the team's to give.
  assert.deepEqual(checks(await verdict(shop, 0, '{ terms: { critical: 3, high: 90, medium: 60, low: 180 } }')), []);
});

test('each option of the policy', async (t) => {
  using shop = await withBaseline();
  const cases: [spec: string, fails: string[]][] = [
    ['{}', []],
    ['{ failOnAny: high }', ['any']],
    ['{ failOnAny: never, failOnNew: never, failOnNewPaths: false }', []],
    ['{ pathsMax: 0 }', ['paths']],
    ['{ pathsMax: 100 }', []],
    ['{ forbid: [image.tag] }', ['forbidden']],
    ['{ forbid: [pod.*], allow: [pod.*] }', ['forbidden']],
    ['{ failOnAny: high, allow: [pod.*, network.*] }', []],
    ['{ failOnNotAnalysed: all }', []],
    ['{ parity: [{ a: staging, b: production }] }', []],
  ];
  shop.copy(`${SEE}/deploy`, 'staging');
  shop.copy(`${SEE}/deploy`, 'production');
  await Promise.all(
    cases.map(([spec, fails]) =>
      t.test(spec, async () => {
        assert.deepEqual(checks(await verdict(shop, fails.length > 0 ? 1 : 0, spec)), fails);
      }),
    ),
  );
  await t.test('a difference between the environments', async () => {
    shop.edit('production/orders.yaml', 'runAsNonRoot: true', 'runAsNonRoot: false');
    const found = await verdict(shop, 1, '{ failOnNew: never, parity: [{ a: staging, b: production }] }');
    assert.deepEqual(checks(found), ['parity']);
    assert.match(found.failures[0]?.finding?.title ?? '', /orders.*runAsNonRoot|runAsNonRoot.*orders/);
  });
  await t.test('without a baseline everything is new', async () => {
    shop.write('gate.yaml', policy('{ failOnNew: high, failOnNewPaths: true }'));
    const { verdict: all } = await shop.json<Judged>(1, ['gate', '--policy', 'gate.yaml', 'deploy']);
    assert.deepEqual(checks(all), ['new', 'paths']);
    assert.ok(all.failures.every(({ finding }) => finding === undefined || ['critical', 'high'].includes(finding.severity)));
  });
  await t.test('broken documents', async () => {
    shop.write('deploy/late.yaml', 'apiVersion: v1\nkind: "Config\n');
    assert.deepEqual(checks(await verdict(shop, 1, '{}')), ['not-analysed']);
    assert.deepEqual(checks(await verdict(shop, 0, '{ failOnNotAnalysed: never }')), []);
    shop.write('deploy/late.yaml', 'apiVersion: example.com/v1\nkind: Gadget\nmetadata: { name: a }\n');
    assert.deepEqual(checks(await verdict(shop, 0, '{}')), []);
    assert.deepEqual(checks(await verdict(shop, 1, '{ failOnNotAnalysed: all }')), ['not-analysed']);
  });
});

test('a policy that is half understood is no bar: every mistake with its place', async (t) => {
  using shop = new Workshop();
  shop.copy(SEE);
  const cases: [text: string, says: RegExp][] = [
    [policy('{ failOnNew: hihg }'), /gate\.yaml:3:\d+: .*hihg|gate\.yaml:3:\d+: .*failOnNew/],
    [policy('{ failOnEverything: true }'), /gate\.yaml:3:\d+: .*failOnEverything/],
    [policy('\n  pathsMax: -1\n  terms: { critical: soon }'), /gate\.yaml:4:\d+: [^]*gate\.yaml:5:\d+: /],
    [policy('{ parity: [{ a: staging }] }'), /gate\.yaml:3:\d+: /],
    ['apiVersion: cullis.dev/v1\nkind: GatePolice\nspec: {}\n', /gate\.yaml:2:\d+: `kind` must be `GatePolicy`/],
    ['kind: GatePolicy\nspec: {}\n', /gate\.yaml:1:\d+: `apiVersion` must be `cullis\.dev\/v1`/],
    ['spec: [', /gate\.yaml:\d+:\d+: /],
    ['', /gate\.yaml.* must hold one document/],
  ];
  await Promise.all(
    cases.map(([text, says], i) =>
      t.test(JSON.stringify(text), async () => {
        const folder = `case${i}`;
        shop.write(`${folder}/gate.yaml`, text);
        assert.match(await shop.mistake(['gate', '--policy', `${folder}/gate.yaml`, 'deploy']), says);
      }),
    ),
  );
  await t.test('files that are not there', async () => {
    assert.match(await shop.mistake(['gate', '--policy', 'none.yaml', 'deploy']), /policy `none\.yaml` could not be read/);
    assert.match(await shop.mistake(['gate', 'nowhere']), /no such file or folder: `nowhere`/);
    shop.write('gate.yaml', policy('{ parity: [{ a: nowhere, b: deploy }] }'));
    assert.match(await shop.mistake(['gate', '--policy', 'gate.yaml', 'deploy']), /nowhere/);
    for (const text of ['', '{', '[]', '{"version":2}', '{"version":1,"findings":{"a":{}},"paths":[]}']) {
      shop.write('baseline.json', text);
      assert.match(await shop.mistake(['gate', 'deploy', ...BASELINE]), /the baseline `baseline\.json` cannot be used/);
    }
  });
});

test('reports of the gate: JUnit fails what the gate fails, a summary names the verdict, compliance has its controls', async () => {
  using shop = await withBaseline();
  shop.edit(
    'deploy/orders.yaml',
    'automountServiceAccountToken: false',
    'automountServiceAccountToken: false\n      hostPID: true',
  );
  const reports = ['junit', 'markdown', 'html', 'json'].flatMap((form) => ['--format', form, '--output', `gate.${form}`]);
  await shop.expect(1, ['gate', 'deploy', ...BASELINE, ...reports, '--compliance']);
  const { verdict: given, findings } = JSON.parse(shop.read('gate.json')) as Judged;
  const failing = new Set(given.failures.flatMap(({ finding }) => (finding ? [finding.id] : [])));
  assert.ok(failing.size > 0 && failing.size < findings.length);
  assert.equal(shop.read('gate.junit').match(/<failure\b/g)?.length, failing.size);
  assert.match(shop.read('gate.markdown'), /^## Cullis: failed for 1 reason/);
  assert.match(shop.read('gate.html'), /CIS[^]*NSA[^]*PCI DSS[^]*SOC 2/);
  assert.ok('compliance' in (JSON.parse(shop.read('gate.json')) as object));
});

test('a pair of overlays that the policy names is told once, beside the pairs that names tell', async () => {
  using shop = new Workshop();
  shop.copy('test/fixtures/see-parity');
  shop.write('gate.yaml', policy('{ failOnNew: never, parity: [{ a: overlays/staging, b: overlays/production }] }'));
  const text = await shop.expect(1, ['gate', '--policy', 'gate.yaml']);
  assert.match(
    text,
    /^fail parity: the environments differ in their images\n.*parity\.image[^]*the gate is closed for 1 reason\n$/,
  );
});
