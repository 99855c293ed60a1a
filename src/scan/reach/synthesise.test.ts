import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toYaml } from '#policy/yaml.ts';
import { deployment, namespace, service } from '../../../test/fakes/network.ts';
import { systemOf } from '../../../test/fakes/scan.ts';
import { declaredFlows } from './flows.ts';
import type { WantedFlow } from './flows.ts';
import { reachOf } from './reach.ts';
import { synthesise } from './synthesise.ts';

const NAMES = ['front', 'cart', 'pay', 'db', 'mail'];
const homeOf = (name: string): string => (name === 'db' || name === 'mail' ? 'data' : 'shop');
const PODS = NAMES.map((name, i) => deployment(name, { namespace: homeOf(name), port: 8000 + i }));
const portOf = (name: string): number => 8000 + NAMES.indexOf(name);
const id = (name: string): string => `${homeOf(name)}/${name}`;

/** Flows between workloads that get at least some requests through, once the policies are applied by their text. */
function after(
  docs: readonly string[],
  flows: readonly WantedFlow[] | undefined,
): { readonly open: string[]; readonly exposed: string[] } {
  const system = systemOf(...docs);
  const made = synthesise(system, flows ?? declaredFlows(reachOf(system)));
  const texts = [...made.networkPolicies, ...made.authorizationPolicies].map((policy) => toYaml(policy));
  const reach = reachOf(systemOf(...docs, ...texts));
  const open = reach.workloads.flatMap((from) =>
    reach.workloads.flatMap((to) =>
      from === to
        ? []
        : reach
            .access(from, to)
            .flatMap(({ network, requests, port }) => (network && requests !== 'none' ? [`${from} > ${to}:${port}`] : [])),
    ),
  );
  return { open: open.sort(), exposed: reach.exposures().map(({ to, port, through }) => `${to}:${port} ${through}`) };
}

const pair = fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom(...NAMES)).filter(([from, to]) => from !== to);

test('exactly the wanted flows remain, by the network alone and with a mesh', () => {
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 8 }), fc.boolean(), (pairs, mesh) => {
      const labels = mesh ? { 'istio-injection': 'enabled' } : {};
      const docs = [...PODS, namespace('shop', labels), namespace('data', labels)];
      const flows = pairs.map(([from, to]) => ({ from: id(from), to: id(to), port: portOf(to) }));
      const named = new Set(pairs.flat().map(homeOf));
      const wanted = new Set(flows.map(({ from, to, port }) => `${from} > ${to}:${port}`));
      const { open } = after(docs, flows);
      // Namespaces that no flow names stay as they were; ends in them are open where the other end is.
      const held = open.filter((flow) => flow.split(' > ').every((end) => named.has(end.split('/')[0]!)));
      // Workloads without a flow are closed by the default deny as well.
      assert.deepEqual(held, [...wanted].sort());
    }),
    { numRuns: 30 },
  );
});

test('declared calls and the ways in stay; the rest is closed', () => {
  const docs = [
    deployment('front', { port: 8080, env: { CART: 'cart:80' } }),
    deployment('cart', { port: 7070, env: { DB: 'db.data:5432' } }),
    deployment('db', { port: 5432, namespace: 'data' }),
    service('front', 80, 8080, { type: 'LoadBalancer' }),
    service('cart', 80, 7070),
    service('db', 5432, 5432, {}, 'data'),
    'apiVersion: v1\nkind: Node\nmetadata: {name: node-1}\nspec: {podCIDR: 10.244.0.0/24}',
  ];
  assert.deepEqual(after(docs, undefined), {
    open: ['shop/cart > data/db:5432', 'shop/front > shop/cart:7070'],
    exposed: ['shop/front:8080 load-balancer'],
  });
});

test('an ingress controller is let in, whether it is in the System or not', () => {
  const docs = [
    deployment('web', { port: 8080 }),
    service('web', 80, 8080),
    'apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web, namespace: shop}\nspec: {ingressClassName: nginx, rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}',
  ];
  assert.deepEqual(after(docs, undefined).exposed, ['shop/web:8080 ingress']);
  const controller = [
    deployment('ctl', { namespace: 'edge', port: 80, image: 'registry.k8s.io/ingress-nginx/controller:v1' }),
    service('ctl', 80, 80, { type: 'LoadBalancer' }, 'edge'),
  ];
  const both = after([...docs, ...controller], undefined);
  assert.ok(both.exposed.includes('shop/web:8080 ingress'));
  // The controller's own egress is what its policy says: to the workload it serves.
  assert.deepEqual(both.open, ['edge/ctl > shop/web:8080']);
});

test('a gateway keeps its way in through the mesh', () => {
  const docs = [
    namespace('shop', { 'istio-injection': 'enabled' }),
    deployment('web', { port: 8080 }),
    service('web', 80, 8080),
    'apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: edge, namespace: shop}\nspec: {gatewayClassName: istio, listeners: [{name: http, port: 80, protocol: HTTP}]}',
    'apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r, namespace: shop}\nspec: {parentRefs: [{name: edge}], rules: [{backendRefs: [{name: web, port: 80}]}]}',
  ];
  const system = systemOf(...docs);
  const made = synthesise(system, declaredFlows(reachOf(system)));
  assert.deepEqual(JSON.parse(JSON.stringify(made.authorizationPolicies.at(-1))), {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: 'web', namespace: 'shop' },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      action: 'ALLOW',
      rules: [
        { from: [{ source: { principals: ['cluster.local/ns/shop/sa/edge-istio'] } }], to: [{ operation: { ports: ['8080'] } }] },
      ],
    },
  });
  assert.deepEqual(after(docs, undefined).exposed, ['shop/web:8080 gateway']);
});

test('what cannot be narrowed or is no end is told', () => {
  const system = systemOf(...PODS, deployment('twin', { labels: { app: 'front' } }));
  const { notes, networkPolicies } = synthesise(system, [
    { from: 'nobody', to: 'shop/cart', port: 1 },
    { from: 'internet', to: '10.0.0.1', port: 1 },
    { from: 'shop/front', to: 'shop/cart', port: 0 },
    { from: 'shop/front', to: 'shop/cart', port: 8001 },
    { from: 'shop/cart', to: '198.51.100.7', port: 443 },
  ]);
  for (const word of ['`nobody`', 'neither', '0 is no port', 'shop/twin'])
    assert.ok(
      notes.some((note) => note.includes(word)),
      word,
    );
  assert.ok(JSON.stringify(networkPolicies).includes('198.51.100.7/32'));
});
