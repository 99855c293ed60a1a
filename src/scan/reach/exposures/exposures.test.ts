import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allow, DENY_INGRESS, deployment, namespace, policy, service } from '../../../../test/fakes/network.ts';
import { systemOf } from '../../../../test/fakes/scan.ts';
import { reachOf } from '../reach.ts';

const WEB = deployment('web', { port: 8080 });
const ingress = (annotations: string, spec: string): string =>
  `apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web, namespace: shop, annotations: {${annotations}}}\nspec: ${spec}`;
const RULE =
  '{rules: [{host: shop.example, http: {paths: [{path: /a, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}';
const CLUSTER_IP = service('web', 80, 8080);

/** `to:port through tls|plain open|authenticated sources…` */
function told(...docs: readonly string[]): readonly string[] {
  return reachOf(systemOf(...docs))
    .exposures()
    .map(({ to, port, through, tls, authenticated, sources }) =>
      [`${to}:${port}`, through, tls ? 'tls' : 'plain', authenticated ? 'authenticated' : 'open', ...sources.slice(0, 1)].join(
        ' ',
      ),
    );
}

test('Services and pods', () => {
  for (const [docs, want] of [
    [[CLUSTER_IP], []],
    [[service('web', 80, 8080, { type: 'LoadBalancer' })], ['shop/web:8080 load-balancer plain open']],
    [[service('web', 80, 8080, { type: 'NodePort' })], ['shop/web:8080 node-port plain open']],
    [
      [service('web', 80, 8080, { type: 'LoadBalancer', loadBalancerSourceRanges: ['198.51.100.0/24'] })],
      ['shop/web:8080 load-balancer plain open 198.51.100.0/24'],
    ],
    [
      [service('web', 80, 8080, { type: 'LoadBalancer', loadBalancerSourceRanges: ['0.0.0.0/0'] })],
      ['shop/web:8080 load-balancer plain open'],
    ],
    [[service('web', 80, 8080, { externalIPs: ['203.0.113.7'] })], ['shop/web:8080 node-port plain open']],
  ] as const) {
    assert.deepEqual(told(WEB, ...docs), want);
  }
  const containers = (ports: string): string =>
    `apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop}\nspec: {containers: [{name: c, image: "i:1", ports: [${ports}]}]}`;
  assert.deepEqual(told(containers('{containerPort: 80, hostPort: 8080}')), ['shop/p:80 host-port plain open']);
  assert.deepEqual(told(containers('{containerPort: 80, hostPort: 8080, hostIP: 127.0.0.1}')), []);
  assert.deepEqual(told(deployment('web', { port: 1, spec: { hostNetwork: true } })), ['shop/web:1 host-network plain open']);
});

test('an internal balancer is open to private networks', () => {
  const internal = service('web', 80, 8080, { type: 'LoadBalancer' }).replace(
    '"namespace":"shop"',
    '"namespace":"shop","annotations":{"networking.gke.io/load-balancer-type":"Internal"}',
  );
  assert.deepEqual(told(WEB, internal), ['shop/web:8080 load-balancer plain open 10.0.0.0/8']);
});

test('policies close an opening, or leave it', () => {
  const balanced = service('web', 80, 8080, { type: 'LoadBalancer' });
  const local = service('web', 80, 8080, { type: 'LoadBalancer', externalTrafficPolicy: 'Local' });
  const from = (cidr: string): string =>
    policy('in', {
      podSelector: { matchLabels: { app: 'web' } },
      ingress: [{ from: [{ ipBlock: { cidr } }], ports: [{ port: 8080 }] }],
    });
  assert.deepEqual(told(WEB, balanced, DENY_INGRESS), []);
  assert.deepEqual(told(WEB, balanced, DENY_INGRESS, allow('web', ['other'], 8080)), []);
  assert.equal(told(WEB, balanced, from('0.0.0.0/0')).length, 1);
  // Nodes forward under their own, private addresses unless the client's is kept.
  assert.equal(told(WEB, balanced, from('10.0.0.0/8')).length, 1);
  assert.equal(told(WEB, local, from('10.0.0.0/8')).length, 0);
});

test('Ingress: TLS, sources, authentication', () => {
  for (const [annotations, spec, want] of [
    ['', RULE, 'plain open'],
    ['', RULE.replace('{rules', '{tls: [{hosts: [shop.example], secretName: s}], rules'), 'tls open'],
    ['', RULE.replace('{rules', '{tls: [{hosts: [other.example], secretName: s}], rules'), 'plain open'],
    ['nginx.ingress.kubernetes.io/auth-url: "https://auth.example"', RULE, 'plain authenticated'],
    ['nginx.ingress.kubernetes.io/auth-type: basic, nginx.ingress.kubernetes.io/auth-secret: s', RULE, 'plain authenticated'],
    ['nginx.ingress.kubernetes.io/whitelist-source-range: "198.51.100.0/24"', RULE, 'plain open 198.51.100.0/24'],
  ] as const) {
    assert.deepEqual(told(WEB, CLUSTER_IP, ingress(annotations, spec)), [`shop/web:8080 ingress ${want}`], annotations + spec);
  }
  const [exposure] = reachOf(systemOf(WEB, CLUSTER_IP, ingress('', RULE))).exposures();
  assert.deepEqual(
    [exposure!.hosts, exposure!.paths, exposure!.service],
    [['shop.example'], ['/a'], { id: 'shop/web', port: 80 }],
  );
  assert.equal(exposure!.location?.line, 4);
});

test('a controller of the System is asked how it is open itself, and whether it gets through', () => {
  const controller = deployment('nginx', {
    namespace: 'edge',
    image: 'registry.k8s.io/ingress-nginx/controller:v1.11.0',
    port: 80,
  });
  const door = (type: string): string => service('nginx', 80, 80, { type }, 'edge');
  const IN = ingress('nginx.ingress.kubernetes.io/proxy-body-size: 1m', RULE);
  const through = (...docs: readonly string[]): number =>
    told(WEB, CLUSTER_IP, IN, controller, ...docs).filter((line) => line.startsWith('shop/web')).length;
  assert.equal(through(door('LoadBalancer')), 1);
  assert.equal(through(door('ClusterIP')), 0);
  assert.equal(through(door('LoadBalancer'), DENY_INGRESS), 0);
  const edge = (app: string): string =>
    policy('in', {
      podSelector: { matchLabels: { app: 'web' } },
      ingress: [
        {
          from: [
            {
              namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'edge' } },
              podSelector: { matchLabels: { app } },
            },
          ],
        },
      ],
    });
  assert.equal(through(door('LoadBalancer'), DENY_INGRESS, edge('nginx')), 1);
  assert.equal(through(door('LoadBalancer'), DENY_INGRESS, edge('other')), 0);
});

test('a controller that is not in the System is taken to be who a policy lets in besides its workloads', () => {
  const peer = (namespaceSelector: unknown, podSelector?: unknown): string =>
    policy('in', {
      podSelector: { matchLabels: { app: 'web' } },
      ingress: [{ from: [{ namespaceSelector, ...(podSelector !== undefined && { podSelector }) }], ports: [{ port: 8080 }] }],
    });
  const IN = [WEB, CLUSTER_IP, deployment('other', { port: 1 }), ingress('', RULE)];
  assert.equal(told(...IN, peer({ matchLabels: { 'kubernetes.io/metadata.name': 'ingress-nginx' } })).length, 1);
  assert.equal(told(...IN, peer({})).length, 1);
  assert.equal(told(...IN, peer({}, { matchLabels: { app: 'other' } })).length, 0);
  assert.equal(told(...IN, allow('web', ['other'], 8080)).length, 0);
});

const GATEWAY =
  'apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: edge, namespace: shop}\nspec: {gatewayClassName: istio, listeners: [{name: https, port: 443, protocol: HTTPS, hostname: "*.example", tls: {certificateRefs: [{name: s}]}}]}';
const route = (spec: string): string =>
  `apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r, namespace: shop}\nspec: {${spec}}`;
const BACKEND = 'rules: [{matches: [{path: {type: PathPrefix, value: /x}}], backendRefs: [{name: web, port: 80}]}]';
const jwt = (selector: string): string =>
  `apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {name: j, namespace: shop}\nspec: {${selector}, jwtRules: [{issuer: i, jwksUri: "https://i.example/jwks"}]}\n---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: z, namespace: shop}\nspec: {${selector}, rules: [{from: [{source: {requestPrincipals: ["*"]}}]}]}`;

test('Gateway API: attachment, hosts, and what the gateway or the workload demands', () => {
  const base = [WEB, CLUSTER_IP, GATEWAY];
  assert.deepEqual(told(...base, route(`parentRefs: [{name: edge}], hostnames: [a.example], ${BACKEND}`)), [
    'shop/web:8080 gateway tls open',
  ]);
  assert.deepEqual(told(...base, route(`parentRefs: [{name: edge}], hostnames: [a.other], ${BACKEND}`)), []);
  assert.deepEqual(told(...base, route(`parentRefs: [{name: edge, sectionName: http}], ${BACKEND}`)), []);
  const open = route(`parentRefs: [{name: edge}], ${BACKEND}`);
  assert.deepEqual(told(...base, open, jwt('targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: edge}]')), [
    'shop/web:8080 gateway tls authenticated',
  ]);
  assert.deepEqual(told(...base, open, jwt('selector: {matchLabels: {app: web}}')), ['shop/web:8080 gateway tls authenticated']);
  const deny =
    'apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: none, namespace: shop}\nspec: {selector: {matchLabels: {app: web}}}';
  assert.deepEqual(told(...base, open, deny), []);
  assert.deepEqual(
    told(WEB, CLUSTER_IP, GATEWAY.replace('gatewayClassName: istio', 'gatewayClassName: istio-waypoint'), open),
    [],
  );
});

test('Istio Gateway and VirtualService: subsets, hosts, client certificates, and the door of the proxy', () => {
  const gateway = (tls: string, hosts = '"*"'): string =>
    `apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: shop}\nspec: {selector: {istio: ingressgateway}, servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: [${hosts}], tls: ${tls}}]}`;
  const SIMPLE = '{mode: SIMPLE, credentialName: c}';
  const virtual =
    'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: v, namespace: shop}\nspec: {hosts: [shop.example], gateways: [g], http: [{match: [{uri: {prefix: /a}}], route: [{destination: {host: web, subset: v1}}]}]}';
  const rule =
    'apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: d, namespace: shop}\nspec: {host: web, subsets: [{name: v1, labels: {version: v1}}]}';
  const pods = [
    deployment('web', { port: 8080, labels: { version: 'v1' } }),
    deployment('web2', { port: 8080, labels: { app: 'web', version: 'v2' } }),
    CLUSTER_IP,
  ];
  assert.deepEqual(told(...pods, gateway(SIMPLE), virtual, rule), ['shop/web:8080 gateway tls open']);
  assert.equal(told(...pods, gateway(SIMPLE), virtual).length, 2);
  assert.deepEqual(told(...pods, gateway('{mode: MUTUAL, credentialName: c}'), virtual, rule), [
    'shop/web:8080 gateway tls authenticated',
  ]);
  assert.deepEqual(told(...pods, gateway(SIMPLE, 'other/*'), virtual, rule), []);
  assert.deepEqual(told(...pods, gateway(SIMPLE, '"*.other"'), virtual, rule), []);
  assert.deepEqual(told(...pods, gateway('{httpsRedirect: true}'), virtual, rule), []);
  const proxy = deployment('gw', { namespace: 'edge', port: 8443, labels: { istio: 'ingressgateway' } });
  const lines = (type: string): number =>
    told(...pods, gateway(SIMPLE), virtual, rule, namespace('edge'), proxy, service('gw', 443, 8443, { type }, 'edge')).filter(
      (line) => line.startsWith('shop/web'),
    ).length;
  assert.deepEqual([lines('LoadBalancer'), lines('ClusterIP')], [1, 0]);
});
