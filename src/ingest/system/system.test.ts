import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { formatLocation, originOf } from '#model/origin.ts';
import { readSystem } from '../read.ts';
import { manifest, readText } from '../../../test/fakes/manifests.ts';

const service = (name: string, ports: string, namespace = 'shop', selector = name): string =>
  manifest('v1', 'Service', `  selector: {app: ${selector}}\n  ports: [${ports}]`, `name: ${name}, namespace: ${namespace}`);
const SERVICES = [
  service('cart', '{name: http, port: 7070}'),
  service('payment', '{name: http, port: 80}', 'ecommerce'),
  service('customer-database', '{name: tcp, port: 5432}'),
  service('queue', '{name: tcp-a, port: 5672}, {name: tcp-b, port: 15672}'),
];

/** Calls of a Pod with these environment lines, as `service:port variable`. */
function calls(env: string, extra = ''): readonly string[] {
  const pod = manifest(
    'v1',
    'Pod',
    `  containers:\n  - name: main\n    image: x\n    env:\n${env.replaceAll(/^/gm, '    ')}${extra}`,
    'name: web, namespace: shop, labels: {app: web}',
  );
  return readText([pod, ...SERVICES].join('---\n')).system.calls.map(({ to, port, variable }) => `${to}:${port} ${variable}`);
}

test('environment values that name a service and its port are calls', () => {
  for (const [value, want] of [
    ['cart:7070', ['shop/cart:7070 V']],
    ['cart.shop:7070', ['shop/cart:7070 V']],
    ['http://payment.ecommerce.svc.cluster.local', ['ecommerce/payment:80 V']],
    ['http://payment.ecommerce/api?x=cart:1', ['ecommerce/payment:80 V']],
    ['postgres://user:pw@customer-database:5432/x', ['shop/customer-database:5432 V']],
    ['cart:7070,queue:5672', ['shop/cart:7070 V', 'shop/queue:5672 V']],
    ['cart:7071', []],
    ['payment:80', []],
    ['mycart:7070', []],
    ['cart', []],
    ['', []],
    ['https://example.com', []],
  ] as const) {
    assert.deepEqual(calls(`- {name: V, value: "${value}"}`), want, value);
  }
});

test('hosts and ports in variables of their own are calls', () => {
  for (const [env, want] of [
    ['- {name: DB_HOST, value: customer-database}', ['shop/customer-database:5432 DB_HOST']],
    ['- {name: MQ_HOST, value: queue}\n- {name: MQ_PORT, value: "15672"}', ['shop/queue:15672 MQ_HOST']],
    ['- {name: MQ_HOST, value: queue}', []],
    [
      '- {name: CART_SERVICE_HOST, value: cart}\n- {name: CART_SERVICE_PORT, value: "7070"}',
      ['shop/cart:7070 CART_SERVICE_HOST'],
    ],
    ['- {name: NAME, value: cart}', []],
    ['- {name: U, value: "http://$(CART_SERVICE_HOST):$(CART_SERVICE_PORT)"}', ['shop/cart:7070 U']],
    ['- {name: U, value: "$(QUEUE_SERVICE_HOST):$(QUEUE_SERVICE_PORT_TCP_B)"}', ['shop/queue:15672 U']],
    ['- {name: H, value: cart}\n- {name: U, value: "http://$(H):7070/"}', ['shop/cart:7070 U']],
    ['- {name: U, value: "$$(CART_SERVICE_HOST):7070"}', []],
    ['- {name: U, value: "$(UNKNOWN):7070"}', []],
  ] as const) {
    assert.deepEqual(calls(env), want, env);
  }
});

test('a workload that names its own Service calls nobody', () => {
  const text = manifest(
    'v1',
    'Pod',
    '  containers: [{name: m, env: [{name: LISTEN, value: "cart:7070"}]}]',
    'name: c, namespace: shop, labels: {app: cart}',
  );
  assert.deepEqual(readText([text, ...SERVICES].join('---\n')).system.calls, []);
});

test('a call leads back to the line that declares it', () => {
  const pod = manifest(
    'v1',
    'Pod',
    '  initContainers:\n  - name: i\n    env:\n    - {name: A, value: "cart:7070"}\n  containers:\n  - name: m\n    envFrom: [{configMapRef: {name: c}}]\n    env:\n    - {name: B, value: x}\n    - {name: C, value: "queue:5672"}',
    'name: web, namespace: shop',
  );
  const config = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: shop}\ndata: {D: "payment.ecommerce:80"}\n';
  const { system } = readText([pod, config, ...SERVICES].join('---\n'));
  const places = system.calls.map(
    ({ variable, path }) => `${variable} ${formatLocation(originOf(system.workloads[0]!.resource, path))}`,
  );
  assert.deepEqual(places, ['A t.yaml:8:7', 'D t.yaml:11:5', 'C t.yaml:14:7']);
});

test('ConfigMaps fill variables, Secrets only name them, and `env` wins over `envFrom`', () => {
  const pod = manifest(
    'v1',
    'Pod',
    '  containers:\n  - name: m\n    envFrom: [{configMapRef: {name: c}, prefix: P_}, {secretRef: {name: s}}]\n    env: [{name: X, valueFrom: {configMapKeyRef: {name: c, key: a}}}, {name: P_b, value: own}, {name: Z, valueFrom: {configMapKeyRef: {name: none, key: a}}}]',
  );
  const config = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: "1", b: "2"}\n';
  const secret = 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {TOKEN: hunter2}\n';
  const { system } = readText([pod, config, secret].join('---\n'));
  assert.deepEqual(system.workloads[0]!.containers[0]!.env, [
    { name: 'P_a', from: { kind: 'configMap', name: 'c', key: 'a' }, value: '1' },
    { name: 'TOKEN', from: { kind: 'secret', name: 's', key: 'TOKEN' } },
    { name: 'X', from: { kind: 'configMap', name: 'c', key: 'a' }, value: '1' },
    { name: 'P_b', value: 'own' },
    { name: 'Z', from: { kind: 'configMap', name: 'none', key: 'a' } },
  ]);
});

test('identities carry the trust domain of the mesh', () => {
  const { system } = readText(manifest('v1', 'Pod', '  containers: [{name: m}]\n  serviceAccountName: bot'), {
    mesh: { trustDomain: 'corp' },
  });
  assert.equal(system.workloads[0]!.identity, 'spiffe://corp/ns/default/sa/bot');
});

const BOUTIQUE = new URL('../../../../shared/suites/systems/online-boutique/release/kubernetes-manifests.yaml', import.meta.url);

test(
  "Google's Online Boutique is read whole",
  { skip: existsSync(BOUTIQUE) ? false : `${BOUTIQUE.pathname} is not here` },
  () => {
    const { system, diagnostics } = readSystem([{ file: 'boutique.yaml', text: readFileSync(BOUTIQUE) }]);
    assert.deepEqual(diagnostics, []);
    assert.equal(system.workloads.length, 12);
    for (const { name, identity } of system.workloads) {
      assert.equal(identity, `spiffe://cluster.local/ns/default/sa/${name === 'redis-cart' ? 'default' : name}`);
    }
    const called = new Map<string, string[]>();
    for (const { from, to, port } of system.calls)
      called.set(from, [...(called.get(from) ?? []), `${to.replace('default/', '')}:${port}`]);
    assert.deepEqual(Object.fromEntries(called), {
      'default/frontend': [
        'productcatalogservice:3550',
        'currencyservice:7000',
        'cartservice:7070',
        'recommendationservice:8080',
        'shippingservice:50051',
        'checkoutservice:5050',
        'adservice:9555',
      ],
      'default/cartservice': ['redis-cart:6379'],
      'default/loadgenerator': ['frontend:80', 'frontend:80'],
      'default/recommendationservice': ['productcatalogservice:3550'],
      'default/checkoutservice': [
        'productcatalogservice:3550',
        'shippingservice:50051',
        'paymentservice:50051',
        'emailservice:5000',
        'currencyservice:7000',
        'cartservice:7070',
      ],
    });
    assert.equal(formatLocation(originOf(system.workloads[0]!.resource, system.calls[0]!.path)), 'boutique.yaml:75:13');
  },
);

test('references that lead nowhere are told', () => {
  const run = (name: string, workload: string): string =>
    manifest('cullis.dev/v1', 'Workload', `  workload: ${workload}\n  command: [x]`, `name: ${name}`);
  const pod = manifest('v1', 'Pod', '  containers: [{name: m}]', 'name: cart');
  const gateway = manifest(
    'gateway.networking.k8s.io/v1',
    'Gateway',
    '  gatewayClassName: c\n  listeners: [{name: web, port: 80, protocol: HTTP}]',
    'name: main',
  );
  const route = (parent: string): string => manifest('gateway.networking.k8s.io/v1', 'HTTPRoute', `  parentRefs: [${parent}]`);
  const custom = manifest(
    'security.istio.io/v1',
    'AuthorizationPolicy',
    '  action: CUSTOM\n  provider: {name: authz}\n  rules: [{}]',
  );
  for (const [texts, want, help] of [
    [[run('a', 'cart'), pod], undefined, /^\[\]$/],
    [[run('a', 'crat'), pod], 'error 5:3 cullis.unknown-workload', /`cart`/],
    [[run('a', 'cart'), run('b', 'cart'), pod], 'error 12:3 cullis.duplicate-run', /t\.yaml:1:1/],
    [[route('{name: main, sectionName: web}'), gateway], undefined, /^\[\]$/],
    [[route('{name: mian}'), gateway], 'warning 5:16 gateway.unknown-parent', /`main`/],
    [[route('{name: main, namespace: other}'), gateway], 'warning 5:16 gateway.unknown-parent', /other/],
    [[route('{name: main, sectionName: wbe}'), gateway], 'warning 5:29 gateway.unknown-parent', /`web`/],
    [[route(''), gateway], 'warning 4:1 gateway.no-parent', /./],
    [[custom], 'warning 6:3 authz.unknown-provider', /extensionProviders/],
  ] as const) {
    const { told, messages } = readText(texts.join('---\n'));
    assert.deepEqual(told, want === undefined ? [] : [want], texts.join('---\n'));
    assert.match(messages, help);
  }
});

test('old groups name the same objects as their successors', () => {
  const of = (apiVersion: string): string =>
    manifest(
      apiVersion,
      'Deployment',
      '  selector: {matchLabels: {app: x}}\n  template: {metadata: {labels: {app: x}}, spec: {containers: [{name: m}]}}',
    );
  const { system, told } = readText(`${of('apps/v1')}---\n${of('extensions/v1beta1')}`);
  assert.deepEqual([system.workloads.length, told], [1, ['error 10:12 resource.duplicate']]);
});
