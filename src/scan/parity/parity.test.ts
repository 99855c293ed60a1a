import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hits, systemOf } from '../../../test/fakes/scan.ts';
import { parityFindings } from '../rules/parity/findings.ts';
import { PARITY_RULES } from '../rules/parity.ts';
import { parity } from './parity.ts';
import { pairUnits } from './units.ts';

interface Shape {
  readonly image?: string;
  readonly container?: string;
  readonly pod?: string;
  readonly replicas?: number;
  readonly meta?: string;
  readonly more?: string;
}
const shop = (
  environment: string,
  { image = 'r.example.com/cart:1.4.0', container = '', pod = '', replicas = 1, meta = '', more = '' }: Shape = {},
): string =>
  `apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop-${environment}${meta}}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec:
      ${pod}
      containers:
      - {name: main, image: "${image}"${container}}
${more}`;
const netpol = (environment: string, spec: string): string =>
  `---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: cart, namespace: shop-${environment}}\nspec: {podSelector: {}, ${spec}}\n`;
const service = (environment: string, type: string): string =>
  `---\napiVersion: v1\nkind: Service\nmetadata: {name: cart, namespace: shop-${environment}}\nspec: {type: ${type}, selector: {app: cart}, ports: [{name: http, port: 80}]}\n`;
const env = (...pairs: readonly string[]): string => `, env: [${pairs.join(', ')}]`;

/** What staging and production have, and the differences: `class aspect weaker`. */
const ROWS: readonly (readonly [staging: Shape, production: Shape, want: string])[] = [
  [{}, {}, ''],
  [{}, { replicas: 5 }, 'expected replicas -'],
  [{}, { container: ', resources: {limits: {memory: 1Gi}}' }, 'expected resources -'],
  [{}, { pod: 'hostNetwork: true' }, 'security pod b'],
  [{ pod: 'hostNetwork: true' }, {}, 'security pod a'],
  [{ pod: 'securityContext: {runAsNonRoot: true}' }, {}, 'security pod b'],
  [{}, { pod: 'serviceAccountName: admin' }, 'security account -'],
  [{ pod: 'serviceAccountName: cart-staging' }, { pod: 'serviceAccountName: cart-prod' }, ''],
  [{}, { pod: 'automountServiceAccountToken: false' }, 'security account a'],
  [{}, { image: 'r.example.com/cart:1.3.0' }, 'image image b'],
  [{}, { image: 'r.example.com/cart:1.5.0' }, 'image image a'],
  [{}, { image: `r.example.com/cart:1.4.0@sha256:${'0'.repeat(64)}` }, 'image image a'],
  [{}, { image: 'r.example.com/other:1.4.0' }, 'image image -'],
  [{}, { image: 'mirror.example.com/cart:1.4.0' }, 'config image -'],
  [{}, { container: env('{name: LOG_LEVEL, value: warn}') }, 'config env -'],
  [
    { container: env('{name: VERIFY_TLS, value: "true"}') },
    { container: env('{name: VERIFY_TLS, value: "false"}') },
    'security env -',
  ],
  [
    { container: env('{name: PASSWORD, valueFrom: {secretKeyRef: {name: s, key: k}}}') },
    { container: env('{name: PASSWORD, value: tr0ub4dor}') },
    'security env b',
  ],
  [{ more: netpol('staging', 'ingress: []') }, {}, 'security network-policy b'],
  [
    { more: netpol('staging', 'ingress: [{from: [{podSelector: {}}]}]') },
    { more: netpol('prod', 'ingress: [{}]') },
    'security network-policy b',
  ],
  [
    { more: netpol('staging', 'ingress: [{from: [{namespaceSelector: {matchLabels: {name: edge-staging}}}]}]') },
    { more: netpol('prod', 'ingress: [{from: [{namespaceSelector: {matchLabels: {name: edge-prod}}}]}]') },
    '',
  ],
  [
    { more: netpol('staging', 'ingress: [{from: [{ipBlock: {cidr: 10.1.0.0/16}}]}]') },
    { more: netpol('prod', 'ingress: [{from: [{ipBlock: {cidr: 10.2.0.0/16}}]}]') },
    '',
  ],
  [{ more: service('staging', 'ClusterIP') }, { more: service('prod', 'LoadBalancer') }, 'security service b'],
  [{}, { more: service('prod', 'LoadBalancer') }, 'security service b'],
  [{}, { more: service('prod', 'ClusterIP') }, 'config service -'],
  [{}, { pod: 'hostNetwork: true', meta: ', annotations: {cullis.dev/parity-expected: pod}' }, 'expected pod b'],
];

test('two environments are compared by what they mean', () => {
  for (const [staging, production, want] of ROWS) {
    const result = parity(systemOf(shop('staging', staging)), systemOf(shop('prod', production)));
    assert.equal(
      result.differences.map(({ class: kind, aspect, weaker }) => `${kind} ${aspect} ${weaker ?? '-'}`).join(', '),
      want,
      JSON.stringify([staging, production]),
    );
    assert.doesNotMatch(JSON.stringify(result.differences.map(({ text, a, b }) => [text, a?.shows, b?.shows])), /tr0ub4dor/);
  }
});

test('a difference has both places and becomes a finding at the weaker one', () => {
  const result = parity(systemOf(shop('staging')), systemOf(shop('prod', { pod: 'hostPID: true' })), {
    labels: ['staging', 'prod'],
  });
  assert.equal(result.compared, 1);
  const [difference] = result.differences;
  assert.equal(difference?.text, 'in prod the pod sets `hostPID`, in staging not');
  assert.deepEqual(difference?.b?.location, { file: 'case.yaml', line: 10, column: 7 });
  assert.ok(difference?.a?.location);
  const [finding] = parityFindings(result);
  assert.deepEqual([finding?.code, finding?.severity, finding?.path], ['parity.security', 'high', 'spec.template.spec.hostPID']);
});

test('options allow differences by aspect, class or object', () => {
  const [a, b] = [systemOf(shop('staging')), systemOf(shop('prod', { pod: 'hostPID: true' }))];
  for (const word of ['pod', 'security', 'Deployment/cart', '*']) {
    assert.deepEqual(
      parity(a, b, { expected: [word] }).differences.map((each) => each.class),
      ['expected'],
      word,
    );
  }
});

test('environments inside one system are found by namespace or folder', () => {
  const found = PARITY_RULES.flatMap((rule) =>
    hits(rule, `${shop('staging')}---\n${shop('prod', { image: 'r.example.com/cart:1.3.0', pod: 'hostPID: true' })}`),
  );
  assert.deepEqual(
    found.map(({ code }) => code),
    ['parity.security', 'parity.image'],
  );
  const alike = PARITY_RULES.flatMap((rule) => hits(rule, `${shop('staging')}---\n${shop('prod', { replicas: 4 })}`));
  assert.deepEqual(alike, []);
  const single = PARITY_RULES.flatMap((rule) => hits(rule, shop('prod', { pod: 'hostPID: true' })));
  assert.deepEqual(single, []);
});

test('units are paired by the environment that their paths name', () => {
  for (const [names, want] of [
    [['deploy/overlays/staging', 'deploy/overlays/prod'], ['deploy/overlays/staging deploy/overlays/prod']],
    [['overlays/dev', 'overlays/staging', 'overlays/prod'], ['overlays/staging overlays/prod']],
    [['overlays/dev', 'overlays/prod'], ['overlays/dev overlays/prod']],
    [
      ['charts/shop/values-staging.yaml', 'charts/shop/values-prod.yaml'],
      ['charts/shop/values-staging.yaml charts/shop/values-prod.yaml'],
    ],
    [
      ['staging/cart', 'staging/web', 'prod/cart', 'prod/web'],
      ['staging/cart prod/cart', 'staging/web prod/web'],
    ],
    [['a/prod', 'b/staging'], []],
    [['prod', 'shop'], []],
    [['dev', 'test'], ['dev test']],
  ] as const) {
    const found = pairUnits(names.map((name) => ({ name }))).map(({ a, b }) => `${a.name} ${b.name}`);
    assert.deepEqual(found, want, names.join(' '));
  }
});
