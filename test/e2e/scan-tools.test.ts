// What a scan takes from the user's own tools and repository: helm, kustomize, commits.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { test } from 'node:test';
import { Workshop, githubToken } from './scanning.ts';

const hasGit = spawnSync('git', ['--version']).status === 0;

interface Told {
  readonly findings: readonly {
    readonly code: string;
    readonly title: string;
    readonly message: string;
    readonly tags?: readonly string[];
  }[];
  readonly units: readonly { readonly name: string; readonly workloads: number }[];
  readonly notAnalysed: readonly { readonly what: string }[];
}

const scan = async (shop: Workshop, ...args: readonly string[]): Promise<Told> => {
  const { stdout } = await shop.cullis(['scan', '--json', '--fail-on', 'never', ...args], '', {
    PATH: `${shop.path('bin')}:${shop.env['PATH']}`,
  });
  return JSON.parse(stdout) as Told;
};

/** A program that prints a Deployment, as a renderer would. */
function renderer(shop: Workshop, name: string): void {
  const manifest =
    'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: rendered }\nspec:\n  selector: { matchLabels: { a: b } }\n  template:\n    metadata: { labels: { a: b } }\n    spec: { containers: [{ name: c, image: "x:latest" }] }\n';
  shop.write(`bin/${name}`, `#!/bin/sh\ncat <<'END'\n${manifest}END\n`);
  chmodSync(shop.path(`bin/${name}`), 0o755);
}

test("a chart is rendered by the user's helm where it is there, and told as not analysed where it is not", async () => {
  using shop = new Workshop({
    'chart/Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 1.0.0\n',
    'chart/templates/a.yaml': 'kind: {{ .Values.kind }}\n',
  });
  const without = await scan(shop, 'chart');
  assert.deepEqual([without.units.length, without.notAnalysed.map(({ what }) => what)], [0, ['helm-template']]);
  renderer(shop, 'helm');
  const { units, findings } = await scan(shop, 'chart');
  assert.deepEqual(
    units.map(({ workloads }) => workloads),
    [1],
  );
  assert.ok(findings.some(({ code }) => code === 'image.tag'));
  assert.equal((await scan(shop, 'chart', '--no-render')).units.length, 0);
});

test("what our own kustomize cannot build is built by the user's, unless something would have to be fetched", async () => {
  const kustomization = 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n';
  const vars = 'vars: [{ name: X, objref: { kind: ConfigMap, name: a, apiVersion: v1 } }]\n';
  using shop = new Workshop({
    'k/kustomization.yaml': kustomization + vars,
    'k/a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n',
  });
  const own = await scan(shop, 'k');
  assert.deepEqual([own.units.map(({ workloads }) => workloads), own.notAnalysed.map(({ what }) => what)], [[0], ['kustomize']]);
  renderer(shop, 'kustomize');
  assert.deepEqual(
    (await scan(shop, 'k')).units.map(({ workloads }) => workloads),
    [1],
  );
  shop.write('k/kustomization.yaml', `${kustomization.replace('a.yaml', 'a.yaml, github.com/example/base')}${vars}`);
  assert.deepEqual(
    (await scan(shop, 'k')).units.map(({ workloads }) => workloads),
    [0],
  );
});

test(
  'history tells how old a Secret is, and holds what was taken out',
  { skip: hasGit ? false : 'git is not installed' },
  async () => {
    using shop = new Workshop({
      's.yaml': 'apiVersion: v1\nkind: Secret\nmetadata: { name: db }\ndata: { password: c3VwZXItc2VjcmV0LTEyMw== }\n',
      'gone.env': `TOKEN=${githubToken()}\n`,
    });
    const git = (when: string, ...args: readonly string[]): void => {
      const env = {
        PATH: shop.env['PATH'],
        HOME: shop.env['HOME'],
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_AUTHOR_DATE: when,
        GIT_COMMITTER_DATE: when,
      };
      execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@x.test', ...args], {
        cwd: shop.folder,
        env,
        stdio: 'ignore',
      });
    };
    const old = new Date(Date.now() - 100 * 86_400_000).toISOString();
    git(old, 'init', '-q');
    git(old, 'add', '-A');
    git(old, 'commit', '-qm', 'all');
    git(old, 'rm', '-q', 'gone.env');
    git(old, 'commit', '-qm', 'less');
    const plain = await scan(shop);
    assert.ok(!plain.findings.some(({ code }) => code === 'secret.age' || code.startsWith('secrets.github')));
    const { findings } = await scan(shop, '--history');
    assert.match(findings.find(({ code }) => code === 'secret.age')?.title ?? '', /not been changed for (?:99|100) days/);
    const removed = findings.find(({ code }) => code.startsWith('secrets.github'));
    assert.ok(removed?.tags?.includes('history-only'), JSON.stringify(removed));
    assert.ok(!JSON.stringify(findings).includes(githubToken()), 'the secret itself is in no finding');
  },
);
