import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Observed } from '#model/observed.ts';
import { readText } from '../../test/fakes/manifests.ts';
import { SHOP, systemOf, workload } from '../../test/fakes/shop-system.ts';
import { buildPlan } from './build.ts';
import { egressDestinations, egressHosts } from './egress.ts';
import { covers, visibleHosts } from './egress-visible.ts';

const entry = (spec: string, name = 'out', namespace = 'shop'): string =>
  `---\napiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec: ${spec}\n`;
const sidecar = (spec: string, name = 'default', namespace = 'shop'): string =>
  `---\napiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec: ${spec}\n`;
const HTTPS = 'ports: [{ number: 443, name: tls, protocol: TLS }]';
const HTTP = 'ports: [{ number: 80, name: http, protocol: HTTP }]';

/** `key protocol endpoint…` of what a workload may call. */
function ways(text: string, name = 'web'): string[] {
  const system = systemOf(`${SHOP}${text}`);
  const caller = system.workloads.find((one) => one.name === name)!;
  return egressDestinations(system, caller, { placements: {}, gateways: {}, isolation: 'namespaces' }).map(
    ({ key, listener, clusters }) => {
      const ends = clusters.flatMap(({ endpoints, external }) => [
        ...endpoints.map(({ address }) => `${address.ip}:${address.port}`),
        ...(external?.asked ? ['asked'] : []),
      ]);
      return [key, listener.protocol, ...ends].join(' ');
    },
  );
}

test('a ServiceEntry names hosts, ports and where they are', () => {
  const rows: readonly (readonly [name: string, spec: string, ways: readonly string[]])[] = [
    ['DNS', `{ hosts: [API.example.com], ${HTTPS}, resolution: DNS }`, ['api.example.com:443 tls api.example.com:443']],
    ['NONE', `{ hosts: [api.example.com], ${HTTPS} }`, ['api.example.com:443 tls api.example.com:443']],
    ['a wildcard', `{ hosts: ["*.example.com"], ${HTTPS} }`, ['*.example.com:443 tls asked']],
    [
      'a wildcard, DYNAMIC_DNS',
      `{ hosts: ["*.example.com"], ${HTTP}, resolution: DYNAMIC_DNS }`,
      ['*.example.com:80 http asked'],
    ],
    [
      'STATIC',
      `{ hosts: [a.test, b.test], ${HTTP}, resolution: STATIC, endpoints: [{ address: 203.0.113.1, ports: { http: 8080 } }, { address: 203.0.113.2 }] }`,
      ['a.test:80 http 203.0.113.1:8080 203.0.113.2:80', 'b.test:80 http 203.0.113.1:8080 203.0.113.2:80'],
    ],
    ['STATIC without endpoints', `{ hosts: [a.test], ${HTTP}, resolution: STATIC }`, []],
    [
      'DNS endpoints',
      `{ hosts: [a.test], ${HTTP}, resolution: DNS, endpoints: [{ address: us.a.test }] }`,
      ['a.test:80 http us.a.test:80'],
    ],
    [
      'a target port',
      '{ hosts: [a.test], ports: [{ number: 80, name: http, protocol: http, targetPort: 443 }], resolution: DNS }',
      ['a.test:80 http a.test:443'],
    ],
    [
      'addresses',
      '{ hosts: [db.test], addresses: [203.0.113.6/31, 203.0.113.9], ports: [{ number: 5432, name: pg, protocol: TCP }] }',
      [
        'db.test:5432 tcp 203.0.113.9:5432',
        '203.0.113.6:5432 tcp 203.0.113.6:5432',
        '203.0.113.7:5432 tcp 203.0.113.7:5432',
        '203.0.113.9:5432 tcp 203.0.113.9:5432',
      ],
    ],
    [
      'addresses of the mesh and of this machine',
      `{ hosts: [a.test], addresses: [127.0.0.1, 169.254.169.254, 10.96.1.1, 240.240.1.1], ${HTTP}, resolution: DNS }`,
      ['a.test:80 http a.test:80'],
    ],
    ['a wide range', `{ hosts: [a.test], addresses: [198.51.0.0/16], ${HTTP}, resolution: DNS }`, ['a.test:80 http a.test:80']],
    ['TCP of a wildcard', '{ hosts: ["*.example.com"], ports: [{ number: 5432, name: pg, protocol: TCP }] }', []],
    ['everything', `{ hosts: ["*"], ${HTTP} }`, []],
    ['UDP', '{ hosts: [a.test], ports: [{ number: 53, name: dns, protocol: UDP }], resolution: DNS }', []],
    [
      'gRPC',
      '{ hosts: [a.test], ports: [{ number: 50051, name: g, protocol: GRPC }], resolution: DNS }',
      ['a.test:50051 http a.test:50051'],
    ],
    ['not exported', `{ hosts: [a.test], ${HTTP}, resolution: DNS, exportTo: ["other"] }`, []],
    ['exported to nobody', `{ hosts: [a.test], ${HTTP}, resolution: DNS, exportTo: ["~"] }`, []],
    ['exported to its own', `{ hosts: [a.test], ${HTTP}, resolution: DNS, exportTo: ["."] }`, ['a.test:80 http a.test:80']],
  ];
  for (const [name, spec, wanted] of rows) assert.deepEqual(ways(entry(spec)), wanted, name);
});

test('of two entries for one host and port the one of the own namespace leads', () => {
  const two =
    entry(`{ hosts: [a.test], ${HTTP}, resolution: DNS, endpoints: [{ address: x.test }] }`, 'a', 'other') +
    entry(`{ hosts: [a.test], ${HTTP}, resolution: DNS, endpoints: [{ address: y.test }] }`, 'z');
  assert.deepEqual(ways(two), ['a.test:80 http y.test:80']);
});

test('nothing that no entry names leaves, unless ALLOW_ANY is written', () => {
  const platform = (mode: string): string =>
    `---\napiVersion: cullis.dev/v1\nkind: Platform\nmetadata: { name: p }\nspec: { mesh: { outboundTrafficPolicy: { mode: ${mode} } } }\n`;
  const istio =
    '---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: istio, namespace: istio-system }\ndata: { mesh: "outboundTrafficPolicy: { mode: ALLOW_ANY }" }\n';
  const any = ['*:80 http asked', '*:443 tls asked'];
  const rows: readonly (readonly [name: string, text: string, ways: readonly string[]])[] = [
    ['nothing', '', []],
    ['REGISTRY_ONLY', platform('REGISTRY_ONLY'), []],
    ['ALLOW_ANY', platform('ALLOW_ANY'), any],
    ['ALLOW_ANY of Istio', istio, any],
    ['a Sidecar closes', platform('ALLOW_ANY') + sidecar('{ outboundTrafficPolicy: { mode: REGISTRY_ONLY } }'), []],
    ['a Sidecar closes without a mode', platform('ALLOW_ANY') + sidecar('{ outboundTrafficPolicy: {} }'), []],
    ['a Sidecar opens', sidecar('{ outboundTrafficPolicy: { mode: ALLOW_ANY } }'), any],
    [
      'another workload’s Sidecar',
      sidecar('{ workloadSelector: { labels: { app: cart } }, outboundTrafficPolicy: { mode: ALLOW_ANY } }'),
      [],
    ],
    ['the root namespace’s', sidecar('{ outboundTrafficPolicy: { mode: ALLOW_ANY } }', 'd', 'istio-system'), any],
    [
      'the own one wins over it',
      sidecar('{ outboundTrafficPolicy: { mode: ALLOW_ANY } }', 'd', 'istio-system') +
        sidecar('{ egress: [{ hosts: ["./*"] }] }'),
      [],
    ],
  ];
  for (const [name, text, wanted] of rows) assert.deepEqual(ways(text), wanted, name);
});

test('a Sidecar shows a part of the mesh and of the outside', () => {
  const rows: readonly (readonly [hosts: string, host: string, namespace: string, seen: readonly string[]])[] = [
    ['"*/*"', 'a.test', 'x', ['a.test']],
    ['"./*"', 'a.test', 'shop', ['a.test']],
    ['"./*"', 'a.test', 'x', []],
    ['"x/*"', 'a.test', 'x', ['a.test']],
    ['"~/*"', 'a.test', 'shop', []],
    ['"*/a.test"', 'a.test', 'x', ['a.test']],
    ['"*/*.test"', 'a.test', 'x', ['a.test']],
    ['"*/b.test"', 'a.test', 'x', []],
    ['"*/a.wild.test", "*/b.wild.test"', '*.wild.test', 'x', ['a.wild.test', 'b.wild.test']],
    ['"*/*.wild.test"', '*.wild.test', 'x', ['*.wild.test']],
  ];
  for (const [hosts, host, namespace, seen] of rows) {
    const { sidecars } = systemOf(sidecar(`{ egress: [{ hosts: [${hosts}] }] }`));
    assert.deepEqual(visibleHosts(sidecars[0], namespace, host, 80, 'shop'), seen, hosts);
  }
  const { sidecars } = systemOf(sidecar('{ egress: [{ port: { number: 443, protocol: TLS, name: t }, hosts: ["*/*"] }] }'));
  assert.deepEqual(
    [443, 80].map((port) => visibleHosts(sidecars[0], 'x', 'a.test', port, 'shop')),
    [['a.test'], []],
  );
  assert.ok(covers('*', 'a') && covers('*.b', 'a.b') && !covers('*.b', 'b') && !covers('*.b', 'a.c') && !covers('a.b', '*.b'));
});

test('the plan has the listeners, the rules for them, and what it had to close', () => {
  const system = systemOf(
    SHOP,
    entry(`{ hosts: [api.test], ${HTTP}, resolution: DNS }`),
    entry('{ hosts: [a.test], addresses: [10.0.0.0/8, nonsense], ports: [{ number: 53, name: u, protocol: UDP }] }', 'bad'),
    sidecar('{ workloadSelector: { labels: { app: web } }, egress: [{ hosts: ["./*", "*/api.test"] }], ingress: [{}] }'),
    '---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: { name: api, namespace: shop }\nspec: { host: api.test, trafficPolicy: { tls: { mode: SIMPLE, sni: x.test, credentialName: nowhere }, connectionPool: { tcp: { maxConnections: 3 } } } }\n',
    '---\napiVersion: cullis.dev/v1\nkind: EgressPolicy\nmetadata: { name: all, namespace: shop }\nspec: { limits: { bytes: 10 } }\n',
    '---\napiVersion: cullis.dev/v1\nkind: EgressPolicy\nmetadata: { name: cart, namespace: shop }\nspec: { selector: { matchLabels: { app: cart } }, limits: { bytes: 10 } }\n',
    '---\napiVersion: cullis.dev/v1\nkind: EgressPolicy\nmetadata: { name: entry, namespace: shop }\nspec: { targetRefs: [{ group: networking.istio.io, kind: ServiceEntry, name: out }], inspect: {} }\n',
    '---\napiVersion: cullis.dev/v1\nkind: EgressPolicy\nmetadata: { name: everywhere, namespace: istio-system }\nspec: { limits: { window: 30s, requests: 5, connectionDuration: 1h } }\n',
  );
  const at = (port: number) => ({ ip: '127.0.0.1', port });
  const observed: Observed = {
    placements: {
      'shop/web': { workload: 'shop/web', app: {}, inbound: {}, outbound: { 'api.test:80': at(1), 'shop/cart:80': at(2) } },
    },
    gateways: {},
    isolation: 'none',
  };
  const plan = buildPlan(system, observed);
  const [web] = plan.workloads;
  assert.deepEqual(
    web?.outbound.map(({ listen, authority, egress }) => [listen.port, authority, egress?.targets]),
    [
      [2, 'cart:80', undefined],
      [1, 'api.test:80', [{ hosts: ['api.test'], cluster: 'shop/out|api.test:80|shop/api', entry: 'shop/out' }]],
    ],
  );
  assert.deepEqual(
    web?.egressPolicies?.map(({ id, entries, limits, inspect }) => [id, entries, limits, inspect?.action, inspect?.wholeOnly]),
    [
      ['istio-system/everywhere', undefined, { windowMs: 30_000, requests: 5, connectionMs: 3_600_000 }, undefined, undefined],
      ['shop/all', undefined, { windowMs: 60_000, bytes: 10 }, undefined, undefined],
      ['shop/entry', ['shop/out'], undefined, 'deny', true],
    ],
  );
  const cluster = plan.clusters.find(({ id }) => id === 'shop/out|api.test:80|shop/api');
  assert.equal(cluster?.traffic?.circuit.connectionsMax, 3);
  assert.deepEqual(
    [cluster?.external?.tls?.mode, cluster?.external?.tls?.sni, cluster?.external?.tls?.fault],
    ['SIMPLE', 'x.test', 'credentials were not looked for'],
  );
  const why = plan.closed.map((one) => `${one.what}: ${one.why}`).join('\n');
  for (const text of [
    /bad: port `u`: UDP/,
    /`10\.0\.0\.0\/8`/,
    /`nonsense` is no address/,
    /Sidecar shop\/default: `ingress`/,
    /TLS to api\.test:80: credentials/,
  ])
    assert.match(why, text);
  assert.deepEqual(egressHosts(system), ['api.test']);
});

test('a Sidecar closes services of the mesh that it does not show', () => {
  const system = systemOf(SHOP, sidecar('{ egress: [{ hosts: ["./cart.shop.svc.cluster.local"] }] }'));
  const at = { ip: '127.0.0.1', port: 1 };
  const outbound = { 'shop/cart:80': at, 'shop/db:5432': { ...at, port: 2 } };
  const plan = buildPlan(system, {
    placements: { 'shop/web': { workload: 'shop/web', app: {}, inbound: {}, outbound } },
    gateways: {},
    isolation: 'none',
  });
  assert.deepEqual(
    plan.workloads[0]?.outbound.map(({ authority }) => authority),
    ['cart:80'],
  );
});

test('an entry that selects workloads leads to their sidecars', () => {
  const system = systemOf(
    SHOP,
    workload('legacy'),
    entry(
      `{ hosts: [old.test], ports: [{ number: 80, name: http, protocol: HTTP, targetPort: 8080 }], location: MESH_INTERNAL, resolution: STATIC, workloadSelector: { labels: { app: legacy } } }`,
    ),
  );
  const inbound = { 8080: { ip: '127.0.0.1', port: 7 } };
  const web = system.workloads.find((one) => one.name === 'web')!;
  const found = egressDestinations(system, web, {
    placements: { 'shop/legacy': { workload: 'shop/legacy', app: {}, inbound, outbound: {} } },
    gateways: {},
    isolation: 'none',
  });
  assert.deepEqual(found[0]?.clusters[0]?.endpoints, [
    { workload: 'shop/legacy', address: { ip: '127.0.0.1', port: 7 }, identity: 'spiffe://cluster.local/ns/shop/sa/legacy' },
  ]);
});

test('what makes no sense is told where it stands', () => {
  const rows: readonly (readonly [text: string, told: RegExp])[] = [
    [entry(`{ hosts: ["*"], ${HTTP} }`), /warning .* istio\.host/],
    [entry(`{ hosts: ["a.*.test"], ${HTTP} }`), /error .* istio\.host/],
    [entry(`{ hosts: [], ${HTTP} }`), /error .* istio\.empty/],
    [
      entry(`{ hosts: [a.test], ${HTTP}, endpoints: [{ address: 1.1.1.1 }], workloadSelector: { labels: { a: b } } }`),
      /error .* istio\.endpoints/,
    ],
    [entry(`{ hosts: [a.test], ${HTTP}, resolution: STATIC, endpoints: [{ address: a.test }] }`), /warning .* istio\.endpoint/],
    [sidecar('{}'), /error .* istio\.required/],
    ['apiVersion: cullis.dev/v1\nkind: EgressPolicy\nmetadata: { name: a }\nspec: {}\n', /error .* cullis\.required/],
    [
      'apiVersion: cullis.dev/v1\nkind: EgressPolicy\nmetadata: { name: a }\nspec: { limits: { byte: 3 } }\n',
      /error .* cullis\./,
    ],
    [
      'apiVersion: cullis.dev/v1\nkind: EgressPolicy\nmetadata: { name: a }\nspec: { selector: {}, targetRefs: [{ kind: Service, name: x }], limits: { bytes: 3 } }\n',
      /error .* cullis\.target-exclusive/,
    ],
  ];
  for (const [text, wanted] of rows) assert.match(readText(text.replace(/^---\n/, '')).told.join('\n'), wanted, text);
});
