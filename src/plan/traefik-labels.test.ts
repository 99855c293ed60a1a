import assert from 'node:assert/strict';
import { test } from 'node:test';
import { traefikRouters } from './traefik-labels.ts';

const R = 'traefik.http.routers.';
const M = 'traefik.http.middlewares.';

test('routers with hosts, paths, TLS, port and what their middlewares do', () => {
  const [web, ...rest] = traefikRouters({
    'traefik.enable': 'true',
    [`${R}web.rule`]: 'Host(`a.example`, `b.example`) && PathPrefix(`/api`)',
    [`${R}web.entrypoints`]: 'websecure',
    [`${R}web.tls.certresolver`]: 'le',
    [`${R}web.middlewares`]: 'all@docker',
    'traefik.http.services.web.loadbalancer.server.port': '8080',
    [`${M}all.chain.middlewares`]: 'auth,limit',
    [`${M}auth.basicauth.users`]: 'u:hash',
    [`${M}limit.ratelimit.average`]: '100',
    [`${M}limit.ipallowlist.sourcerange`]: '10.0.0.0/8, 127.0.0.1/32',
  });
  assert.equal(rest.length, 0);
  assert.deepEqual(
    [web!.hosts, web!.paths, web!.entryPoints, web!.tls, web!.port],
    [['a.example', 'b.example'], ['/api'], ['websecure'], true, 8080],
  );
  const { authentications, rateLimits, sourceRanges } = web!.settings;
  assert.deepEqual(
    authentications.map(({ value, key }) => [value.kind, key]),
    [['basic', `${R}web.middlewares`]],
  );
  assert.deepEqual(
    [rateLimits[0]?.value, sourceRanges?.value],
    [{ amount: 100, unit: 'requests', perSeconds: 1 }, ['10.0.0.0/8', '127.0.0.1/32']],
  );
  assert.ok(!JSON.stringify(web!.settings.authentications.map(({ value }) => value)).includes('hash'));
});

test('what is switched off, or says nothing', () => {
  assert.deepEqual(traefikRouters({ 'traefik.enable': 'false', [`${R}a.rule`]: 'Host(`x`)' }), []);
  assert.deepEqual(traefikRouters({ app: 'x' }), []);
  const [router] = traefikRouters({ [`${R}A.Rule`]: 'Host("x")', [`${R}A.tls`]: 'false', [`${R}A.middlewares`]: 'gone' });
  assert.deepEqual([router!.hosts, router!.tls, router!.port, router!.settings.authentications], [['x'], false, undefined, []]);
});
