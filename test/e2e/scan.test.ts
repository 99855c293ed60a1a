// `cullis scan` as a user runs it: exit codes, reports, the team's own files, and the cache.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, readdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import type { ScanResult } from '#scan/result.ts';
import { ROOT } from './running.ts';
import { githubToken, Workshop } from './scanning.ts';

const SEE = 'test/fixtures/see';
const SARIF_SCHEMA = join(ROOT, '../shared/suites/schemas/sarif/sarif-2.1.0-rtm.5.draft-07.json');
const DAY_MS = 86_400_000;

function day(offset: number): string {
  return new Date(Date.now() + offset * DAY_MS).toISOString().slice(0, 10);
}

function seeShop(): Workshop {
  const shop = new Workshop();
  shop.copy(SEE);
  return shop;
}

async function scanned(shop: Workshop, ...args: string[]): Promise<ScanResult> {
  const { code, stdout, stderr } = await shop.cullis(['scan', '--json', '--fail-on', 'never', ...args]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as ScanResult;
}

const open = ({ findings }: ScanResult): readonly string[] =>
  findings.filter((one) => !one.suppressed).map(({ code, location }) => `${code} ${location?.file}:${location?.line}`);

test('scan leaves with 0, 1 or 2, and says what is wrong', { concurrency: 2 }, async (t) => {
  using shop = seeShop();
  shop.write('clean/config.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, namespace: b }\ndata: { k: v }\n');
  shop.write('broken.yaml', 'apiVersion: v1\nkind: [\n');
  const cases: [args: string[], code: number, says: RegExp][] = [
    [['scan'], 1, /pod\.privileged/],
    [['scan', 'deploy'], 1, /deploy\/web\.yaml:\d+:\d+: container `web` runs privileged/],
    [['scan', 'deploy', '--fail-on', 'never'], 0, /pod\.privileged/],
    [['scan', 'deploy', '--fail-on', 'critical'], 0, /\d+ high/],
    [['scan', 'clean'], 0, /no findings/],
    [['scan', 'broken.yaml'], 1, /broken\.yaml:3: a `\[`, a `\{` or a quoted text is never closed/],
    [['scan', 'nowhere'], 2, /no such file or folder: `nowhere`/],
    [['scan', 'no/where.tar'], 2, /no such file or folder: `no\/where\.tar`/],
    [['scan', 'deploy', '--format', 'pdf'], 2, /must be one of json, sarif, junit, markdown, html/],
    [['scan', 'deploy', '--format', 'json', '--format', 'sarif'], 2, /only one report can go to standard output/],
    [['scan', 'deploy', '--output', 'x'], 2, /`--output` needs a `--format`/],
    [['scan', 'deploy', '--format', 'json', '--output', 'no/such/folder/x'], 2, /`no\/such\/folder\/x` could not be written/],
    [['scan', 'deploy', '--update-baseline'], 2, /needs `--baseline FILE`/],
    [['scan', 'deploy', '--fail-on', 'terrible'], 2, /--fail-on must be one of/],
    [['scan', 'deploy', '--loud'], 2, /unknown flag `--loud`/],
    [['scan', 'deploy', '--epss', 'none.csv'], 2, /none\.csv` could not be read/],
    [['scan', 'deploy', '--advisories', 'none.db'], 2, /none\.db/],
  ];
  await Promise.all(
    cases.map(([args, code, says]) =>
      t.test(args.join(' '), async () => {
        const done = await (code === 2 ? shop.inside(args) : shop.cullis(args));
        assert.equal(done.code, code, done.stdout + done.stderr);
        assert.match(done.stdout + done.stderr, says);
        assert.doesNotMatch(done.stdout + done.stderr, /cullis itself broke|undefined|\[object/);
      }),
    ),
  );
});

test('the shop that is shipped as an example has nothing high, and standard input is scanned as a file is', async () => {
  using shop = seeShop();
  assert.match(await shop.expect(0, ['scan', join(ROOT, 'examples/shop')]), /1 system, 6 workloads/);
  const piped = await shop.expect(1, ['scan', '-'], shop.read('deploy/web.yaml'));
  assert.match(piped, /<stdin>:\d+:\d+: container `web` runs privileged/);
});

test('every report at once, each in its own form, and what one file says is the same in all', async () => {
  using shop = seeShop();
  const forms = ['json', 'sarif', 'junit', 'markdown', 'html'];
  const text = await shop.expect(1, ['scan', ...forms.flatMap((form) => ['--format', form, '--output', `out.${form}`])]);
  assert.match(text, /pod\.privileged/, 'with every report in a file, a person reads the text');
  const result = JSON.parse(shop.read('out.json')) as ScanResult;
  const sarif = JSON.parse(shop.read('out.sarif')) as {
    runs: {
      results: { ruleId: string; partialFingerprints: object; locations?: unknown[] }[];
      tool: { driver: { rules: { id: string }[] } };
    }[];
  };
  const [run] = sarif.runs;
  assert.equal(run!.results.length, result.findings.length);
  for (const { ruleId, partialFingerprints } of run!.results) {
    assert.ok(
      run!.tool.driver.rules.some(({ id }) => id === ruleId),
      ruleId,
    );
    assert.ok(Object.keys(partialFingerprints).length > 0, ruleId);
  }
  const junit = shop.read('out.junit');
  const failures = result.findings.filter(({ severity }) => severity === 'critical' || severity === 'high').length;
  assert.equal(junit.match(/<failure\b/g)?.length, failures);
  assert.match(shop.read('out.markdown'), /^#.*\n[^]*pod\.privileged/);
  const html = shop.read('out.html');
  assert.match(html, /^<!doctype html>/i);
  assert.doesNotMatch(html, /<script|https?:\/\/[^"' ]+\.(?:js|css)/i, 'a report runs nothing and loads nothing');
  for (const { code } of result.findings) assert.ok(html.includes(code), `${code} is not in the HTML report`);
});

test(
  'SARIF is valid',
  { skip: existsSync(SARIF_SCHEMA) ? false : 'the schema of SARIF 2.1.0 is not beside this repository' },
  async () => {
    using shop = seeShop();
    shop.write('broken.yaml', 'a: [');
    shop.write('chart/Chart.yaml', 'apiVersion: v2\nname: c\nversion: 1.0.0\n');
    shop.write('chart/templates/x.yaml', 'kind: {{ .Values.kind }}\n');
    shop.edit('deploy/web.yaml', '# for the profiler', '# cullis:ignore pod.privileged: the profiler needs it');
    const validate = new Ajv({ strict: false, validateFormats: false }).compile(
      JSON.parse(readFileSync(SARIF_SCHEMA, 'utf8')) as object,
    );
    const sarif: unknown = JSON.parse(await shop.expect(1, ['scan', '--format', 'sarif', '--no-render']));
    assert.ok(validate(sarif), JSON.stringify(validate.errors?.slice(0, 5)));
  },
);

test('suppressions by comment, annotation and file; those that do nothing are told', async () => {
  using shop = seeShop();
  shop.write('.github/CODEOWNERS', '* @everyone\n/deploy/web.yaml @web-team\n');
  const before = await scanned(shop);
  const codes = open(before).map((line) => line.split(' ')[0]);
  for (const code of ['pod.privileged', 'image.tag', 'network.cidr-too-wide']) assert.ok(codes.includes(code), code);

  const privileged = before.findings.find(({ code }) => code === 'pod.privileged');
  assert.equal(privileged?.owner, '@web-team');
  assert.equal(before.findings.find(({ subject }) => subject === 'Deployment shop/orders')?.owner, 'orders-team');
  assert.match(await shop.expect(1, ['scan']), /runs privileged @web-team/);

  shop.edit('deploy/web.yaml', '# for the profiler', '# cullis:ignore pod.privileged: the profiler needs it');
  shop.edit('deploy/web.yaml', '# rebuilt on each commit', '# cullis:ignore image.tag');
  shop.edit(
    'deploy/policies.yaml',
    '  namespace: shop\n',
    `  namespace: shop\n  annotations:\n    cullis.dev/ignore: "network.cidr-too-wide: the mesh does it until ${day(30)}"\n`,
  );
  shop.write(
    '.cullis-ignore.yaml',
    `apiVersion: cullis.dev/v1
kind: Suppressions
spec:
  suppressions:
    - { rule: tls.*, path: 'deploy/**', reason: ended before it }
    - { rule: route.no-limit, reason: was to be done, until: ${day(-1)} }
    - { rule: secrets.generic-api-key, path: 'test/**', reason: fixtures }
`,
  );
  const after = await scanned(shop);
  const suppressed = after.findings.filter((one) => one.suppressed);
  const kinds = new Map(suppressed.map(({ code, suppressed: by }) => [code, by?.kind]));
  assert.equal(kinds.get('pod.privileged'), 'comment');
  assert.equal(kinds.get('network.cidr-too-wide'), 'annotation');
  assert.equal(kinds.get('tls.ingress-plain'), 'file');
  const left = open(after).map((line) => line.split(' ')[0]);
  for (const code of ['image.tag', 'route.no-limit']) assert.ok(left.includes(code), `${code} must not be hidden`);
  const told = after.diagnostics.map(({ code, message }) => `${code}: ${message}`).join('\n');
  assert.match(told, /suppression\.no-reason: .*`image\.tag`/);
  assert.match(told, /suppression\.expired: .*`route\.no-limit`/);
  assert.match(told, /suppression\.unused: .*`secrets\.generic-api-key`/);
  assert.match(await shop.expect(0, ['scan']), /accepted/);

  shop.write(
    '.cullis-ignore.yaml',
    'apiVersion: cullis.dev/v1\nkind: Suppressions\nspec:\n  suppressions:\n    - { rule: a.b }\n',
  );
  assert.match(await shop.mistake(['scan']), /\.cullis-ignore\.yaml:5:\d+: .*reason/);
});

test('a comment that suppresses nothing is told', async () => {
  using shop = seeShop();
  shop.edit('deploy/orders.yaml', '    spec:\n', '    spec: # cullis:ignore pod.privileged: was so once\n');
  const { diagnostics } = await scanned(shop);
  const told = diagnostics.find(({ code }) => code === 'suppression.unused');
  assert.match(told?.message ?? '', /`pod\.privileged` on `deploy\/orders\.yaml:\d+`/);
});

test('the second scan is the first, a change shows, a damaged cache is no cache', async () => {
  using shop = seeShop();
  const stable = ({ at: _at, ...rest }: ScanResult): unknown => rest;
  const first = await scanned(shop);
  const folder = join(shop.cache, 'cullis/scan');
  const caches = readdirSync(folder);
  assert.ok(caches.length > 0);
  assert.deepEqual(stable(await scanned(shop)), stable(first));
  assert.deepEqual(readdirSync(folder), caches);

  shop.edit('deploy/web.yaml', 'privileged: true', 'privileged: false');
  const changed = await scanned(shop);
  assert.ok(!open(changed).some((line) => line.startsWith('pod.privileged')));
  assert.ok(open(first).some((line) => line.startsWith('pod.privileged')));

  for (const damage of ['', '{', '{"files":{"deploy/web.yaml":7},"units":{}}', '{"whole":7,"files":null,"units":[]}', '[]']) {
    for (const name of readdirSync(folder)) writeFileSync(join(folder, name), damage);
    assert.deepEqual(stable(await scanned(shop)), stable(changed), `after ${damage}`);
  }
  for (const name of readdirSync(folder)) truncateSync(join(folder, name), 200);
  assert.deepEqual(stable(await scanned(shop)), stable(changed));
  assert.deepEqual(stable(await scanned(shop, '--no-cache')), stable(changed));
});

test("a chart goes through the user's helm, unless that is not wanted; without one it is told", async () => {
  using shop = new Workshop({
    'chart/Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 1.0.0\n',
    'chart/templates/web.yaml': 'apiVersion: apps/v1\nkind: {{ .Values.kind }}\nmetadata: { name: web }\n',
    'rendered.yaml': readFileSync(join(ROOT, SEE, 'deploy/web.yaml')),
  });
  const folder = shop.path('../bin');
  const helm = (script: string): Record<string, string> => {
    shop.write('../bin/helm', `#!/bin/sh\necho "$@" >> '${shop.path('../called')}'\n${script}\n`);
    chmodSync(join(folder, 'helm'), 0o755);
    return { PATH: `${folder}:/usr/bin:/bin` };
  };
  const none = await shop.cullis(['scan', 'chart'], '', { PATH: '/nowhere' });
  assert.equal(none.code, 0, none.stderr);
  assert.match(none.stdout, /Not analysed\n.*chart\/Chart\.yaml.*must be rendered first/);

  const works = helm(`cat '${shop.path('rendered.yaml')}'`);
  const left = await shop.cullis(['scan', 'chart', '--no-render'], '', works);
  assert.match(left.stdout, /must be rendered first/);
  assert.equal(shop.has('../called'), false, '--no-render calls nothing');
  const done = await shop.cullis(['scan', 'chart'], '', works);
  assert.equal(done.code, 1, done.stdout + done.stderr);
  assert.match(done.stdout, /chart \(helm\):\d+:\d+: container `web` runs privileged/);
  assert.doesNotMatch(done.stdout, /must be rendered first/);
  assert.match(shop.read('../called'), /^template chart .*chart/);

  const fails = await shop.cullis(['scan', 'chart', '--no-cache'], '', helm('echo "Error: no values" >&2; exit 1'));
  assert.match(fails.stdout, /could not render it: Error: no values/);
});

const git = spawnSync('git', ['--version']).status === 0;

test(
  'a secret that a later commit took out is found with --history',
  { skip: git ? false : 'git is not installed' },
  async () => {
    using shop = new Workshop();
    const run = (...args: string[]): void => {
      const identity = ['-c', 'user.name=a', '-c', 'user.email=a@example.com', '-c', 'commit.gpgsign=false'];
      const done = spawnSync('git', [...identity, ...args], { cwd: shop.folder, env: shop.env, encoding: 'utf8' });
      assert.equal(done.status, 0, done.stderr);
    };
    const token = githubToken();
    run('init', '-q', '-b', 'main');
    shop.write('config.env', `GITHUB_TOKEN=${token}\n`);
    run('add', '-A');
    run('commit', '-q', '-m', 'one');
    shop.write('config.env', 'GITHUB_TOKEN=from the vault\n');
    run('add', '-A');
    run('commit', '-q', '-m', 'two');
    assert.match(await shop.expect(0, ['scan']), /no findings/);
    const found = await shop.json<ScanResult>(1, ['scan', '--history']);
    assert.deepEqual(
      found.findings.map(({ code }) => code),
      ['secrets.github-pat'],
    );
    assert.match(JSON.stringify(found.findings), /config\.env/);
    assert.equal(JSON.stringify(found).includes(token), false, 'a report must not repeat the secret');
  },
);

test('pipes, links that lead out or round, and names with escape codes are told, not followed', async () => {
  using shop = seeShop();
  shop.write('../secret/.env', `GITHUB_TOKEN=${githubToken()}\n`);
  symlinkSync('../secret', shop.path('out'));
  symlinkSync('../secret/.env', shop.path('deploy/.env'));
  symlinkSync('.', shop.path('deploy/round'));
  symlinkSync('nowhere', shop.path('deploy/dangling.yaml'));
  shop.write('deploy/\u001b[2Jodd\nname.yaml', 'a: [');
  const piped = spawnSync('/bin/sh', ['-c', 'mkfifo "$0"', shop.path('deploy/pipe.yaml')]).status === 0;
  const result = await scanned(shop);
  const told = new Map(result.notAnalysed.map(({ file, what }) => [file, what]));
  assert.equal(told.get('out'), 'link');
  assert.equal(told.get('deploy/.env'), 'link');
  assert.equal(told.get('deploy/dangling.yaml'), 'link');
  if (piped) assert.equal(told.get('deploy/pipe.yaml'), 'special-file');
  assert.ok(!result.findings.some(({ code }) => code.startsWith('secrets.')));
  assert.equal(result.findings.filter(({ code }) => code === 'pod.privileged').length, 1);
  const { stdout } = await shop.cullis(['scan', '--all']);
  assert.ok(!stdout.includes('\u001b'), 'a name must not move the cursor');
  assert.match(stdout, /\\u001b\[2Jodd\\u000aname\.yaml/);
});

test('a step summary is added to, other reports are written anew', async () => {
  using shop = seeShop();
  const summary = shop.path('summary.md');
  const args = ['scan', '--format', 'markdown', '--output', summary, '--format', 'json', '--output', 'scan.json'];
  for (let run = 0; run < 2; run++) await shop.cullis(args, '', { GITHUB_STEP_SUMMARY: summary });
  assert.equal(shop.read('summary.md').match(/^## Cullis/gm)?.length, 2);
  assert.ok(JSON.parse(shop.read('scan.json')));
});
