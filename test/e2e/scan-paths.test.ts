// The commands about ways through a system, as a user runs them: paths, blast, fix, threats, reach, netmap, parity.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Workshop } from './scanning.ts';

const SEE = 'test/fixtures/see';
const OVERLAYS = 'test/fixtures/see-parity';

function seeShop(): Workshop {
  const shop = new Workshop();
  shop.copy(SEE);
  return shop;
}

interface Paths {
  readonly paths: readonly { readonly byDesign: boolean; readonly hops: readonly { readonly evidence: readonly unknown[] }[] }[];
}

test('paths shows the ways in with a place for each step; blast what falls with a workload', async () => {
  using shop = seeShop();
  const { paths } = await shop.json<Paths>(1, ['paths']);
  assert.ok(paths.some(({ byDesign }) => !byDesign));
  assert.ok(paths.every(({ hops }) => hops.length > 1 && hops.every(({ evidence }) => evidence.length > 0)));
  const text = await shop.expect(1, ['paths']);
  assert.match(text, /the internet → shop\/db/);
  assert.match(text, /deploy\/web\.yaml:\d+:\d+/);
  assert.match(await shop.expect(0, ['paths', '--from', 'orders', '--max', '1']), /^1\. shop\/orders → shop\/db/);
  assert.match(await shop.mistake(['paths', '--from', 'ordesr']), /no workload `ordesr`.*orders/);
  assert.match(await shop.mistake(['paths', '--max', 'many']), /--max/);

  assert.match(await shop.expect(1, ['blast', 'web']), /when shop\/web falls[^]*crown jewels[^]*shop\/db/);
  assert.equal((await shop.json<{ system: string }>(1, ['blast', 'shop/web', 'deploy'])).system, 'deploy');
  assert.match(await shop.mistake(['blast']), /which workload/);
  assert.match(await shop.mistake(['blast', 'wbe']), /no workload `wbe`.*web/);
});

/** Lines of the text that are not in the other, and the other way round. */
function changedLines(before: string, after: string): { readonly gone: readonly string[]; readonly come: readonly string[] } {
  const [old, fresh] = [before.split('\n'), after.split('\n')];
  return { gone: old.filter((line) => !fresh.includes(line)), come: fresh.filter((line) => !old.includes(line)) };
}

test('fix --write closes every path, leaves what it does not change as it was, and has nothing to do after', async () => {
  using shop = seeShop();
  const files = ['web', 'orders', 'db', 'policies', 'cluster'].map((name) => `deploy/${name}.yaml`);
  const before = files.map((file) => shop.read(file));
  const shown = await shop.expect(1, ['fix']);
  assert.match(shown, /the smallest fix: \d changes[^]*proof[^]*paths \d+ → 0, (\d) of \1 declared flows kept/);
  const patch = await shop.expect(1, ['fix', '--diff']);
  assert.match(patch, /^--- .*\n\+\+\+ /);
  assert.deepEqual(
    files.map((file) => shop.read(file)),
    before,
    'without --write nothing is written',
  );

  await shop.expect(0, ['fix', '--write']);
  const { paths } = await shop.json<Paths>(0, ['paths']);
  assert.ok(paths.every(({ byDesign }) => byDesign));
  const rows = files.map((file, i) => ({ file, ...changedLines(before[i]!, shop.read(file)) }));
  assert.deepEqual(
    rows.filter(({ gone, come }) => gone.length + come.length > 0).map(({ file }) => file),
    ['deploy/web.yaml', 'deploy/policies.yaml'],
  );
  const [web, , , policies] = rows;
  assert.ok(web!.gone.length <= 5 && web!.come.length <= 2, JSON.stringify(web));
  assert.match(
    shop.read('deploy/web.yaml'),
    /^# The shop's face[^]*:latest # rebuilt on each commit[^]*privileged: false # for the profiler/,
  );
  assert.match(shop.read('deploy/policies.yaml'), /^# Who may talk to whom\. Only orders/);
  assert.deepEqual(
    policies!.gone.filter((line) => !/ipBlock|cidr|port/.test(line)),
    [],
  );
  // The patch that was shown is what was done.
  for (const line of [...web!.come, ...policies!.come]) assert.ok(patch.includes(`+${line}`), line);

  const after = files.map((file) => shop.read(file));
  assert.match(await shop.expect(0, ['fix']), /nothing to fix/);
  await shop.expect(0, ['fix', '--write']);
  assert.deepEqual(
    files.map((file) => shop.read(file)),
    after,
  );
  assert.match(await shop.mistake(['fix', '--write', '--to', 'bd']), /no workload `bd`/);
});

test('reach answers by its exit code too, and names the rule', async () => {
  using shop = seeShop();
  assert.match(
    await shop.expect(0, ['reach', 'web', 'shop/db']),
    /open.*\n[^]*NetworkPolicy shop\/db allows TCP 5432[^]*policies\.yaml:\d+/,
  );
  assert.match(await shop.expect(0, ['reach', 'internet', 'web']), /Ingress shop\/web/);
  assert.match(await shop.expect(1, ['reach', '203.0.113.7', 'db']), /closed|nothing/);
  assert.equal((await shop.json<{ open: boolean }>(0, ['reach', 'web', 'db', 'deploy'])).open, true);
  assert.match(await shop.mistake(['reach', 'web']), /who, and to whom/);
  assert.match(await shop.mistake(['reach', 'wbe', 'db']), /wbe.*web/);
});

interface Netmap {
  readonly flows: readonly { readonly to: string; readonly from: readonly string[] }[];
}

test('netmap shows, compares, and writes policies that let through what is declared and nothing else', async () => {
  using shop = seeShop();
  assert.match(await shop.expect(0, ['netmap']), /shop\/db TCP 5432/);
  assert.match(await shop.expect(0, ['netmap', '--format', 'dot']), /^digraph/);
  assert.deepEqual(
    (await shop.json<Netmap>(0, ['netmap', 'deploy'])).flows.map(({ to }) => to),
    ['shop/db', 'shop/orders', 'shop/web'],
  );

  shop.copy(`${SEE}/deploy`, 'before');
  assert.equal((await shop.expect(0, ['netmap', '--diff', 'before', 'deploy'])).includes('+'), false);
  const policies = await shop.expect(0, ['netmap', '--synthesise', 'deploy']);
  const networkOnly = policies
    .split('\n---\n')
    .filter((text) => text.includes('kind: NetworkPolicy'))
    .join('\n---\n');
  shop.write('deploy/policies.yaml', networkOnly);
  const flows = [
    ['web', 'orders', 0],
    ['orders', 'db', 0],
    ['internet', 'web', 0],
    ['web', 'db', 1],
    ['db', 'orders', 1],
    ['orders', 'web', 1],
    ['internet', 'db', 1],
    ['internet', 'orders', 1],
  ] as const;
  for (const [from, to, code] of flows)
    assert.equal((await shop.inside(['reach', from, to, 'deploy'])).code, code, `${from} to ${to}`);
  // What it closes is no reason to fail; what the way back opens is.
  assert.match(await shop.expect(0, ['netmap', '--diff', 'before', 'deploy']), /^- /m);
  assert.match(await shop.expect(1, ['netmap', '--diff', 'deploy', 'before']), /^\+ .*db/m);
  // Once more from what is now there: the same policies.
  assert.equal(await shop.expect(0, ['netmap', '--synthesise', 'deploy']), policies);

  shop.write('flows.json', '[{"from":"shop/web","to":"shop/orders","port":8080}]');
  const observed = await shop.expect(0, ['netmap', '--flows', 'flows.json', 'deploy']);
  assert.match(observed, /port: 8080/);
  assert.doesNotMatch(observed, /port: 5432/);
  shop.write('flows.json', '[{"from":"shop/web"}]');
  assert.match(await shop.mistake(['netmap', '--flows', 'flows.json', 'deploy']), /flow 0 needs `from`, `to` and `port`/);
});

test('threats in every form, and what a change brings in', async () => {
  using shop = seeShop();
  const forms: [form: string, begins: RegExp][] = [
    ['text', /expected loss .* EUR a year/],
    ['markdown', /^# /],
    ['mermaid', /^flowchart/],
    ['dot', /^digraph/],
  ];
  await Promise.all(
    forms.map(async ([form, begins]) => assert.match((await shop.inside(['threats', '--format', form])).stdout, begins)),
  );
  assert.equal(
    (JSON.parse(await shop.expect(0, ['threats', '--format', 'threat-dragon'])) as { version: string }).version[0],
    '2',
  );
  assert.ok(await shop.json(0, ['threats']));
  shop.copy(`${SEE}/deploy`, 'before');
  shop.edit(
    'deploy/orders.yaml',
    'automountServiceAccountToken: false',
    'automountServiceAccountToken: false\n      hostPID: true',
  );
  assert.match(await shop.expect(1, ['threats', '--diff', 'before', 'deploy']), /threats {2}[1-9]\d* new/);
  assert.match(await shop.expect(0, ['threats', '--diff', 'deploy', 'before']), /0 new, [1-9]/);
});

test('parity compares overlays that build on a base beside them, from wherever it is asked', async () => {
  using shop = new Workshop();
  shop.copy(OVERLAYS);
  const text = (await shop.expect(1, ['parity', 'overlays/staging', 'overlays/production'])).replace(/\s+/g, ' ');
  assert.match(text, /security PeerAuthentication default .*\(staging is weaker\)/);
  assert.match(text, /staging: mtls\.mode: PERMISSIVE overlays\/staging\/kustomization\.yaml:\d+:\d+/);
  assert.match(text, /production: mtls\.mode: STRICT base\/orders\.yaml:\d+:\d+/);
  assert.match(text, /image Deployment orders .*`2\.4\.0-rc\.1`.*`2\.3\.1`/);
  assert.doesNotMatch(text, /replicas/);
  assert.match(await shop.expect(1, ['parity', 'overlays/staging', 'overlays/production', '--all']), /replicas/);
  const { differences } = await shop.json<{ differences: { class: string }[] }>(1, [
    'parity',
    'overlays/staging',
    'overlays/production',
  ]);
  assert.deepEqual([...new Set(differences.map((one) => one.class))], ['security', 'image', 'expected']);
  assert.match(await shop.expect(0, ['parity', 'overlays/staging', 'overlays/staging']), /2 objects compared: 0 security/);
  assert.match(await shop.mistake(['parity', 'overlays/staging', 'overlays/prod']), /no such file or folder: `overlays\/prod`/);
  assert.match(await shop.mistake(['parity', 'overlays/staging']), /B is required/);
});

test('a kustomization may not make a scan read what is not part of it', async () => {
  using shop = new Workshop({
    'inner/overlay/kustomization.yaml': 'resources: [../../../outside, ../base]\n',
    'inner/base/kustomization.yaml': 'resources: [map.yaml]\n',
    'inner/base/map.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, namespace: b }\n',
    '../outside/kustomization.yaml': 'resources: [map.yaml]\n',
    '../outside/map.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: far, namespace: b }\n',
  });
  const text = await shop.expect(0, ['scan', 'inner/overlay']);
  assert.match(text, /`\.\.\/\.\.\/\.\.\/outside` is not among the files/);
  assert.match(text, /^3 files, 1 system/m);
});

test('a Compose project: what only a person can change stays to be done', async () => {
  const text = `services:
  web:
    image: shop/web:1.0.0
    ports: ["80:8080"]
  db:
    image: postgres:17.2
    ports: ["5432:5432"]
`;
  using shop = new Workshop({ 'compose.yaml': text });
  const fixed = await shop.expect(1, ['fix', '--write']);
  assert.match(fixed, /by hand: [^]*taken as done by hand: /);
  assert.equal(shop.read('compose.yaml'), text);
  await shop.expect(1, ['paths']);
  assert.match((await shop.inside(['netmap', '--synthesise'])).stderr, /no policies to write/);
});
