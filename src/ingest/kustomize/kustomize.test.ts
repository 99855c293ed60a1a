import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatLocation } from '#model/origin.ts';
import type { Path } from '#model/origin.ts';
import { buildKustomization } from './build.ts';
import { KustomizeFiles } from './files.ts';
import { nameHash } from './generate.ts';
import { changedImage } from './transform.ts';

interface Built {
  readonly objects: readonly Readonly<Record<string, never>>[];
  readonly told: readonly string[];
  /** An object by `Kind name`, and where a part of it is written. */
  get(id: string): any; // oxlint-disable-line typescript/no-explicit-any -- tests look into free data
  at(id: string, ...path: Path): string;
  readonly used: readonly string[];
}

function build(files: Readonly<Record<string, string>>, path = 'kustomization.yaml'): Built {
  const { objects, obstacles, used } = buildKustomization(
    path,
    new KustomizeFiles(Object.entries(files).map(([file, text]) => ({ file, text }))),
  );
  const find = (id: string) => {
    const found = objects.find(({ raw }) => `${String(raw['kind'])} ${(raw['metadata'] as { name: string }).name}` === id);
    assert.ok(found, `${id} is not among ${objects.map(({ raw }) => (raw['metadata'] as { name: string }).name).join()}`);
    return found;
  };
  return {
    objects: objects.map(({ raw }) => raw as never),
    told: obstacles.map(({ what, location }) => `${what} ${formatLocation(location)}`),
    get: (id) => find(id).raw,
    at: (id, ...at) => formatLocation(find(id).origin.locate(at)),
    used: [...used],
  };
}

const WEB = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      serviceAccountName: web
      containers:
      - name: web
        image: shop/web:1.0
        env:
        - name: A
          value: "1"
        envFrom:
        - configMapRef: {name: conf}
      - name: side
        image: registry:5000/side@sha256:aa
      volumes:
      - name: key
        secret: {secretName: key}
---
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: {app: web}
  ports:
  - port: 80
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web}
`;

test('resources of folders and files, and what is not there', () => {
  const built = build(
    {
      'over/kustomization.yaml':
        'resources:\n- ../base\n- extra.yaml\n- https://example.com/x.yaml\n- github.com/a/b//c?ref=v1\n- gone\n',
      'over/extra.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\n',
      'base/kustomization.yml': 'resources: [web.yaml]\n',
      'base/web.yaml': WEB,
    },
    'over/kustomization.yaml',
  );
  assert.deepEqual(
    built.objects.map(({ kind }) => kind),
    ['Deployment', 'Service', 'ServiceAccount', 'ConfigMap'],
  );
  assert.deepEqual(built.told, [
    'remote-base over/kustomization.yaml:4:3',
    'remote-base over/kustomization.yaml:5:3',
    'missing over/kustomization.yaml:6:3',
  ]);
  assert.deepEqual(built.used, ['over/kustomization.yaml', 'base/kustomization.yml', 'base/web.yaml', 'over/extra.yaml']);
  assert.deepEqual(
    build({
      'kustomization.yaml': 'resources: [../a]',
      '../a/kustomization.yaml': 'resources: [../b]',
      '../b/kustomization.yaml': 'resources: [../a]',
    }).told,
    ['kustomize ../b/kustomization.yaml:1:13'],
  );
});

test('strategic merge patches: lists by their keys, deletion, replacement, places of both texts', () => {
  const built = build({
    'kustomization.yaml':
      'resources: [web.yaml]\npatches:\n- path: p.yaml\n- target: {kind: Service}\n  patch: |\n    apiVersion: v1\n    kind: Service\n    metadata: {name: any}\n    spec: {type: NodePort}\n',
    'web.yaml': WEB,
    'p.yaml':
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: null\n  template:\n    spec:\n      containers:\n      - name: side\n        $patch: delete\n      - name: web\n        env:\n        - name: B\n          value: "2"\n        securityContext:\n          privileged: true\n        args: [x]\n      - name: new\n        image: n\n',
  });
  const { spec } = built.get('Deployment web');
  const [web, added] = spec.template.spec.containers;
  assert.deepEqual(
    spec.template.spec.containers.map(({ name }: { name: string }) => name),
    ['web', 'new'],
  );
  assert.deepEqual(web.env, [
    { name: 'B', value: '2' },
    { name: 'A', value: '1' },
  ]);
  assert.ok(added && !('replicas' in spec) && web.image === 'shop/web:1.0');
  const containers = ['spec', 'template', 'spec', 'containers'] as const;
  assert.deepEqual(
    [
      [0, 'securityContext', 'privileged'],
      [0, 'env', 0, 'value'],
      [0, 'env', 1, 'value'],
      [0, 'image'],
      [1, 'image'],
      [0, 'ports'],
    ].map((path) => built.at('Deployment web', ...containers, ...path)),
    ['p.yaml:16:11', 'p.yaml:14:11', 'web.yaml:19:11', 'web.yaml:16:9', 'p.yaml:19:9', 'web.yaml:15:9'],
  );
  assert.equal(built.get('Service web').spec.type, 'NodePort');
  assert.equal(built.at('Service web', 'spec', 'type'), 'kustomization.yaml:5:3');
  assert.deepEqual(built.told, []);
});

test('JSON patches', () => {
  const built = build({
    'kustomization.yaml':
      'resources: [web.yaml]\npatches:\n- path: p.yaml\n  target: {kind: Deployment, name: w.*}\n- target: {kind: Service, labelSelector: app=none}\n  patch: "[{op: remove, path: /spec}]"\npatchesJson6902:\n- target: {version: v1, kind: Service, name: web}\n  patch: |-\n    - {op: add, path: /spec/ports/-, value: {port: 81}}\n    - {op: remove, path: /spec/gone}\n    - {op: test, path: /spec/ports/0/port, value: 80}\n',
    'web.yaml': WEB,
    'p.yaml':
      '- op: replace\n  path: /spec/replicas\n  value: 3\n- op: add\n  path: /spec/template/spec/containers/0\n  value: {name: first}\n- op: remove\n  path: /spec/template/spec/volumes/0\n- op: add\n  path: /metadata/annotations\n  value: {a~b/c: "1"}\n- op: move\n  from: /spec/template/spec/containers/1/env\n  path: /spec/template/spec/containers/0/env\n',
  });
  const web = built.get('Deployment web');
  assert.deepEqual(
    [
      web.spec.replicas,
      web.spec.template.spec.volumes,
      web.spec.template.spec.containers.length,
      web.spec.template.spec.containers[0].env[0].name,
    ],
    [3, [], 3, 'A'],
  );
  assert.equal(built.at('Deployment web', 'spec', 'replicas'), 'p.yaml:3:3');
  assert.equal(built.at('Deployment web', 'spec', 'template', 'spec', 'containers', 0), 'p.yaml:6:3');
  assert.equal(built.at('Deployment web', 'spec', 'template', 'spec', 'containers', 1, 'image'), 'web.yaml:16:9');
  assert.deepEqual(built.get('Service web').spec.ports, [{ port: 80 }, { port: 81 }]);
  assert.equal(built.told.length, 2);
});

test('namespace, prefix, suffix, labels, annotations, images, replicas; references follow', () => {
  const built = build({
    'kustomization.yaml':
      'namespace: prod\nnamePrefix: p-\nnameSuffix: -s\nresources: [web.yaml, more.yaml]\ncommonLabels: {team: a}\nlabels:\n- pairs: {tier: t}\n- pairs: {tpl: u}\n  includeTemplates: true\ncommonAnnotations: {note: m}\nimages:\n- {name: shop/web, newName: reg/web, newTag: "2.0"}\n- name: registry:5000/side\n  digest: sha256:bb\nreplicas:\n- {name: web, count: 4}\n- {name: none, count: 1}\n',
    'web.yaml': WEB,
    'more.yaml':
      'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: b}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}\nsubjects:\n- {kind: ServiceAccount, name: web, namespace: default}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: key}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: old}\n---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i}\nspec:\n  defaultBackend: {service: {name: web, port: {number: 80}}}\n',
  });
  const web = built.get('Deployment p-web-s');
  assert.deepEqual(
    [web.metadata.namespace, web.spec.replicas, web.metadata.labels, web.metadata.annotations],
    ['prod', 4, { team: 'a', tier: 't', tpl: 'u' }, { note: 'm' }],
  );
  assert.deepEqual(
    [web.spec.selector.matchLabels, web.spec.template.metadata.labels],
    [
      { app: 'web', team: 'a' },
      { app: 'web', team: 'a', tpl: 'u' },
    ],
  );
  assert.deepEqual(
    web.spec.template.spec.containers.map(({ image }: { image: string }) => image),
    ['reg/web:2.0', 'registry:5000/side@sha256:bb'],
  );
  assert.deepEqual(
    [web.spec.template.spec.serviceAccountName, web.spec.template.spec.volumes[0].secret.secretName],
    ['p-web-s', 'p-key-s'],
  );
  assert.equal(built.get('Ingress p-i-s').spec.defaultBackend.service.name, 'p-web-s');
  const binding = built.get('ClusterRoleBinding p-b-s');
  assert.deepEqual(
    [binding.subjects[0], binding.metadata.namespace, binding.roleRef.name],
    [{ kind: 'ServiceAccount', name: 'p-web-s', namespace: 'prod' }, undefined, 'view'],
  );
  assert.equal(built.get('Namespace prod').metadata.name, 'prod');
  assert.equal(built.at('Deployment p-web-s', 'spec', 'template', 'spec', 'containers', 0, 'image'), 'kustomization.yaml:12:3');
  assert.equal(built.at('Deployment p-web-s', 'metadata', 'namespace'), 'kustomization.yaml:1:1');
  assert.deepEqual(built.told, ['kustomize kustomization.yaml:17:3']);
});

test('generators: keys, merging, hashes in names and references, no values of Secrets in what is told', () => {
  const built = build({
    'kustomization.yaml':
      'resources: [base]\nconfigMapGenerator:\n- name: conf\n  behavior: merge\n  literals: [B=2]\nsecretGenerator:\n- name: key\n  literals: [password=hunter2]\n  files: [tls.key, id=other.pem]\n- name: fixed\n  options: {disableNameSuffixHash: true}\n- literals: [x=hunter3]\n',
    'base/kustomization.yaml':
      'resources: [web.yaml]\nconfigMapGenerator:\n- name: conf\n  literals: [A=1]\n  envs: [c.env]\ngeneratorOptions:\n  labels: {made: by}\n',
    'base/web.yaml': WEB,
    'base/c.env': '# c\nC=3\n',
    'tls.key': 'k',
  });
  const conf = built.objects.find(({ kind }) => kind === 'ConfigMap') as unknown as {
    metadata: { name: string; labels: object };
    data: object;
  };
  assert.deepEqual([conf.data, conf.metadata.labels], [{ A: '1', C: '3', B: '2' }, { made: 'by' }]);
  assert.match(conf.metadata.name, /^conf-[a-z0-9]{10}$/);
  const web = built.get('Deployment web');
  assert.equal(web.spec.template.spec.containers[0].envFrom[0].configMapRef.name, conf.metadata.name);
  assert.match(web.spec.template.spec.volumes[0].secret.secretName, /^key-[a-z0-9]{10}$/);
  assert.deepEqual(Object.keys(built.get(`Secret ${web.spec.template.spec.volumes[0].secret.secretName as string}`).data), [
    'password',
    'tls.key',
    'id',
  ]);
  assert.equal(built.get('Secret fixed').metadata.name, 'fixed');
  assert.deepEqual(built.told, ['kustomize kustomization.yaml:12:3']);
});

test('name hashes are those of kustomize', () => {
  // As `kustomize` 5.5 gives them.
  const hash = (kind: string, data: object | undefined, more: object = {}): string =>
    nameHash({ apiVersion: 'v1', kind, metadata: { name: 'x' }, ...(data && { data }), ...more });
  assert.equal(hash('ConfigMap', { FOO: 'Bar' }), '42cfbf598f');
  assert.equal(hash('ConfigMap', { A: '<b>&\'"', B: 'é\u2028' }), '6684f885b9');
  assert.equal(hash('ConfigMap', undefined), '6ct58987ht');
  assert.equal(hash('Secret', { username: 'YWRtaW4=', password: 'c2VjcmV0' }, { type: 'Opaque' }), '8c5228dkb9');
  assert.equal(hash('Secret', { a: 'Yg==' }, { type: 'kubernetes.io/x' }), 'g9hm272kth');
});

test('components are laid over what is there; replacements carry values', () => {
  const built = build({
    'kustomization.yaml':
      'resources: [web.yaml]\ncomponents: [c]\nreplacements:\n- source: {kind: Service, fieldPath: spec.ports.0.port}\n  targets:\n  - select: {kind: Deployment}\n    fieldPaths: ["spec.template.spec.containers.[name=web].ports.0.containerPort"]\n    options: {create: true}\n- source: {kind: Service, name: web}\n  targets:\n  - select: {kind: Deployment}\n    fieldPaths: ["spec.template.spec.containers.[name=web].env.[name=A].value", spec.gone]\n- source: {kind: Gone}\n',
    'web.yaml': WEB,
    'c/kustomization.yaml':
      'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [np.yaml]\npatches:\n- patch: |\n    - {op: add, path: /spec/paused, value: true}\n  target: {kind: Deployment}\n',
    'c/np.yaml': 'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny}\nspec: {podSelector: {}}\n',
  });
  const { spec } = built.get('Deployment web');
  assert.deepEqual([spec.paused, spec.template.spec.containers[0].env[0].value], [true, 'web']);
  assert.ok(built.get('NetworkPolicy deny'));
  assert.equal(built.told.length, 1);
});

test('what cannot be done is told with its place', () => {
  const built = build({
    'kustomization.yaml':
      'resources: [broken.yaml]\nhelmCharts:\n- name: redis\ntransformers: [t.yaml]\ngenerators: [g.yaml]\nvars:\n- name: X\npatches:\n- path: nope.yaml\n- patch: "{kind: Deployment, apiVersion: apps/v1, metadata: {name: gone}}"\n',
    'broken.yaml': 'a: [\n',
  });
  assert.deepEqual(
    built.told.map((each) => each.split(' ')[0]),
    ['helm-template', 'kustomize', 'kustomize', 'kustomize', 'unparsed', 'missing', 'kustomize'],
  );
  assert.equal(built.objects.length, 0);
});

test('images', () => {
  const change = (image: string, more: object) =>
    changedImage(image, { name: 'a/b', newName: '', newTag: '', digest: '', tagSuffix: '', ...more });
  for (const [image, more, want] of [
    ['a/b', { newTag: '2' }, 'a/b:2'],
    ['a/b:1@sha256:x', { newTag: '2' }, 'a/b:2'],
    ['a/b:1', { digest: 'sha256:y' }, 'a/b@sha256:y'],
    ['a/b:1', { newName: 'c' }, 'c:1'],
    ['a/b:1', { tagSuffix: '-x' }, 'a/b:1-x'],
    ['x/a/b:1', { newTag: '2' }, undefined],
    ['host:5000/a/b', { newTag: '2', name: 'host:5000/a/b' }, 'host:5000/a/b:2'],
  ] as const)
    assert.equal(change(image, more), want, image);
});
