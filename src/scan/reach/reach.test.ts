import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readSystem } from '#ingest/read.ts';
import { allow, DENY_INGRESS, deployment, namespace, policy, service } from '../../../test/fakes/network.ts';
import { systemOf } from '../../../test/fakes/scan.ts';
import { formatRanges } from './connections.ts';
import { INTERNET } from './face.ts';
import { reachOf } from './reach.ts';

const SHOP = [deployment('front', { port: 8080 }), deployment('cart', { port: 7070 }), service('cart', 80, 7070)];

test('access lists declared ports with what network and mesh say, and why', () => {
  const reach = reachOf(systemOf(...SHOP, DENY_INGRESS, allow('cart', ['front'], 7070)));
  const [access] = reach.access('shop/front', 'shop/cart');
  assert.deepEqual(
    { ...access, reasons: access!.reasons.map(({ allows, text, location }) => [allows, text, location?.file]) },
    {
      from: 'shop/front',
      to: 'shop/cart',
      port: 7070,
      transport: 'TCP',
      network: true,
      link: 'none',
      requests: 'all',
      reasons: [
        [true, 'no policy speaks of egress of shop/front here: Kubernetes allows', undefined],
        [true, 'NetworkPolicy shop/cart-in allows TCP 7070 from pods with app=front', 'case4.yaml'],
        [true, 'shop/cart is in no mesh', 'case1.yaml'],
      ],
    },
  );
  assert.equal(formatRanges(reach.connections('shop/front', 'shop/cart')), 'TCP 7070');
  const refused = reach.explain('shop/cart', 'shop/front', 8080, 'TCP');
  assert.equal(refused.network, false);
  assert.match(refused.reasons.at(-1)!.text, /no rule of NetworkPolicy shop\/default-deny allows TCP 8080 from shop\/cart/);
});

test('ends that do not exist are refused, not thrown', () => {
  const reach = reachOf(systemOf(...SHOP));
  assert.equal(reach.explain('shop/front', 'shop/none', 80, 'TCP').network, false);
  assert.deepEqual(reach.connections('nobody', 'shop/cart'), []);
  assert.deepEqual(reach.connections(INTERNET, '10.0.0.0/8'), []);
  assert.deepEqual(reach.access('shop/front', '10.0.0.0/8'), []);
});

test('ranges and the internet are peers; private ranges are no internet', () => {
  const rule = (cidr: string): string =>
    policy('in', {
      podSelector: { matchLabels: { app: 'cart' } },
      ingress: [{ from: [{ ipBlock: { cidr } }], ports: [{ port: 7070 }] }],
    });
  for (const [cidr, from, want] of [
    ['10.0.0.0/8', INTERNET, 'nothing'],
    ['10.0.0.0/8', '10.1.0.0/16', 'TCP 7070'],
    ['10.0.0.0/8', '11.0.0.0/8', 'nothing'],
    ['0.0.0.0/0', INTERNET, 'TCP 7070'],
    ['0.0.0.0/0', 'shop/front', 'TCP 7070'],
    ['10.0.0.0/8', 'shop/front', 'nothing'],
    ['8.8.8.0/24', INTERNET, 'TCP 7070'],
    ['::/0', '2606:4700::1', 'TCP 7070'],
    ['::/0', '8.8.8.8', 'nothing'],
  ] as const) {
    assert.equal(formatRanges(reachOf(systemOf(...SHOP, rule(cidr))).connections(from, 'shop/cart')), want, `${cidr} ${from}`);
  }
});

test('a known range of pods decides whether a block speaks of pods', () => {
  const node = 'apiVersion: v1\nkind: Node\nmetadata: {name: node-1}\nspec: {podCIDR: 10.244.0.0/24}';
  const rule = policy('in', {
    podSelector: { matchLabels: { app: 'cart' } },
    ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }],
  });
  assert.equal(formatRanges(reachOf(systemOf(...SHOP, rule, node)).connections('shop/front', 'shop/cart')), 'all connections');
});

test('host network passes policies by, and a pod reaches itself', () => {
  const agent = deployment('agent', { port: 9100, spec: { hostNetwork: true } });
  const reach = reachOf(systemOf(...SHOP, agent, DENY_INGRESS));
  assert.equal(formatRanges(reach.connections('shop/agent', 'shop/cart')), 'all connections');
  assert.equal(formatRanges(reach.connections('shop/cart', 'shop/agent')), 'all connections');
  assert.equal(formatRanges(reach.connections('shop/cart', 'shop/cart')), 'all connections');
  assert.equal(formatRanges(reach.connections('shop/front', 'shop/cart')), 'nothing');
  assert.match(reach.explain('shop/agent', 'shop/cart', 7070, 'TCP').reasons[0]!.text, /uses the host network/);
});

test('Compose services talk when they share a network', () => {
  const compose = `services:
  web: {image: web, ports: ["8080:80"], networks: [front]}
  api: {image: api, expose: ["90"], networks: [front, back]}
  db: {image: postgres, expose: ["5432"], networks: [back]}
  tool: {image: tool, expose: ["1"], network_mode: host}
  side: {image: side, expose: ["2"], network_mode: "service:db"}
networks:
  front: {}
  back: {internal: true}
`;
  const reach = reachOf(systemOf(compose));
  const id = (name: string): string => reach.workloads.find((each) => each.endsWith(`/${name}`))!;
  const open = (from: string, to: string): boolean =>
    reach.connections(from === INTERNET ? from : id(from), to === INTERNET ? to : id(to)).length > 0;
  for (const [from, to, want] of [
    ['web', 'api', true],
    ['web', 'db', false],
    ['api', 'db', true],
    ['side', 'api', true],
    ['side', 'web', false],
    ['web', INTERNET, true],
    ['db', INTERNET, false],
    ['tool', INTERNET, true],
    [INTERNET, 'db', false],
    [INTERNET, 'tool', true],
    ['tool', 'web', false],
  ] as const) {
    assert.equal(open(from, to), want, `${from} -> ${to}`);
  }
  assert.deepEqual(
    reach
      .exposures()
      .map(({ to, port, through, location }) => [to === id('web') || to === id('tool'), port, through, location?.line]),
    [
      [true, 80, 'published-port', 2],
      [true, 1, 'host-network', 5],
    ],
  );
  assert.match(reach.explain(id('web'), id('db'), 5432, 'TCP').reasons[0]!.text, /share no network/);
});

test('kinds that are not evaluated are told', () => {
  const cilium =
    'apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: c, namespace: shop}\nspec: {endpointSelector: {}}';
  const reach = reachOf(systemOf(...SHOP, cilium, namespace('shop')));
  assert.deepEqual(
    reach.notEvaluated.map(({ kind }) => kind),
    ['CiliumNetworkPolicy'],
  );
});

test('whatever documents hold, there is an answer', () => {
  const kinds = [
    ['policy.networking.k8s.io/v1alpha1', 'AdminNetworkPolicy'],
    ['policy.networking.k8s.io/v1alpha2', 'ClusterNetworkPolicy'],
    ['networking.istio.io/v1', 'Gateway'],
    ['networking.istio.io/v1', 'VirtualService'],
    ['networking.istio.io/v1', 'DestinationRule'],
    ['gateway.networking.k8s.io/v1alpha2', 'TLSRoute'],
    ['route.openshift.io/v1', 'Route'],
    ['traefik.io/v1alpha1', 'IngressRoute'],
    ['crd.projectcalico.org/v1', 'IPPool'],
    ['eksctl.io/v1alpha5', 'ClusterConfig'],
    ['gateway.envoyproxy.io/v1alpha1', 'SecurityPolicy'],
  ] as const;
  const words = fc.constantFrom(
    'subject',
    'namespaces',
    'pods',
    'ingress',
    'egress',
    'from',
    'to',
    'networks',
    'ports',
    'action',
    'servers',
    'hosts',
    'http',
    'route',
    'routes',
    'match',
    'services',
    'cidr',
    'tls',
    'parentRefs',
    'rules',
    'backendRefs',
    'host',
    '__proto__',
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom<unknown>(null, 1, -1, true, '', 'web', '10.0.0.0/8', '0.0.0.0/0', 'Allow', '*'),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(words, tie('value'), { maxKeys: 4 }),
    ),
  }));
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...kinds), value), { maxLength: 4 }), (documents) => {
      const items = documents.map(([[apiVersion, kind], spec], i) => ({
        apiVersion,
        kind,
        metadata: { name: `n${i}` },
        spec,
        vpc: spec,
      }));
      const { system } = readSystem([
        { file: 'a.json', text: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) },
        ...SHOP.map((text, i) => ({ file: `${i}.json`, text })),
      ]);
      const reach = reachOf(system);
      assert.equal(reach.access('shop/front', 'shop/cart').length, 1);
      assert.ok(Array.isArray(reach.exposures()));
    }),
    { numRuns: 80 },
  );
});

test('thousands of ranges in one policy', () => {
  const peers = Array.from({ length: 4000 }, (_, i) => ({ ipBlock: { cidr: `20.${i >> 8}.${i & 255}.${(i * 16) & 255}/28` } }));
  const reach = reachOf(
    systemOf(
      ...SHOP,
      policy('out', { podSelector: {}, policyTypes: ['Egress'], egress: [{ to: peers, ports: [{ port: 443 }] }] }),
    ),
  );
  assert.equal(formatRanges(reach.connections('shop/cart', '20.0.0.1')), 'TCP 443');
  assert.equal(formatRanges(reach.connections('shop/cart', '21.0.0.1')), 'nothing');
  assert.equal(formatRanges(reach.connections('shop/cart', INTERNET)), 'TCP 443');
});

test('who must be cautious takes a wide private block for one that lets pods in whose addresses nothing states', () => {
  const manifest = (cidr: string, more = ''): string => `
apiVersion: v1
kind: Pod
metadata: { name: a, labels: { app: a } }
spec: { containers: [{ name: c, image: i:1 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: b, labels: { app: b } }
spec: { containers: [{ name: c, image: i:1, ports: [{ containerPort: 80 }] }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: p }
spec: { podSelector: { matchLabels: { app: b } }, ingress: [{ from: [{ ipBlock: { cidr: ${cidr} } }] }] }
${more}`;
  const node = '---\napiVersion: v1\nkind: Node\nmetadata: { name: node-1 }\nspec: { podCIDR: 10.244.0.0/24 }\n';
  for (const [cidr, more, exact, cautious] of [
    ['10.0.0.0/8', '', false, true],
    ['10.9.0.0/16', '', false, true],
    ['10.9.9.9/32', '', false, false],
    ['203.0.113.0/24', '', false, false],
    ['10.0.0.0/8', node, true, true],
    ['10.9.0.0/16', node, false, false],
  ] as const) {
    const { system } = readSystem([{ file: 't.yaml', text: manifest(cidr, more) }]);
    const reach = reachOf(system);
    const reaches = (one: typeof reach): boolean => one.connections('default/a', 'default/b').length > 0;
    assert.deepEqual([reaches(reach), reaches(reach.cautious())], [exact, cautious], `${cidr} ${more}`);
  }
});
