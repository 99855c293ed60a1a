// Proxy hardening D 41 to 43 and F 60: logins, introspection, API keys and rate limits are not served yet. What asks for them is closed or refused, and
// nothing that a client brings is taken for one of them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gatewayKind, type RunningGateway, request, startGateway, tlsCall, tlsSecret } from '../fakes/gateway.ts';
import { type Mesh, authorizationPolicy, call, requestAuthentication, startApp, startMesh } from '../fakes/mesh.ts';
import { pair, publicCa } from '../fakes/serving.ts';
import { systemOf } from '../fakes/shop-system.ts';
import { ecIssuer, jwksOf } from '../fakes/tokens.ts';

const issuer = ecIssuer('k1');
let app: Awaited<ReturnType<typeof startApp>>;
let mesh: Mesh;
let gateway: RunningGateway;

const securityPolicy = (name: string, target: string, demand: string): string =>
  `apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: SecurityPolicy\nmetadata: {name: ${name}, namespace: shop}\nspec: {${target}, ${demand}}`;
const route = (name: string, more = '', labels = ''): string =>
  `apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: ${name}, namespace: shop${labels}}\nspec: {parentRefs: [{name: edge}], hostnames: [${name}.example], rules: [{${more}backendRefs: [{name: web, port: 80}]}]}`;
const OF = (name: string): string => `targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: ${name}}]`;

before(async () => {
  app = await startApp();
  mesh = await startMesh(app.port, {
    authorization: [
      authorizationPolicy('members', {
        rules: [{ from: [{ source: { requestPrincipals: ['*'] } }] }, { to: [{ operation: { paths: ['/open'] } }] }],
      }),
    ],
    requestAuthentication: [
      requestAuthentication('tokens', { jwtRules: [{ issuer: 'https://issuer.example', jwks: jwksOf(issuer) }] }),
    ],
  });
  gateway = await startGateway({
    apps: { web: app.port },
    manifests: [
      tlsSecret('a', pair(publicCa(), ['*.example'])),
      gatewayKind(
        'Gateway',
        'edge',
        '{gatewayClassName: x, listeners: [{name: a, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: a}]}}]}',
      ),
      route('open'),
      route('oidc'),
      route('keys'),
      route('labelled', '', ', labels: {guard: "yes"}'),
      route('limited', 'filters: [{type: ExtensionRef, extensionRef: {group: example.com, kind: RateLimitFilter, name: x}}], '),
      route('cors'),
      securityPolicy(
        'login',
        OF('oidc'),
        'oidc: {provider: {issuer: "https://i.example"}, clientID: a, clientSecret: {name: s}}',
      ),
      securityPolicy('keys', OF('keys').replace('targetRefs: [', 'targetRef: ').replace(']', ''), 'apiKeyAuth: {}'),
      securityPolicy(
        'guard',
        'targetSelectors: [{kind: HTTPRoute, matchLabels: {guard: "yes"}}]',
        'authorization: {defaultAction: Deny}',
      ),
      securityPolicy('browsers', OF('cors'), 'cors: {allowOrigins: ["https://a.example"]}'),
    ],
  });
});
after(async () => {
  await gateway.close();
  await mesh.close();
  await app.close();
});

const ask = async (host: string): Promise<number> => {
  const options = { servername: host, ALPNProtocols: ['http/1.1'] };
  const { text } = await tlsCall(gateway.port(443), options, request(host));
  return Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0);
};

test('proxy-hardening 41, 64: a route for which a login is demanded is closed and says so, never open', async () => {
  assert.equal(await ask('open.example'), 200);
  assert.equal(await ask('cors.example'), 200);
  for (const host of ['oidc', 'labelled']) assert.equal(await ask(`${host}.example`), 500, host);
  const told = gateway.plan.closed.find(({ what }) => what === 'route shop/oidc');
  assert.match(told?.why ?? '', /`login` demands `oidc`, which is not served/);
  const status = gateway.plan.status?.find(({ resource }) => resource === 'HTTPRoute shop/oidc');
  assert.ok(status?.conditions.some(({ type, status: good }) => type === 'ResolvedRefs' && !good));
});

test('proxy-hardening 41: nobody is sent to a login, and no path is one', async () => {
  for (const path of ['/', '/login', '/oauth2/callback?code=a&state=b', '/oauth2/start?rd=//evil.example', '/logout']) {
    const { status, headers } = await call(mesh.gateway, {
      path,
      headers: { cookie: 'session=a; id_token=b; __Host-session=c' },
    });
    assert.deepEqual([status, headers['location'], headers['set-cookie']], [403, undefined, undefined], path);
  }
});

test('proxy-hardening 42: an opaque token is no token: nobody is asked about it, and it is refused', async () => {
  for (const token of ['opaque', 'a.b', 'a.b.c', '2YotnFZFEjr1zCsicMWpAA'])
    for (const path of ['/', '/open'])
      assert.equal((await call(mesh.gateway, { path, headers: { authorization: `Bearer ${token}` } })).status, 401, token);
  const rule = (field: string): string =>
    `apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {name: r, namespace: shop}\nspec: {jwtRules: [{issuer: i, ${field}}]}`;
  assert.throws(() => systemOf(rule('introspectionUri: "https://i.example/introspect"')), /introspectionUri/);
});

test('proxy-hardening 43: an API key proves nothing, and a route that demands one is closed', async () => {
  for (const name of ['x-api-key', 'apikey', 'authorization'])
    assert.notEqual((await call(mesh.gateway, { headers: { [name]: 'ApiKey 0123456789' } })).status, 200, name);
  assert.equal((await call(mesh.gateway, { path: '/?api_key=0123456789' })).status, 403);
  assert.equal(await ask('keys.example'), 500);
});

test('proxy-hardening 60: a route whose filter limits a rate is closed rather than open without it', async () => {
  assert.equal(await ask('limited.example'), 500);
  assert.ok(gateway.plan.closed.some(({ what }) => what.includes('shop/limited')));
});
