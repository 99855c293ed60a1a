import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manifest, readText } from '../../../test/fakes/manifests.ts';
import { selectProtocol } from './service.ts';

const POD =
  '      containers:\n      - name: main\n        image: img:1\n        ports: [{containerPort: 8080, name: web}]\n        env:\n        - {name: A, value: "1"}\n        - {name: S, valueFrom: {secretKeyRef: {name: s, key: k}}}\n        - {name: F, valueFrom: {fieldRef: {fieldPath: metadata.name}}}';
const templated = (extra = ''): string =>
  `${extra}  selector: {matchLabels: {app: x}}\n  template:\n    metadata: {labels: {app: x, v: "1"}}\n    spec:\n${POD}`;

test('every workload kind gives a workload with identity, labels and containers', () => {
  for (const [apiVersion, kind, spec, replicas] of [
    ['apps/v1', 'Deployment', templated('  replicas: 3\n'), 3],
    ['apps/v1', 'StatefulSet', templated(), 1],
    ['apps/v1', 'DaemonSet', templated(), 1],
    ['apps/v1', 'ReplicaSet', templated('  replicas: 0\n'), 0],
    ['extensions/v1beta1', 'Deployment', templated(), 1],
    ['batch/v1', 'Job', `  parallelism: 2\n  template:\n    metadata: {labels: {app: x, v: "1"}}\n    spec:\n${POD}`, 2],
  ] as const) {
    const { system, told } = readText(manifest(apiVersion, kind, spec, 'name: x, namespace: shop'));
    assert.deepEqual(told, [], kind);
    const [workload] = system.workloads;
    assert.deepEqual(
      { ...workload, resource: undefined, containers: undefined },
      {
        id: 'shop/x',
        namespace: 'shop',
        name: 'x',
        kind,
        labels: { app: 'x', v: '1' },
        annotations: {},
        serviceAccount: 'default',
        identity: 'spiffe://cluster.local/ns/shop/sa/default',
        replicas,
        resource: undefined,
        containers: undefined,
      },
    );
    assert.deepEqual(workload!.containers, [
      {
        name: 'main',
        image: 'img:1',
        command: [],
        args: [],
        ports: [{ name: 'web', port: 8080, transport: 'TCP' }],
        init: false,
        env: [
          { name: 'A', value: '1' },
          { name: 'S', from: { kind: 'secret', name: 's', key: 'k' } },
          { name: 'F', from: { kind: 'field', name: '', key: 'metadata.name' } },
        ],
      },
    ]);
  }
});

test('CronJob and Pod are workloads too; what another object owns is not', () => {
  const pod =
    'apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {app: p}}\nspec: {serviceAccountName: bot, containers: [{name: c}], initContainers: [{name: i}]}\n';
  const cron =
    'apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: c}\nspec: {schedule: "* * * * *", jobTemplate: {spec: {template: {metadata: {labels: {app: c}}, spec: {containers: [{name: c}]}}}}}\n';
  const owned = pod.replace('name: p,', 'name: q, ownerReferences: [{kind: ReplicaSet, name: p-1, controller: true}],');
  const { system, told } = readText([pod, cron, owned].join('---\n'));
  assert.deepEqual(told, []);
  assert.deepEqual(
    system.workloads.map(({ id, kind, serviceAccount, labels }) => [id, kind, serviceAccount, labels['app']]),
    [
      ['default/p', 'Pod', 'bot', 'p'],
      ['default/c', 'CronJob', 'default', 'c'],
    ],
  );
  assert.deepEqual(
    system.workloads[0]!.containers.map(({ name, init }) => [name, init]),
    [
      ['i', true],
      ['c', false],
    ],
  );
  assert.equal(system.resources.length, 3);
});

test('workloads of one name keep apart, whatever their order', () => {
  const deployment = manifest('apps/v1', 'Deployment', templated());
  const set = manifest('apps/v1', 'StatefulSet', templated());
  for (const text of [`${deployment}---\n${set}`, `${set}---\n${deployment}`]) {
    assert.deepEqual(
      readText(text)
        .system.workloads.map(({ id, kind }) => `${kind} ${id}`)
        .sort(),
      ['Deployment default/x', 'StatefulSet default/x.statefulset'],
    );
  }
});

test('mistakes in workloads', () => {
  for (const [spec, want] of [
    ['', 'error 1:1 k8s.required'],
    ['  template: {spec: {containers: []}}\n  selector: {matchLabels: {a: b}}', 'error 5:21 k8s.empty'],
    [templated().replace('value: "1"', 'value: 1'), 'error 14:21 k8s.type'],
    [templated().replace('matchLabels: {app: x}', 'matchLabels: {app: z}'), 'error 5:3 k8s.selector'],
    [templated().replace('containerPort: 8080', 'containerPort: 80800'), 'error 12:18 k8s.range'],
    [templated().replace('- name: main', '- name: Main'), 'error 10:9 k8s.value'],
    [templated().replace('v: "1"', 'v: 1'), 'error 7:33 k8s.type'],
    [templated('  replicas: "3"\n'), 'error 5:3 k8s.type'],
    [templated().replace('        image: img:1', '        imge: img:1'), 'warning 11:9 k8s.unknown-field'],
  ] as const) {
    const { told } = readText(manifest('apps/v1', 'Deployment', spec));
    assert.ok(told.includes(want), `${spec}\n${told.join('\n')}`);
  }
});

test('Services: defaults, hosts and mistakes', () => {
  const { system, told } = readText(
    manifest(
      'v1',
      'Service',
      '  selector: {app: x}\n  ports:\n  - {name: http, port: 80, targetPort: web}\n  - {name: db, port: 5432}\n  - {name: dns, port: 53, protocol: UDP}',
      'name: cart, namespace: shop',
    ),
    {
      mesh: { clusterDomain: 'corp.example' },
    },
  );
  assert.deepEqual(told, ['info 8:5 k8s.port-protocol']);
  assert.deepEqual(
    { ...system.services[0], resource: undefined },
    {
      id: 'shop/cart',
      namespace: 'shop',
      name: 'cart',
      host: 'cart.shop.svc.corp.example',
      type: 'ClusterIP',
      selector: { app: 'x' },
      ports: [
        { name: 'http', port: 80, targetPort: 'web', protocol: 'http' },
        { name: 'db', port: 5432, targetPort: 5432, protocol: 'tcp' },
        { name: 'dns', port: 53, targetPort: 53, protocol: 'udp' },
      ],
      resource: undefined,
    },
  );
  for (const [spec, want, metadata] of [
    ['  ports: [{port: 80}, {port: 81}]', 'error 5:11 k8s.required', 'name: x'],
    ['  ports: [{port: 80, name: a}, {port: 80, name: b}]', 'error 5:32 k8s.duplicate', 'name: x'],
    ['  ports: [{port: 0}]', 'error 5:12 k8s.range', 'name: x'],
    ['  type: Loadbalancer', 'error 5:3 k8s.value', 'name: x'],
    ['  type: ExternalName', 'error 4:1 k8s.required', 'name: x'],
    ['  ports: [{port: 80}]', 'error 3:12 k8s.value', 'name: 1x'],
    ['  ports: [{port: 80}]', 'error 3:21 k8s.value', 'name: x, namespace: A_b'],
    ['  prots: []', 'warning 5:3 k8s.unknown-field', 'name: x'],
  ] as const) {
    const read = readText(manifest('v1', 'Service', spec, metadata));
    assert.ok(read.told.includes(want), `${spec}\n${read.told.join('\n')}`);
  }
});

test('the protocol of a port is what Istio selects', () => {
  for (const [name, appProtocol, port, want] of [
    ['http', '', 80, 'http'],
    ['http-web', '', 1, 'http'],
    ['HTTP2-x', '', 1, 'http2'],
    ['grpc-web-ui', '', 1, 'grpc'],
    ['grpcx', '', 1, undefined],
    ['tcp-redis', '', 6379, 'tcp'],
    ['redis', '', 1, 'tcp'],
    ['https', '', 443, 'tls'],
    ['', '', 3306, 'tcp'],
    ['', '', 80, undefined],
    ['tcp', 'http', 80, 'http'],
    ['http', 'kubernetes.io/h2c', 80, 'http2'],
    ['http', 'kubernetes.io/wss', 80, 'tls'],
    ['http', 'example.com/own', 80, undefined],
  ] as const) {
    assert.equal(
      selectProtocol({ name, appProtocol, port, targetPort: port, transport: 'TCP' }),
      want,
      `${name} ${appProtocol} ${port}`,
    );
  }
  assert.equal(selectProtocol({ name: 'http', appProtocol: '', port: 80, targetPort: 80, transport: 'UDP' }), 'udp');
});

test('values of Secrets are nowhere: not in the System, not in findings, however they are written', () => {
  const data = 'data: {password: aHVudGVyMg==}\nstringData: {token: hunter2}\n';
  const applied =
    'metadata: {name: s, annotations: {kubectl.kubernetes.io/last-applied-configuration: \'{"data":{"password":"aHVudGVyMg=="}}\'}}\n';
  for (const text of [
    `apiVersion: v1\nkind: Secret\n${applied}${data}`,
    `apiVersion: v1\nkind: Secrets\n${applied}${data}`,
    `apiVersion: v1\nkind: secret\n${applied}${data}`,
    `apiVersion: bitnami.com/v1\nkind: SealedSecret\nmetadata: {name: s}\nspec: {template: {${data.split('\n')[0]!}}}\n`,
    `apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {password: hunter2!}\n`,
    `apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: [hunter2]}\n`,
    `apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: hunter2\n`,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: [{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { p: 'hunter2' } }],
    }),
  ]) {
    const { system, messages } = readText(text);
    assert.doesNotMatch(JSON.stringify(system) + messages, /hunter2|aHVudGVyMg/, text);
  }
  const { system } = readText(`apiVersion: v1\nkind: Secret\n${applied}type: Opaque\n${data}`);
  assert.deepEqual(system.resources[0]!.body, { type: 'Opaque', data: { password: null }, stringData: { token: null } });
});

test('other kinds are read, kept and counted', () => {
  const texts = [
    manifest(
      'networking.k8s.io/v1',
      'NetworkPolicy',
      '  podSelector: {}\n  ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: web}]}]',
    ),
    manifest('autoscaling/v2', 'HorizontalPodAutoscaler', '  scaleTargetRef: {kind: Deployment, name: x}\n  maxReplicas: 3'),
    manifest('v1', 'Node', '  podCIDR: 10.1.0.0/24'),
    'apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: e}\naddressType: IPv4\nendpoints: [{addresses: [10.0.0.1]}]\nports: [{port: 80}]\n',
    'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: "system:x"}\nrules: [{apiGroups: [""], resources: [pods], verbs: [get]}]\n',
    'apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: b}\nroleRef: {kind: Role, name: r}\nsubjects: [{kind: ServiceAccount, name: s}]\n',
    manifest(
      'networking.k8s.io/v1',
      'Ingress',
      '  rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: x, port: {number: 80}}}}]}}]',
    ),
    manifest('example.com/v1', 'Thing', '  a: 1'),
  ];
  const { system, told } = readText(texts.join('---\n'));
  assert.deepEqual(told, []);
  assert.equal(system.resources.length, texts.length);
  assert.deepEqual(
    system.notActedOn.map(({ kind, count }) => `${kind} ${count}`),
    ['ClusterRole 1', 'HorizontalPodAutoscaler 1', 'Ingress 1', 'NetworkPolicy 1', 'Node 1', 'RoleBinding 1', 'Thing 1'],
  );
  assert.equal(system.resources.find((each) => each.kind === 'ClusterRole')!.metadata.namespace, '');
  for (const [text, want] of [
    [texts[0]!.replace('10.0.0.0/8', '10.0.0.0'), 'k8s.cidr'],
    [texts[0]!.replace('cidr:', 'cdir:'), 'k8s.required'],
    [texts[1]!.replace('maxReplicas', 'maxReplica'), 'k8s.required'],
    [texts[2]!.replace('/24', '/40'), 'k8s.cidr'],
    [texts[4]!.replace('verbs', 'verb'), 'k8s.required'],
    [texts[5]!.replace('ServiceAccount', 'ServiceAcount'), 'k8s.value'],
  ] as const) {
    assert.ok(
      readText(text).told.some((each) => each.startsWith('error') && each.endsWith(want)),
      text,
    );
  }
});
