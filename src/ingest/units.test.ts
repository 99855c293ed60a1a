import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { formatLocation, originOf } from '#model/origin.ts';
import { readUnits, renderables } from './units.ts';
import type { UnitSource } from './units.ts';

const deployment = (name: string, image = 'x:1'): string =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: ${name}}\nspec:\n  selector: {matchLabels: {app: ${name}}}\n  template:\n    metadata: {labels: {app: ${name}}}\n    spec: {containers: [{name: c, image: "${image}"}]}\n`;
const policy = (name: string, namespace = 'default'): string =>
  `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: ${name}, namespace: ${namespace}}\nspec: {podSelector: {}}\n`;

function units(files: Readonly<Record<string, string | Uint8Array>>, more: readonly UnitSource[] = []) {
  const { units: found, notAnalysed } = readUnits([...Object.entries(files).map(([file, text]) => ({ file, text })), ...more]);
  return {
    found,
    list: found.map(
      ({ kind, name, system }) => `${kind} ${name}: ${system.resources.map(({ metadata }) => metadata.name).join()}`,
    ),
    not: notAnalysed.map(
      ({ what, file, line, count }) =>
        `${what} ${file}${line === undefined ? '' : `:${line}`}${count === undefined ? '' : ` x${count}`}`,
    ),
    notAnalysed,
  };
}

test('a tree without collisions is one unit', () => {
  const { list, not, found } = units({
    'k8s/a.yaml': deployment('a'),
    'k8s/db/b.yaml': deployment('b'),
    'policies/p.yaml': policy('p'),
  });
  assert.deepEqual(list, ['manifests .: a,b,p']);
  assert.deepEqual(not, []);
  assert.deepEqual([found[0]!.root, found[0]!.files], ['', ['k8s/a.yaml', 'k8s/db/b.yaml', 'policies/p.yaml']]);
});

test('folders that collide are units of their own, and what collides with nothing is in both', () => {
  const { list } = units({
    'manifests/a.yaml': deployment('a'),
    'manifests/b.yaml': deployment('b'),
    'release/all.yaml': `${deployment('a', 'x:2')}---\n${deployment('b', 'x:2')}`,
    'policies/p.yaml': policy('p'),
    'ns.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n',
  });
  assert.deepEqual(list, ['manifests release: a,b,shop,p', 'manifests manifests: a,b,shop,p']);
});

test('stages are never mixed, whatever they hold', () => {
  const { list } = units({
    'apps/one/prod/d.yaml': deployment('one', 'x:1'),
    'apps/one/staging/d.yaml': deployment('one', 'x:2'),
    'apps/two/prod/d.yaml': deployment('two', 'x:1'),
    'apps/two/staging/d.yaml': deployment('two', 'x:2'),
    'apps/two/staging/tool.yaml': deployment('tool'),
    'shared/p.yaml': policy('p'),
  });
  assert.deepEqual(
    list.map((each) => each.split(': ')[1]),
    ['two,tool,one,p', 'one,two,p'],
  );
});

test('files of one folder that collide: small ones are laid over the others', () => {
  const all = ['a', 'b', 'c'].map((name) => deployment(name)).join('---\n');
  const { list } = units({
    'k/all.yaml': all,
    'k/b2.yaml': deployment('b', 'x:2'),
    'k/b3.yaml': deployment('b', 'x:3'),
    'k/same.yaml': deployment('c'),
  });
  assert.deepEqual(list, ['manifests k/all.yaml: a,b,c', 'manifests k/b2.yaml: b,a,c', 'manifests k/b3.yaml: b,a,c']);
});

test('two stages are two units, also where they are alike or one only lacks something', () => {
  const both = ['a', 'b'].map((name) => deployment(name)).join('---\n');
  assert.deepEqual(units({ 'app/stg/all.yaml': both, 'app/prd/all.yaml': deployment('a') }).list, [
    'manifests app/stg: a,b',
    'manifests app/prd: a',
  ]);
  assert.deepEqual(units({ 'out/staging.yaml': both, 'out/prod.yaml': both, 'out/more.yaml': policy('p') }).list.length, 2);
  assert.deepEqual(units({ 'app/stg/a.yaml': deployment('a'), 'app/prd/b.yaml': deployment('b') }).list.length, 1);
});

test('kustomizations: each root is a unit, its files are in no other one', () => {
  const { list, not, found } = units({
    'base/kustomization.yaml': 'resources: [a.yaml]\n',
    'base/a.yaml': deployment('a'),
    'over/prod/kustomization.yaml': 'resources: [../../base]\nnamePrefix: p-\npatches: [{path: patch.yaml}]\n',
    'over/prod/patch.yaml': 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replicas: 3}\n',
    'over/dev/kustomization.yaml': 'resources: [../../base, "https://x.y/z"]\n',
    'over/dev/loose.yaml': deployment('loose'),
    'comp/kustomization.yaml': 'kind: Component\nresources: [x.yaml]\n',
    'comp/x.yaml': policy('x'),
  });
  assert.deepEqual(list, ['kustomize over/prod: p-a', 'kustomize over/dev: a,loose']);
  assert.deepEqual(not, ['remote-base over/dev/kustomization.yaml:1', 'unused-component comp/kustomization.yaml x1']);
  const [prod] = found;
  assert.equal(formatLocation(originOf(prod!.system.resources[0]!, ['spec', 'replicas'])), 'over/prod/patch.yaml:4:8');
  assert.equal(formatLocation(originOf(prod!.system.resources[0]!, ['spec', 'template'])), 'base/a.yaml:6:3');
});

test('charts: told with what to do, read when rendered or when nothing is to be rendered', () => {
  const chart = {
    'c/Chart.yaml': 'name: c\n',
    'c/values.yaml': 'a: 1\n',
    'c/templates/a.yaml': deployment('{{ .Values.a }}'),
    'c/templates/b.yaml': deployment('b'),
    'c/charts/sub/Chart.yaml': 'name: sub\n',
    'c/charts/sub/templates/s.yaml': deployment('s'),
  };
  const told = units(chart);
  assert.deepEqual([told.list, told.not], [[], ['helm-template c/Chart.yaml x2']]);
  assert.match(told.notAnalysed[0]!.help ?? '', /helm template c/);
  const rendered = units({ ...chart, 'p.yaml': policy('p') }, [
    { file: 'c (rendered)', text: deployment('a'), rendered: { by: 'helm', root: 'c' } },
  ]);
  assert.deepEqual([rendered.list, rendered.not], [['helm c: a,p'], []]);
  const plain = units({ 'c/Chart.yaml': 'name: c\n', 'c/templates/b.yaml': deployment('b'), 'c/templates/NOTES.txt': '{{ x }}' });
  assert.deepEqual([plain.list, plain.not], [['helm c: b'], []]);
  assert.deepEqual(
    renderables(
      Object.entries({ ...chart, 'k/kustomization.yaml': 'resources: [../b]', 'b/kustomization.yaml': 'resources: []' }).map(
        ([file, text]) => ({ file, text }),
      ),
    ),
    [
      { by: 'helm', root: 'c', file: 'c/Chart.yaml' },
      { by: 'kustomize', root: 'k', file: 'k/kustomization.yaml' },
    ],
  );
});

test('Compose: one unit for each project, and for each file that changes one', () => {
  const { list, not } = units({
    'd/compose.yaml': 'services: {web: {image: "x:${V}"}}\n',
    'd/compose.override.yaml': 'services: {web: {user: "1"}}\n',
    'd/compose.prod.yaml': 'services: {web: {read_only: true}}\n',
    'd/.env': 'V=2\n',
    'd/docker-compose.tools.yml': 'services: {tool: {image: y}}\n',
  });
  assert.deepEqual(list, [
    'compose d/compose.yaml: d,web',
    'compose d/compose.prod.yaml: d,web',
    'compose d/docker-compose.tools.yml: d,tool',
  ]);
  assert.deepEqual(not, []);
});

test('documents that are no manifests are in every unit, or in one of their own', () => {
  const docker = { 'src/a/Dockerfile': 'FROM scratch\n' };
  const { list } = units({ ...docker, 'x/a.yaml': deployment('a'), 'y/a.yaml': deployment('a', 'x:2') });
  assert.deepEqual(list, ['manifests x: a,src/a/Dockerfile', 'manifests y: a,src/a/Dockerfile']);
  assert.deepEqual(units(docker).list, ['manifests .: src/a/Dockerfile']);
  assert.deepEqual(units({}).list, []);
});

test('nothing is left out in silence', () => {
  const { list, not } = units({
    'a.yaml': `${deployment('a')}---\napiVersion: x.example/v1\nkind: Thing\nmetadata: {name: t}\n---\napiVersion: x.example/v1\nkind: Thing\nmetadata: {name: u}\n---\napiVersion: y.example/v1\nkind: Known\nmetadata: {name: k}\n`,
    'crd.yaml':
      'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: knowns.y.example}\nspec: {group: y.example, names: {kind: Known}}\n',
    'broken.yaml': 'a: [\n---\nb: {\n',
    'latin.yaml': Buffer.from('a: \xfc\n', 'latin1'),
    'binary.yaml': Buffer.from('a: \0\n'),
    'tpl.yaml': 'kind: {{ x }}\n',
    'conf.yaml': 'server: {port: 1}\n',
    'bad.yaml': 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: 1\n',
    'package.json': '{"name": "x"}',
    'readme.md': '# x',
    '.github/workflows/ci.yml': 'on: push\n',
  });
  assert.deepEqual(list, ['manifests .: a,t,u,k,knowns.y.example']);
  assert.deepEqual(not.sort(), [
    'binary binary.yaml:1',
    'encoding latin.yaml:1',
    'helm-template tpl.yaml:1',
    'invalid bad.yaml:4',
    'unknown-format conf.yaml:1',
    'unknown-kind a.yaml:10 x2',
    'unparsed broken.yaml:2 x2',
  ]);
});

test('many variants are bounded', () => {
  const files = Object.fromEntries(Array.from({ length: 90 }, (_, i) => [`v/${i}.yaml`, deployment('a', `x:${i}`)]));
  const { found, not } = units(files);
  assert.equal(found.length, 64);
  assert.equal(not.length, 1);
  assert.match(not[0]!, /^too-many-variants v\/\d+\.yaml x26$/);
});

test('whatever the texts are, units come back and nothing is thrown', () => {
  const seeds: Readonly<Record<string, string>> = {
    'k/kustomization.yaml':
      'resources: [a.yaml, ../b]\nnamespace: n\nnamePrefix: p-\npatches:\n- path: p.yaml\n- target: {kind: Deployment}\n  patch: "[{op: add, path: /spec/x/0, value: {a: 1}}]"\nimages: [{name: x, newTag: "2"}]\nconfigMapGenerator: [{name: c, literals: [a=b]}]\nreplacements: [{source: {kind: Deployment}, targets: [{select: {kind: Deployment}, fieldPaths: ["spec.[a=b].*.c"]}]}]\n',
    'k/a.yaml': deployment('a'),
    'k/p.yaml': `${deployment('a')}---\n$patch: delete\n`,
    'b/kustomization.yaml': 'kind: Component\nresources: [../k]\n',
    'd/compose.yaml':
      'include: [x.yaml]\nservices:\n  web: {extends: db, image: "x:${A:-1}", ports: ["1:2", {target: 3}], environment: [A, B=http://db:1], volumes: ["./a:/b"], networks: [n], deploy: {replicas: 2}}\n  db: {extends: {service: web}, build: ., command: a "b", env_file: .env}\n',
    'd/.env': 'A="${B}\nB=1\n',
    'c/Chart.yaml': 'name: c\n',
    'c/templates/x.yaml': deployment('{{ .x }}'),
    'x.json':
      '{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"a": "c2VjcmV0"}}]}',
  };
  const names = Object.keys(seeds).filter((name) => name !== 'x.json');
  const spice = [
    '\n',
    ' ',
    ': ',
    '- ',
    '[',
    ']',
    '{',
    '}',
    '"',
    "'",
    '&a ',
    '*a',
    '<<',
    '${',
    '}',
    '$',
    '/',
    '..',
    '~',
    'null',
    '1',
    '|',
    '\0',
    '\t',
    '#',
    'kind',
    '__proto__',
    'a: ',
    '[]',
    '{}',
  ] as const;
  const edit = fc.record({
    file: fc.constantFrom(...names),
    at: fc.nat(400),
    cut: fc.nat(12),
    put: fc.constantFrom('', ...spice),
  });
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 6 }), (edits) => {
      const texts = { ...seeds };
      for (const { file, at, cut, put } of edits) texts[file] = texts[file]!.slice(0, at) + put + texts[file]!.slice(at + cut);
      const { found } = units(texts);
      for (const { system, name } of found) {
        assert.ok(!JSON.stringify(system).includes('c2VjcmV0'), name);
        for (const resource of system.resources) assert.ok(originOf(resource, ['spec', 'x', 0]) !== undefined, resource.kind);
      }
    }),
    { numRuns: 60 },
  );
});
