import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSystem } from '#ingest/read.ts';
import type { Observed } from '#model/observed.ts';
import type { System } from '#model/system.ts';
import { buildPlan } from './build.ts';
import { intersect } from './gateway-attach.ts';
import { destinations, workloadPorts } from './services.ts';

const MANIFEST = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec:
      serviceAccountName: cart
      containers:
        - {name: c, image: cart, ports: [{name: web, containerPort: 8080}, {name: rpc, containerPort: 9090}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: front, namespace: shop}
spec:
  selector: {matchLabels: {app: front}}
  template: {metadata: {labels: {app: front}}, spec: {containers: [{name: c, image: front, ports: [{containerPort: 80}]}]}}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec:
  selector: {app: cart}
  ports: [{name: http, port: 80, targetPort: web}, {name: grpc, port: 90, targetPort: rpc}, {name: tcp-x, port: 91, targetPort: missing}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  gatewayClassName: istio
  listeners:
    - {name: http, port: 80, protocol: HTTP, hostname: "*.shop.test"}
    - {name: raw, port: 81, protocol: TCP}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: all, namespace: shop}
spec:
  parentRefs: [{name: edge}]
  hostnames: [api.shop.test, other.test]
  rules:
    - backendRefs: [{name: cart, port: 80, weight: 9}, {name: nowhere, port: 80}]
    - matches: [{path: {type: RegularExpression, value: "(a)\\\\1"}}]
      backendRefs: [{name: cart, port: 80}]
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: cart, namespace: shop}
spec:
  selector: {matchLabels: {app: cart}}
  mtls: {mode: STRICT}
  portLevelMtls: {9090: {mode: DISABLE}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: cart, namespace: shop}
spec:
  selector: {matchLabels: {app: cart}}
  rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/default]}}]}]
`;

function read(text = MANIFEST): System {
  const { system, diagnostics } = readSystem([{ file: 'shop.yaml', text }]);
  assert.deepEqual(
    diagnostics.filter((one) => one.severity === 'error'),
    [],
  );
  return system;
}

function observe(system: System): Observed {
  let port = 40_000;
  const address = () => ({ ip: '127.0.0.1', port: port++ });
  const placements = Object.fromEntries(
    system.workloads.map((workload) => {
      const ports = workloadPorts(system, workload).map((one) => one.port);
      const keyed = (keys: readonly (string | number)[]) => Object.fromEntries(keys.map((key) => [key, address()]));
      return [
        workload.id,
        {
          workload: workload.id,
          app: keyed(ports),
          inbound: keyed(ports),
          outbound: keyed(destinations(system).map(({ service, port: one }) => `${service.id}:${one.port}`)),
        },
      ];
    }),
  );
  return { placements, gateways: { 'shop/edge/http': address(), 'shop/edge/raw': address() }, isolation: 'none' };
}

const system = read();
const plan = buildPlan(system, observe(system));
const cart = plan.workloads.find((one) => one.id === 'shop/cart')!;

test('workload ports: protocol from the Service, mutual TLS mode per port with its place', () => {
  assert.deepEqual(
    cart.inbound.map(({ port, protocol, http2, mtls }) => [port, protocol, http2, mtls]),
    [
      [8080, 'http', undefined, 'STRICT'],
      [9090, 'http', true, 'DISABLE'],
    ],
  );
  assert.match(cart.inbound[0]!.mtlsAt, /^shop\.yaml:\d+/);
  assert.ok(!plan.closed.some((one) => one.what === 'shop/cart:9090'));
});

test('policies are selected per workload and carry their places', () => {
  assert.equal(cart.policies.authorization.length, 1);
  assert.match(cart.policies.authorization[0]!.at['spec.rules[0]']!, /^shop\.yaml:\d+:\d+$/);
  assert.equal(plan.workloads.find((one) => one.id === 'shop/front')!.policies.authorization.length, 0);
});

test("clusters: endpoints are peers' sidecars, a DISABLEd port is spoken to in plaintext, an unknown target port leads nowhere", () => {
  const [http, grpc, broken] = plan.clusters;
  assert.equal(http!.endpoints[0]!.identity, 'spiffe://cluster.local/ns/shop/sa/cart');
  assert.equal(http!.sni, 'outbound_.80_._.cart.shop.svc.cluster.local');
  assert.equal(grpc!.endpoints[0]!.identity, '');
  assert.deepEqual(
    [http, grpc, broken].map((one) => [one!.protocol, one!.http2]),
    [
      ['http', undefined],
      ['http', true],
      ['tcp', undefined],
    ],
  );
  assert.deepEqual(broken!.endpoints, []);
});

test('outbound listeners restore the name that the program meant', () => {
  const [first] = plan.workloads.find((one) => one.id === 'shop/front')!.outbound;
  assert.equal(first!.authority, 'cart:80');
});

test('gateways: what cannot be served is closed and said, a missing backend keeps its share', () => {
  const [edge] = plan.gateways;
  assert.equal(edge!.identity, 'spiffe://cluster.local/ns/shop/sa/edge-istio');
  assert.deepEqual(
    edge!.listeners.map((one) => one.id),
    ['shop/edge/http', 'shop/edge/raw'],
  );
  assert.deepEqual(edge!.listeners[1]!.streams, []);
  const [host] = edge!.listeners[0]!.virtualHosts;
  assert.deepEqual(host!.hostnames, ['api.shop.test']);
  assert.deepEqual(host!.rules[0]!.backends, [
    { cluster: 'shop/cart:80', weight: 9 },
    { cluster: '', weight: 1 },
  ]);
  for (const why of ['no Service `shop/nowhere`', 'never matches'])
    assert.ok(
      plan.closed.some((one) => one.why.includes(why)),
      why,
    );
});

test('equal input gives an equal version, any change another', () => {
  assert.equal(buildPlan(system, observe(system)).version, plan.version);
  const changed = read(MANIFEST.replace('mode: STRICT', 'mode: PERMISSIVE'));
  assert.notEqual(buildPlan(changed, observe(changed)).version, plan.version);
});

for (const [listener, route, want] of [
  [undefined, [], ['*']],
  ['a.test', [], ['a.test']],
  [undefined, ['A.test'], ['a.test']],
  ['*.test', ['a.test', 'b.other'], ['a.test']],
  ['a.test', ['*.test'], ['a.test']],
  ['*.test', ['test'], []],
  ['*.a.test', ['*.test'], ['*.a.test']],
  ['b.test', ['a.test'], []],
] as const)
  test(`hosts of listener ${listener} and route ${route.join(',')}`, () => assert.deepEqual(intersect(listener, route), want));
