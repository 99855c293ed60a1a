import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemOf, workload } from '../../../test/fakes/shop-system.ts';
import { lintContext } from './context.ts';
import { routeWithoutLimit } from './routes.ts';

const SHOP = workload('web');

function open(...texts: readonly string[]): string[] {
  return routeWithoutLimit(lintContext(systemOf(SHOP, ...texts))).map(({ severity, subject }) => `${severity} ${subject}`);
}

function check(
  base: string,
  subject: string,
  rows: readonly (readonly [name: string, texts: readonly string[], open: boolean])[],
): void {
  for (const [name, texts, isOpen] of rows) assert.deepEqual(open(base, ...texts), isOpen ? [`medium ${subject}`] : [], name);
}

const ingress = (annotations: string, className = 'nginx'): string =>
  `apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: { name: web, namespace: shop, annotations: { ${annotations} } }\nspec: { ingressClassName: ${className}, rules: [{ http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }, { path: /b, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }] } }] }\n`;
const kong = (plugin: string, kind = 'KongPlugin', metadata = 'name: limit, namespace: shop'): string =>
  `apiVersion: configuration.konghq.com/v1\nkind: ${kind}\nmetadata: { ${metadata} }\nplugin: ${plugin}\nconfig: { minute: 5 }\n`;

test('an Ingress is one entry, however many paths it has', () => {
  const rows = [
    ['nothing', ingress(''), [], true],
    ['a limit of another controller', ingress('haproxy.org/rate-limit-requests: "10"'), [], true],
    ['requests a second', ingress('nginx.ingress.kubernetes.io/limit-rps: "10"'), [], false],
    ['none a second', ingress('nginx.ingress.kubernetes.io/limit-rps: "0"'), [], true],
    ['a plugin of Kong', ingress('konghq.com/plugins: limit', 'kong'), [kong('rate-limiting')], false],
    ['another plugin of Kong', ingress('konghq.com/plugins: limit', 'kong'), [kong('cors')], true],
    ['a plugin that is not there', ingress('konghq.com/plugins: other', 'kong'), [kong('rate-limiting')], true],
    [
      'a plugin for everything',
      ingress('', 'kong'),
      [kong('rate-limiting', 'KongClusterPlugin', 'name: limit, labels: { global: "true" }')],
      false,
    ],
  ] as const;
  for (const [name, text, more, isOpen] of rows)
    assert.deepEqual(open(text, ...more), isOpen ? ['medium Ingress shop/web'] : [], name);
});

const ISTIO = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: shop }
spec: { selector: { istio: ingressgateway }, servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: [shop.example.com] }] }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web, namespace: shop }
spec: { hosts: [shop.example.com], gateways: [edge], http: [{ route: [{ destination: { host: web } }] }] }
`;

function filter(
  patches: string,
  { namespace = 'istio-system', selector = '{ labels: { istio: ingressgateway } }' } = {},
): string {
  return `apiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\nmetadata: { name: limit, namespace: ${namespace} }\nspec: { workloadSelector: ${selector}, configPatches: [${patches}] }\n`;
}
const SOME = '{ default_value: { numerator: 100 } }';
function local({ context = 'GATEWAY', operation = 'INSERT_BEFORE', enforced = SOME } = {}): string {
  return `{ applyTo: HTTP_FILTER, match: { context: ${context} }, patch: { operation: ${operation}, value: { name: envoy.filters.http.local_ratelimit, typed_config: { "@type": type.googleapis.com/udpa.type.v1.TypedStruct, value: { token_bucket: { max_tokens: 10 }, filter_enabled: ${SOME}, filter_enforced: ${enforced} } } } } }`;
}
const GLOBAL =
  '{ applyTo: HTTP_FILTER, match: { context: GATEWAY }, patch: { operation: INSERT_BEFORE, value: { name: envoy.filters.http.ratelimit, typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.http.ratelimit.v3.RateLimit } } } }';
const ACTIONS =
  '{ applyTo: VIRTUAL_HOST, match: { context: GATEWAY }, patch: { operation: MERGE, value: { rate_limits: [{ actions: [{ remote_address: {} }] }] } } }';

test('a VirtualService at a gateway is limited by a filter that holds there and is switched on', () => {
  check(ISTIO, 'VirtualService shop/web', [
    ['nothing', [], true],
    ['at the gateway', [filter(local())], false],
    ['not enforced', [filter(local({ enforced: '{ default_value: { numerator: 0 } }' }))], true],
    ['in the other direction', [filter(local({ context: 'SIDECAR_OUTBOUND' }))], true],
    ['at other proxies', [filter(local(), { selector: '{ labels: { istio: egressgateway } }' })], true],
    ['removed', [filter(local({ operation: 'REMOVE' }))], true],
    ['a service that nobody asks', [filter(GLOBAL)], true],
    ['a service, and what is counted', [filter(`${GLOBAL}, ${ACTIONS}`)], false],
    ['what is counted, and no service', [filter(ACTIONS)], true],
    [
      'in the sidecar of the only destination',
      [filter(local({ context: 'SIDECAR_INBOUND' }), { namespace: 'shop', selector: '{ labels: { app: web } }' })],
      false,
    ],
    [
      'in another sidecar',
      [filter(local({ context: 'SIDECAR_INBOUND' }), { namespace: 'shop', selector: '{ labels: { app: cart } }' })],
      true,
    ],
  ]);
});

test('entries that are none', () => {
  const gateway = ISTIO.split('---')[0]!;
  const service = (spec: string): string =>
    `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: web, namespace: shop }\nspec: { hosts: [web], ${spec} }\n`;
  for (const text of [
    service('http: [{ route: [{ destination: { host: web } }] }]'),
    service('gateways: [edge], http: [{ redirect: { uri: /x } }]'),
    service('gateways: [edge], tls: [{ match: [{ sniHosts: [a] }], route: [{ destination: { host: web } }] }]'),
    'apiVersion: v1\nkind: Service\nmetadata: { name: db, namespace: shop }\nspec: { type: LoadBalancer, selector: { app: web }, ports: [{ port: 5432, name: tcp-db }] }\n',
    'apiVersion: v1\nkind: Service\nmetadata: { name: out, namespace: shop, annotations: { networking.gke.io/load-balancer-type: Internal } }\nspec: { type: LoadBalancer, selector: { app: web }, ports: [{ port: 80, name: http }] }\n',
    'apiVersion: v1\nkind: Service\nmetadata: { name: out, namespace: shop }\nspec: { type: LoadBalancer, selector: { app: web }, loadBalancerSourceRanges: [10.0.0.0/8], ports: [{ port: 80, name: http }] }\n',
  ])
    assert.deepEqual(open(gateway, text), [], text);
  assert.deepEqual(
    open(
      'apiVersion: v1\nkind: Service\nmetadata: { name: out, namespace: shop }\nspec: { type: LoadBalancer, selector: { app: web }, ports: [{ port: 80, name: http }] }\n',
    ),
    ['medium Service shop/out'],
  );
});

const ROUTE = `apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: { name: web, namespace: shop }\nspec: { routes: [{ match: PathPrefix(/), kind: Rule, services: [{ name: web, port: 80 }], middlewares: [{ name: outer }] }] }\n`;

test('an IngressRoute is limited by its middlewares, chains included', () => {
  const middleware = (name: string, spec: string): string =>
    `apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: { name: ${name}, namespace: shop }\nspec: ${spec}\n`;
  check(ROUTE, 'IngressRoute shop/web', [
    ['a middleware that is not there', [], true],
    ['another one', [middleware('outer', '{ compress: {} }')], true],
    ['a limit', [middleware('outer', '{ rateLimit: { average: 10 } }')], false],
    [
      'a chain',
      [
        middleware('outer', '{ chain: { middlewares: [{ name: inner }] } }'),
        middleware('inner', '{ inFlightReq: { amount: 5 } }'),
      ],
      false,
    ],
    ['a chain without end', [middleware('outer', '{ chain: { middlewares: [{ name: outer }] } }')], true],
  ]);
});
