// Routes at the gateway: filters, weights, and what cannot be honoured.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { HttpRouteFilter } from '#model/gateway.ts';
import type { RouteRulePlan } from '#plan/plan.ts';
import { Backends } from './backends.ts';
import { Portions } from '#base/portions.ts';
import { rewrite } from './route-target.ts';
import { Group } from './balance/groups.ts';
import { Destination } from './destination.ts';
import { type Mesh, authorizationPolicy, call, routeRule, startApp, startMesh } from '../../test/fakes/mesh.ts';

let app: Awaited<ReturnType<typeof startApp>>;
let mesh: Mesh;

const at = (
  path: string,
  filters: readonly HttpRouteFilter[],
  cluster: string,
  over: Partial<RouteRulePlan> = {},
): RouteRulePlan => ({
  ...routeRule(`rule ${path}`, cluster, {
    matches: [{ path: { type: 'PathPrefix', value: path }, headers: [], queryParams: [] }],
    filters,
  }),
  ...over,
});

before(async () => {
  app = await startApp();
  mesh = await startMesh(app.port, {
    authorization: [
      authorizationPolicy('cart', { action: 'DENY', rules: [{ to: [{ operation: { paths: ['/inner/secret'] } }] }] }),
    ],
    gatewayAuthorization: [
      authorizationPolicy('edge', { action: 'DENY', rules: [{ to: [{ operation: { paths: ['/closed*'] } }] }] }),
    ],
    rules: (cluster) => [
      at(
        '/headers',
        [
          {
            type: 'RequestHeaderModifier',
            change: {
              set: [
                { name: 'X-Set', value: 'new' },
                { name: 'Connection', value: 'x-evil' },
              ],
              add: [{ name: 'X-Add', value: '2' }],
              remove: ['x-gone'],
            },
          },
          {
            type: 'ResponseHeaderModifier',
            change: {
              set: [{ name: 'Content-Type', value: 'text/x' }],
              add: [{ name: 'X-Extra', value: 'y' }],
              remove: ['etag'],
            },
          },
        ],
        cluster,
      ),
      at(
        '/outer',
        [{ type: 'URLRewrite', hostname: 'inner.example', path: { type: 'ReplacePrefixMatch', value: '/inner' } }],
        cluster,
      ),
      at('/full', [{ type: 'URLRewrite', path: { type: 'ReplaceFullPath', value: '/one' } }], cluster),
      at('/closed', [{ type: 'RequestRedirect', scheme: 'https', statusCode: 302 }], cluster),
      at(
        '/moved',
        [
          {
            type: 'RequestRedirect',
            scheme: 'https',
            hostname: 'other.example',
            path: { type: 'ReplacePrefixMatch', value: '/' },
            statusCode: 301,
          },
        ],
        cluster,
      ),
      at('/mirror', [{ type: 'Unsupported', name: 'RequestMirror' }], cluster),
      at('/lost', [], cluster, { backends: [{ cluster: '', weight: 1 }] }),
      at('/none', [], cluster, { backends: [] }),
    ],
  });
});
after(async () => {
  await mesh.close();
  await app.close();
});

test('header modifiers change the request and the answer, and cannot touch framing', async () => {
  const { seen } = await call(mesh.gateway, { path: '/headers', headers: { 'x-set': 'old', 'x-add': '1', 'x-gone': '1' } }).then(
    async (answer) => {
      assert.equal(answer.headers['content-type'], 'text/x');
      assert.equal(answer.headers['x-extra'], 'y');
      return { seen: JSON.parse(answer.text) as { headers: Record<string, string> } };
    },
  );
  assert.equal(seen.headers['x-set'], 'new');
  assert.equal(seen.headers['x-add'], '1, 2');
  assert.equal(seen.headers['x-gone'], undefined);
  assert.doesNotMatch(seen.headers['connection'] ?? '', /evil/);
});

test('a rewritten request is judged as it came at the gateway, and as it goes at the sidecar', async () => {
  const { seen } = await call(mesh.gateway, { path: '/outer/x/y?q=1' });
  assert.deepEqual([seen.url, seen.headers['host']], ['/inner/x/y?q=1', 'inner.example']);
  assert.equal((await call(mesh.gateway, { path: '/full/x?q=1' })).seen.url, '/one?q=1');
  assert.equal((await call(mesh.gateway, { path: '/outer/secret' })).status, 403);
});

for (const [path, status, location] of [
  ['/moved/a?b=c', 301, 'https://other.example/a?b=c'],
  ['/moved', 301, 'https://other.example/'],
  ['/closed/a', 403, undefined],
  ['/mirror', 500, undefined],
  ['/lost', 500, undefined],
  ['/none', 500, undefined],
  ['/elsewhere', 404, undefined],
] as const) {
  test(`${path} is answered ${status}`, async () => {
    const answer = await call(mesh.gateway, { path });
    assert.equal(answer.status, status);
    assert.equal(answer.headers['location'], location);
    if (status === 301) return;
    const event = await mesh.seen.event((one) => one.id === answer.headers['x-cullis-decision-id']);
    assert.ok(event.reasons?.[0]?.text);
  });
}

for (const [path, type, value, prefix, want] of [
  ['/foo/bar', 'ReplacePrefixMatch', '/x', '/foo', '/x/bar'],
  ['/foo/bar', 'ReplacePrefixMatch', '/x/', '/foo/', '/x/bar'],
  ['/foo', 'ReplacePrefixMatch', '/x', '/foo', '/x'],
  ['/foo/', 'ReplacePrefixMatch', '/x', '/foo', '/x/'],
  ['/foo', 'ReplacePrefixMatch', '/', '/foo', '/'],
  ['/foo/bar', 'ReplacePrefixMatch', '', '/foo', '/bar'],
  ['/foo/bar', 'ReplacePrefixMatch', '/x', '/', '/x/foo/bar'],
  ['/foo/bar', 'ReplacePrefixMatch', '/a/..', '/foo', '/bar'],
  ['/foo/bar', 'ReplaceFullPath', '/x', '/foo', '/x'],
  ['/foo/bar', 'ReplaceFullPath', '/x\u0000', '/foo', undefined],
] as const) {
  test(`rewriting ${path} by ${type} ${JSON.stringify(value)} of ${prefix}`, () => {
    assert.equal(rewrite(path, '?q', { type, value }, prefix, 'BASE'), want === undefined ? undefined : `${want}?q`);
  });
}

test('weights share out requests, and a backend that cannot be resolved keeps its share', () => {
  const named = (name: string): Destination =>
    new Destination({ name, port: 1, group: new Group(new Portions(1, false, () => false), name), seed: 1 }, [], 0);
  const [a, b] = [named('a'), named('b')];
  const backends = new Backends([
    { weight: 1, destination: a },
    { weight: 0, destination: b },
    { weight: 2, destination: undefined },
    { weight: 1, destination: b },
  ]);
  assert.deepEqual(
    [0, 0.2, 0.25, 0.5, 0.74, 0.75, 0.99].map((unit) => backends.choose(unit)?.destination?.name),
    ['a', 'a', undefined, undefined, undefined, 'b', 'b'],
  );
  assert.equal(new Backends([{ weight: 0, destination: a }]).choose(0.5), undefined);
  assert.equal(new Backends([]).choose(0), undefined);
});
