import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpRouteMatch } from '#model/gateway.ts';
import type { VirtualHost } from './plan.ts';
import { compileRoutes, hostName } from './route.ts';

const match = (type: HttpRouteMatch['path']['type'], value: string, extra: Partial<HttpRouteMatch> = {}): HttpRouteMatch => ({
  path: { type, value },
  headers: [],
  queryParams: [],
  ...extra,
});

const host = (hostnames: string[], rules: Record<string, HttpRouteMatch[]>): VirtualHost => ({
  hostnames,
  rules: Object.entries(rules).map(([id, matches]) => ({
    id,
    rule: { matches, filters: [], backendRefs: [] },
    backends: [],
    at: '',
  })),
});

const table = compileRoutes([
  host(['shop.example'], {
    root: [match('PathPrefix', '/')],
    api: [match('PathPrefix', '/api/')],
    apiV2: [match('PathPrefix', '/api', { headers: [{ type: 'Exact', name: 'X-Version', value: '2' }] })],
    apiGet: [match('PathPrefix', '/api', { method: 'GET' })],
    cart: [match('Exact', '/api/cart')],
    beta: [match('PathPrefix', '/api', { queryParams: [{ type: 'Exact', name: 'beta', value: '1' }] })],
    closed: [match('RegularExpression', '/x(?=y)')],
  }),
  host(['*.example'], { wild: [match('PathPrefix', '/')] }),
  host(['re.example'], { item: [match('RegularExpression', '/item/[0-9]+')] }),
]);

for (const [authority, method, path, query, headers, want] of [
  ['shop.example', 'POST', '/', '', {}, 'root'],
  ['SHOP.example.:8080', 'POST', '/apix', '', {}, 'root'],
  ['shop.example', 'POST', '/api', '', {}, 'api'],
  ['shop.example', 'POST', '/api/cart/1', '', {}, 'api'],
  ['shop.example', 'GET', '/api/x', '', {}, 'apiGet'],
  ['shop.example', 'GET', '/api/x', '', { 'x-version': '2' }, 'apiGet'],
  ['shop.example', 'POST', '/api/x', '', { 'x-version': '2' }, 'apiV2'],
  ['shop.example', 'POST', '/api/x', '?a=b&beta=1', {}, 'beta'],
  ['shop.example', 'POST', '/api/x', '?beta=2&beta=1', {}, 'api'],
  ['shop.example', 'POST', '/api/cart', '', {}, 'cart'],
  ['shop.example', 'POST', '/api/cart/', '', {}, 'api'],
  ['a.b.example', 'GET', '/z', '', {}, 'wild'],
  ['example', 'GET', '/', '', {}, undefined],
  ['other.test', 'GET', '/', '', {}, undefined],
  ['re.example', 'GET', '/item/42', '', {}, 'item'],
  ['re.example', 'GET', '/item/42/x', '', {}, undefined],
] as const)
  test(`route ${method} ${authority}${path}${query} ${JSON.stringify(headers)} -> ${want}`, () => {
    const header = (name: string) => (headers as Record<string, string>)[name];
    assert.equal(table.match({ host: authority, method, path, query, header })?.rule.id, want);
  });

for (const [authority, want] of [
  ['A.B:80', 'a.b'],
  ['a.b.', 'a.b'],
  ['[::1]:80', '[::1]'],
  ['', ''],
] as const)
  test(`host name of ${authority}`, () => assert.equal(hostName(authority), want));
