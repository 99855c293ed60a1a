// Proxy hardening G: what is configured, what is told and what is done are one. Manifests as a user writes them, and probes that look what really happens.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gatewayKind, request, type RunningGateway, startGateway, tlsCall, tlsSecret } from '../fakes/gateway.ts';
import { call, startApp } from '../fakes/mesh.ts';
import { pair, publicCa } from '../fakes/serving.ts';
import { systemOf } from '../fakes/shop-system.ts';
import { ecIssuer, jwksOf, token } from '../fakes/tokens.ts';

const ca = publicCa();
const issuer = ecIssuer('k1');
const A = pair(ca, ['a.example']);
const istio = (kind: string, name: string, spec: string, namespace = 'shop'): string =>
  `apiVersion: security.istio.io/v1\nkind: ${kind}\nmetadata: {name: ${name}, namespace: ${namespace}}\nspec: ${spec}`;
const HTTP = [
  gatewayKind('Gateway', 'edge', '{gatewayClassName: x, listeners: [{name: http, port: 80, protocol: HTTP}]}'),
  gatewayKind('HTTPRoute', 'all', '{parentRefs: [{name: edge}], rules: [{backendRefs: [{name: web, port: 80}]}]}'),
];

let app: Awaited<ReturnType<typeof startApp>>;
let gateway: RunningGateway;
before(async () => {
  app = await startApp();
  gateway = await startGateway({ apps: { web: app.port }, manifests: HTTP });
});
after(async () => {
  await gateway.close();
  await app.close();
});
const withManifests = (...more: string[]) => gateway.apply({ apps: { web: app.port }, manifests: [...HTTP, ...more] });

test('proxy-hardening 64: what is invalid or missing closes what it was for', async () => {
  const claims = { iss: 'https://i.example', sub: 'a', exp: Math.floor(Date.now() / 1000) + 600 };
  const bearer = { authorization: `Bearer ${token(issuer, claims)}` };
  for (const [title, manifest, headers, want] of [
    [
      'an authorizer that is not there',
      istio('AuthorizationPolicy', 'ask', '{action: CUSTOM, provider: {name: nowhere}, rules: [{}]}'),
      {},
      403,
    ],
    [
      'keys that cannot be had',
      istio('RequestAuthentication', 't', '{jwtRules: [{issuer: "https://i.example", jwksUri: "https://127.0.0.1:1/keys"}]}'),
      bearer,
      401,
    ],
    [
      'keys of somebody else',
      istio('RequestAuthentication', 't', `{jwtRules: [{issuer: "https://i.example", jwks: '${jwksOf(ecIssuer('k1'))}'}]}`),
      bearer,
      401,
    ],
    [
      'a policy that allows by what cannot be',
      istio('AuthorizationPolicy', 'none', '{rules: [{from: [{source: {principals: ["nobody"]}}]}]}'),
      {},
      403,
    ],
    ['a policy without rules', istio('AuthorizationPolicy', 'none', '{}'), {}, 403],
  ] as const) {
    await withManifests(manifest);
    assert.equal((await call(gateway.port(80), { headers })).status, want, title);
  }
  for (const [title, rule, want] of [
    ['a backend that is not there', '{backendRefs: [{name: nowhere, port: 80}]}', 500],
    [
      'a filter that is not known',
      '{filters: [{type: ExtensionRef, extensionRef: {group: a.example, kind: B, name: c}}], backendRefs: [{name: web, port: 80}]}',
      500,
    ],
    ['a backend of another namespace without a grant', '{backendRefs: [{name: web, namespace: other, port: 80}]}', 500],
  ] as const) {
    const [edge] = HTTP as [string];
    const manifests = [edge, gatewayKind('HTTPRoute', 'all', `{parentRefs: [{name: edge}], rules: [${rule}]}`)];
    await gateway.apply({ apps: { web: app.port }, manifests });
    assert.equal((await call(gateway.port(80))).status, want, title);
  }
});

test('proxy-hardening 65: a narrower policy takes nothing from a wider one', async () => {
  const deny = (namespace: string): string =>
    istio('AuthorizationPolicy', 'deny', '{action: DENY, rules: [{to: [{operation: {paths: ["/secret"]}}]}]}', namespace);
  const allow = (selector: string): string =>
    istio('AuthorizationPolicy', 'allow', `{${selector}rules: [{to: [{operation: {paths: ["/secret", "/open"]}}]}]}`);
  const web = 'selector: {matchLabels: {app: web}}, ';
  const status = async (path: string): Promise<number> => (await call(gateway.port(80), { path })).status;
  for (const wide of ['istio-system', 'shop'])
    for (const narrow of [allow(web), allow('')]) {
      await withManifests(deny(wide), narrow);
      assert.deepEqual(
        [await status('/secret'), await status('/open'), await status('/else')],
        [403, 200, 403],
        `${wide} ${narrow}`,
      );
    }
  // A gateway that allows does not open what the workload refuses, nor the other way round.
  const target = 'targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: edge}], ';
  const everything = `{${target}rules: [{}]}`;
  await withManifests(
    istio('AuthorizationPolicy', 'edge', everything),
    istio('AuthorizationPolicy', 'web', `{${web}action: DENY, rules: [{}]}`),
  );
  assert.equal(await status('/open'), 403);
  await withManifests(
    istio('AuthorizationPolicy', 'edge', `{${target}action: DENY, rules: [{}]}`),
    istio('AuthorizationPolicy', 'web', `{${web}rules: [{}]}`),
  );
  assert.equal(await status('/open'), 403);
});

test('proxy-hardening 66: what the status says of a listener and a route is what a probe finds', async () => {
  const listener = (name: string, secret: string): string =>
    `{name: ${name}, port: 443, protocol: HTTPS, hostname: ${name}.example, tls: {certificateRefs: [{name: ${secret}}]}}`;
  const probed = await startGateway({
    apps: { web: app.port },
    manifests: [
      tlsSecret('a', A),
      tlsSecret('wrong', { cert: A.cert, key: pair(ca, ['b.example']).key }),
      gatewayKind(
        'Gateway',
        'edge',
        `{gatewayClassName: x, listeners: [${['a/a', 'b/wrong', 'c/none'].map((one) => listener(...(one.split('/') as [string, string]))).join(', ')}]}`,
      ),
      ...['a', 'b', 'c'].map((name) =>
        gatewayKind(
          'HTTPRoute',
          name,
          `{parentRefs: [{name: edge, sectionName: ${name}}], rules: [{matches: [{path: {value: /good}}], backendRefs: [{name: web, port: 80}]}]}`,
        ),
      ),
      gatewayKind(
        'HTTPRoute',
        'lost',
        '{parentRefs: [{name: edge, sectionName: a}], rules: [{matches: [{path: {value: /lost}}], backendRefs: [{name: nowhere, port: 80}]}]}',
      ),
    ],
  });
  try {
    const told = (resource: string, part: string, type: string): boolean | undefined =>
      probed.plan.status
        ?.find((one) => one.resource === resource && one.part === part)
        ?.conditions.find((condition) => condition.type === type)?.status;
    const probe = async (host: string, path: string): Promise<number> => {
      const options = { servername: host, ALPNProtocols: ['http/1.1'] };
      const { text } = await tlsCall(probed.port(443), options, request(host, path));
      return Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0);
    };
    for (const name of ['a', 'b', 'c']) {
      const serves = (await probe(`${name}.example`, '/good')) === 200;
      assert.equal(serves, name === 'a');
      assert.equal(told('Gateway shop/edge', name, 'Programmed'), serves, name);
      assert.equal(told(`HTTPRoute shop/${name}`, `Gateway shop/edge/${name}`, 'Accepted'), serves, name);
    }
    assert.equal(await probe('a.example', '/lost'), 500);
    assert.equal(told('HTTPRoute shop/lost', 'Gateway shop/edge/a', 'ResolvedRefs'), false);
  } finally {
    await probed.close();
  }
});

test('proxy-hardening 67: a configuration applies whole or not at all, while requests run', async () => {
  await withManifests();
  const before = (await call(gateway.port(80), { path: '/x' })).status;
  const plan = gateway.plan;
  const [first] = plan.gateways;
  // One address twice: no part of it may come into force, not even the policy that would be fine by itself.
  const broken = { ...plan, gateways: [first!, { ...first!, id: 'shop/other', name: 'other' }], workloads: [] };
  const applied = await gateway.proxy.apply({
    version: '99',
    plan: broken,
    bundle: {} as never,
    sessionKey: '',
    expiresAtMs: Date.now() + 60_000,
  });
  assert.equal(applied.ok, false);
  assert.equal((await call(gateway.port(80), { path: '/x' })).status, before);
  assert.equal(before, 200);
});

test('proxy-hardening 30: a manifest cannot write a line break into a header', () => {
  const value = '"a\\r\\nx-role: admin"';
  for (const [kind, spec] of [
    [
      'HTTPRoute',
      `{rules: [{filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: X-A, value: ${value}}]}}]}]}`,
    ],
    [
      'VirtualService',
      `{hosts: [cart], http: [{headers: {request: {set: {X-A: ${value}}}}, route: [{destination: {host: cart}}]}]}`,
    ],
    [
      'VirtualService',
      `{hosts: [cart], http: [{headers: {response: {add: {"X-A\\r\\nB": c}}}, route: [{destination: {host: cart}}]}]}`,
    ],
  ] as const) {
    const api = kind === 'HTTPRoute' ? 'gateway.networking.k8s.io/v1' : 'networking.istio.io/v1';
    assert.throws(
      () => systemOf(`apiVersion: ${api}\nkind: ${kind}\nmetadata: {name: r, namespace: shop}\nspec: ${spec}`),
      /must be/,
    );
  }
});
