// HTTPRoute and GRPCRoute from manifests to answers: one row a case, grouped by the feature names of Gateway API's conformance profiles.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gatewayKind, type GatewayOptions, type RunningGateway, startGateway } from '../../test/fakes/gateway.ts';
import { call, startApp } from '../../test/fakes/mesh.ts';

type App = Awaited<ReturnType<typeof startApp>>;

/** Name, host, rules; all of Gateway `edge`. */
const ROUTES: readonly (readonly [name: string, host: string, rules: string])[] = [
  [
    'match',
    'match.example',
    `[{matches: [{path: {value: /}}], backendRefs: [{name: a, port: 80}]},
      {matches: [{path: {type: Exact, value: /exact}}], backendRefs: [{name: b, port: 80}]},
      {matches: [{path: {value: /deep/er}}], backendRefs: [{name: b, port: 80}]},
      {matches: [{path: {type: RegularExpression, value: "/re/[0-9]+"}, method: GET}], backendRefs: [{name: b, port: 80}]},
      {matches: [{path: {value: /h}, headers: [{name: X-Version, value: two}]}], backendRefs: [{name: b, port: 80}]},
      {matches: [{path: {value: /h}, headers: [{name: x-re, type: RegularExpression, value: "v[0-9]"}]}], backendRefs: [{name: b, port: 80}]},
      {matches: [{path: {value: /q}, queryParams: [{name: animal, value: whale}]}, {path: {value: /q2}, queryParams: [{name: num, type: RegularExpression, value: "[0-9]+"}]}], backendRefs: [{name: b, port: 80}]},
      {matches: [{path: {value: /m}, method: PATCH}], backendRefs: [{name: b, port: 80}]}]`,
  ],
  ['only', 'only.example', '[{matches: [{path: {value: /v1}}], backendRefs: [{name: a, port: 80}]}]'],
  ['wild', '*.wild.example', '[{backendRefs: [{name: a, port: 80}]}]'],
  ['sub', 'sub.wild.example', '[{matches: [{path: {value: /v1}}], backendRefs: [{name: b, port: 80}]}]'],
  [
    'weight',
    'weight.example',
    '[{backendRefs: [{name: a, port: 80, weight: 7}, {name: b, port: 80, weight: 3}, {name: zero, port: 80, weight: 0}]}, {matches: [{path: {value: /half}}], backendRefs: [{name: a, port: 80}, {name: nowhere, port: 80}]}, {matches: [{path: {value: /off}}], backendRefs: [{name: a, port: 80, weight: 0}]}]',
  ],
  [
    'headers',
    'headers.example',
    `[{filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: X-Set, value: new}], add: [{name: X-Add, value: b}], remove: [X-Gone]}},
       {type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: X-Back, value: set}], remove: [etag]}}], backendRefs: [{name: a, port: 80}]},
      {matches: [{path: {value: /per}}], backendRefs: [{name: a, port: 80, filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: X-Backend, value: a}]}}, {type: ResponseHeaderModifier, responseHeaderModifier: {add: [{name: X-From, value: a}]}}]},
         {name: b, port: 80, filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: X-Backend, value: b}]}}, {type: ExtensionRef, extensionRef: {group: x.io, kind: Y, name: z}}]}]}]`,
  ],
  [
    'redirect',
    'redirect.example',
    `[{matches: [{path: {value: /scheme}}], filters: [{type: RequestRedirect, requestRedirect: {scheme: https}}]},
      {matches: [{path: {value: /host}}], filters: [{type: RequestRedirect, requestRedirect: {scheme: http, hostname: other.example, statusCode: 301}}]},
      {matches: [{path: {value: /port}}], filters: [{type: RequestRedirect, requestRedirect: {port: 8083, statusCode: 303}}]},
      {matches: [{path: {value: /both}}], filters: [{type: RequestRedirect, requestRedirect: {scheme: https, port: 8443, statusCode: 307}}]},
      {matches: [{path: {value: /old}}], filters: [{type: RequestRedirect, requestRedirect: {scheme: https, path: {type: ReplacePrefixMatch, replacePrefixMatch: /new}, statusCode: 308}}]},
      {matches: [{path: {value: /full}}], filters: [{type: RequestRedirect, requestRedirect: {scheme: https, path: {type: ReplaceFullPath, replaceFullPath: /whole}}}]},
      {matches: [{path: {value: /strip}}], filters: [{type: RequestRedirect, requestRedirect: {scheme: https, path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}]}]`,
  ],
  [
    'rewrite',
    'rewrite.example',
    `[{matches: [{path: {value: /prefix}}], filters: [{type: URLRewrite, urlRewrite: {hostname: inner.example, path: {type: ReplacePrefixMatch, replacePrefixMatch: /one}}}], backendRefs: [{name: a, port: 80}]},
      {matches: [{path: {value: /strip}}], filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: ""}}}], backendRefs: [{name: a, port: 80}]},
      {matches: [{path: {value: /full}}], filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /whole}}}], backendRefs: [{name: a, port: 80}]},
      {matches: [{path: {value: /backend}}], backendRefs: [{name: a, port: 80, filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /b}}}]}]}]`,
  ],
  [
    'cors',
    'cors.example',
    `[{filters: [{type: CORS, cors: {allowOrigins: ["https://shop.example", "https://*.friends.example"], allowMethods: [GET, PUT], allowHeaders: [x-one], exposeHeaders: [x-seen], allowCredentials: true, maxAge: 60}}], backendRefs: [{name: a, port: 80}]},
      {matches: [{path: {value: /any}}], filters: [{type: CORS, cors: {allowOrigins: ["*"], allowMethods: ["*"], allowHeaders: ["*"]}}], backendRefs: [{name: a, port: 80}]}]`,
  ],
  ['port', 'port.example', '[{backendRefs: [{name: a, port: 80}]}]'],
  [
    'unknown',
    'unknown.example',
    '[{filters: [{type: ExtensionRef, extensionRef: {group: x.io, kind: Y, name: z}}], backendRefs: [{name: a, port: 80}]}]',
  ],
  ['kind', 'kind.example', '[{backendRefs: [{group: x.io, kind: Bucket, name: a}]}]'],
];
const MANIFESTS = [
  gatewayKind(
    'Gateway',
    'edge',
    `{gatewayClassName: x, listeners: [{name: http, port: 80, protocol: HTTP}, {name: alt, port: 8080, protocol: HTTP}, {name: iso, port: 80, protocol: HTTP, hostname: iso.example}, {name: isowild, port: 80, protocol: HTTP, hostname: "*.iso.example"},
     {name: grpc, port: 8080, protocol: HTTP, hostname: grpc.example, allowedRoutes: {kinds: [{kind: GRPCRoute}]}}, {name: picky, port: 8080, protocol: HTTP, hostname: picky.example, allowedRoutes: {namespaces: {from: Selector, selector: {matchExpressions: [{key: team, operator: In, values: [web]}]}}}}]}`,
  ),
  ...ROUTES.map(([name, host, rules]) =>
    gatewayKind(
      'HTTPRoute',
      name,
      `{parentRefs: [{name: edge, ${name === 'port' ? 'port: 8080' : 'sectionName: http'}}], hostnames: ["${host}"], rules: ${rules}}`,
    ),
  ),
  gatewayKind(
    'HTTPRoute',
    'isoall',
    '{parentRefs: [{name: edge}], hostnames: ["everywhere.example"], rules: [{backendRefs: [{name: a, port: 80}]}]}',
  ),
  gatewayKind(
    'HTTPRoute',
    'iso',
    '{parentRefs: [{name: edge, sectionName: iso}], rules: [{matches: [{path: {value: /iso}}], backendRefs: [{name: b, port: 80}]}]}',
  ),
  gatewayKind(
    'HTTPRoute',
    'isotop',
    '{parentRefs: [{name: edge, sectionName: http}], hostnames: [iso.example, a.iso.example], rules: [{backendRefs: [{name: a, port: 80}]}]}',
  ),
  gatewayKind(
    'HTTPRoute',
    'nogrpc',
    '{parentRefs: [{name: edge, sectionName: grpc}], hostnames: [grpc.example], rules: [{backendRefs: [{name: b, port: 80}]}]}',
  ),
  gatewayKind(
    'GRPCRoute',
    'grpc',
    `{parentRefs: [{name: edge, sectionName: grpc}], hostnames: [grpc.example], rules: [
      {matches: [{method: {service: shop.Cart, method: Add}}], backendRefs: [{name: a, port: 80}]},
      {matches: [{method: {service: shop.Cart}}], backendRefs: [{name: b, port: 80}]},
      {matches: [{method: {type: RegularExpression, service: "shop\\\\.[A-Z]+", method: "Get[a-z]+"}}], backendRefs: [{name: a, port: 80}]},
      {matches: [{method: {method: Ping}}], backendRefs: [{name: b, port: 80}], filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-ping, value: "1"}]}}]},
      {matches: [{headers: [{name: tier, value: gold}]}], backendRefs: [{name: a, port: 80}]}]}`,
  ),
  gatewayKind(
    'HTTPRoute',
    'picked',
    '{parentRefs: [{name: edge, namespace: shop}], hostnames: [picky.example], rules: [{backendRefs: [{name: w, port: 80}]}]}',
    'web',
  ),
  'apiVersion: v1\nkind: Namespace\nmetadata: {name: web, labels: {team: web}}',
  // The route of another namespace leads to a Service here only where a grant of this namespace says so.
  gatewayKind(
    'HTTPRoute',
    'across',
    '{parentRefs: [{name: edge, namespace: shop}], hostnames: [picky.example], rules: [{matches: [{path: {value: /granted}}], backendRefs: [{name: a, namespace: shop, port: 80}]}, {matches: [{path: {value: /refused}}], backendRefs: [{name: b, namespace: shop, port: 80}]}]}',
    'web',
  ),
  gatewayKind(
    'ReferenceGrant',
    'a',
    '{from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: web}], to: [{group: "", kind: Service, name: a}]}',
  ),
];

let a: App;
let b: App;
let unit = 0;
let gateway: RunningGateway;
let options: GatewayOptions;
before(async () => {
  a = await startApp();
  b = await startApp();
  options = {
    apps: { a: a.port, b: b.port },
    manifests: MANIFESTS,
    ports: { random: { bytes: (size) => new Uint8Array(size).fill(7), unit: () => unit } },
  };
  gateway = await startGateway(options);
});
after(async () => {
  await gateway.close();
  await a.close();
  await b.close();
});

interface Row {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly port?: number;
  readonly unit?: number;
  readonly status?: number;
  /** Workload that got it. */
  readonly to?: 'a' | 'b';
  /** What the application saw. */
  readonly url?: string;
  readonly sees?: Readonly<Record<string, string | undefined>>;
  /** Headers of the answer. */
  readonly back?: Readonly<Record<string, string | undefined>>;
}

// prettier-ignore
const ROWS: readonly (readonly [feature: string, host: string, path: string, row: Row])[] = [
  ['HTTPRouteMatching', 'match.example', '/', { to: 'a' }],
  ['HTTPRouteExactPathMatching', 'match.example', '/exact', { to: 'b' }],
  ['HTTPRouteExactPathMatching', 'match.example', '/exact/', { to: 'a' }],
  ['HTTPRouteExactPathMatching', 'match.example', '/Exact', { to: 'a' }],
  ['HTTPRoutePathMatchOrder', 'match.example', '/deep/er/still', { to: 'b' }],
  ['HTTPRoutePathMatchOrder', 'match.example', '/deep/erx', { to: 'a' }],
  ['HTTPRouteRegularExpression', 'match.example', '/re/42', { to: 'a' }],
  ['HTTPRouteHeaderMatching', 'match.example', '/h', { headers: { 'x-version': 'two' }, to: 'b' }],
  ['HTTPRouteHeaderMatching', 'match.example', '/h', { headers: { 'x-version': 'TWO' }, to: 'a' }],
  ['HTTPRouteHeaderMatching', 'match.example', '/h', { headers: { 'X-RE': 'v7' }, to: 'b' }],
  ['HTTPRouteHeaderMatching', 'match.example', '/h', { headers: { 'X-RE': 'v77' }, to: 'a' }],
  ['HTTPRouteQueryParamMatching', 'match.example', '/q?animal=whale', { to: 'b', url: '/q?animal=whale' }],
  ['HTTPRouteQueryParamMatching', 'match.example', '/q?animal=whal%65', { to: 'b' }],
  ['HTTPRouteQueryParamMatching', 'match.example', '/q?animal=dolphin&animal=whale', { to: 'a' }],
  ['HTTPRouteQueryParamMatching', 'match.example', '/q2?num=12', { to: 'b' }],
  ['HTTPRouteQueryParamMatching', 'match.example', '/q2?num=x', { to: 'a' }],
  ['HTTPRouteMethodMatching', 'match.example', '/m', { method: 'PATCH', to: 'b' }],
  ['HTTPRouteMethodMatching', 'match.example', '/m', { method: 'POST', to: 'a' }],
  ['HTTPRouteMatchingAcrossRoutes', 'only.example', '/v2', { status: 404 }],
  ['HTTPRouteListenerHostnameMatching', 'MATCH.example.:80', '/', { to: 'a' }],
  ['HTTPRouteHostnameIntersection', 'x.wild.example', '/', { to: 'a' }],
  ['HTTPRouteHostnameIntersection', 'sub.wild.example', '/v1', { to: 'b' }],
  ['HTTPRouteHostnameIntersection', 'sub.wild.example', '/', { status: 404 }],
  ['HTTPRouteHostnameIntersection', 'wild.example', '/', { status: 404 }],
  ['HTTPRouteHostnameIntersection', 'nobody.test', '/', { status: 404 }],
  ['HTTPRouteWeight', 'weight.example', '/', { unit: 0.69, to: 'a' }],
  ['HTTPRouteWeight', 'weight.example', '/', { unit: 0.7, to: 'b' }],
  ['HTTPRouteWeight', 'weight.example', '/', { unit: 0.999, to: 'b' }],
  ['HTTPRouteInvalidNonExistentBackendRef', 'weight.example', '/half', { unit: 0.49, to: 'a' }],
  ['HTTPRouteInvalidNonExistentBackendRef', 'weight.example', '/half', { unit: 0.5, status: 500 }],
  ['HTTPRouteWeight', 'weight.example', '/off', { status: 500 }],
  ['HTTPRouteInvalidBackendRefUnknownKind', 'kind.example', '/', { status: 500 }],
  ['HTTPRouteUnknownFilter', 'unknown.example', '/', { status: 500 }],
  ['HTTPRouteRequestHeaderModifier', 'headers.example', '/', { headers: { 'x-set': 'old', 'x-add': 'a', 'x-gone': '1' }, sees: { 'x-set': 'new', 'x-add': 'a, b', 'x-gone': undefined } }],
  ['HTTPRouteResponseHeaderModification', 'headers.example', '/', { back: { 'x-back': 'set' } }],
  ['HTTPRouteBackendRequestHeaderModification', 'headers.example', '/per', { unit: 0, to: 'a', sees: { 'x-backend': 'a' }, back: { 'x-from': 'a' } }],
  ['HTTPRouteUnknownFilter', 'headers.example', '/per', { unit: 0.9, status: 500 }],
  ['HTTPRouteSchemeRedirect', 'redirect.example', '/scheme/x?y=z', { status: 302, back: { location: 'https://redirect.example/scheme/x?y=z' } }],
  ['HTTPRouteRedirectHostAndStatus', 'redirect.example', '/host', { status: 301, back: { location: 'http://other.example/host' } }],
  ['HTTPRoute303Redirect', 'redirect.example', '/port', { status: 303, back: { location: 'http://redirect.example:8083/port' } }],
  ['HTTPRoute307Redirect', 'redirect.example', '/both', { status: 307, back: { location: 'https://redirect.example:8443/both' } }],
  ['HTTPRoute308Redirect', 'redirect.example', '/old/a', { status: 308, back: { location: 'https://redirect.example/new/a' } }],
  ['HTTPRoutePathRedirect', 'redirect.example', '/old', { status: 308, back: { location: 'https://redirect.example/new' } }],
  ['HTTPRoutePathRedirect', 'redirect.example', '/full/a?b', { status: 302, back: { location: 'https://redirect.example/whole?b' } }],
  ['HTTPRoutePathRedirect', 'redirect.example', '/strip//evil.test', { status: 302, back: { location: 'https://redirect.example//evil.test' } }],
  ['HTTPRouteHostRewrite', 'rewrite.example', '/prefix/two?q', { url: '/one/two?q', sees: { host: 'inner.example' } }],
  ['HTTPRoutePathRewrite', 'rewrite.example', '/prefix', { url: '/one' }],
  ['HTTPRoutePathRewrite', 'rewrite.example', '/prefixed', { status: 404 }],
  ['HTTPRoutePathRewrite', 'rewrite.example', '/strip/a', { url: '/a' }],
  ['HTTPRoutePathRewrite', 'rewrite.example', '/strip', { url: '/' }],
  ['HTTPRoutePathRewrite', 'rewrite.example', '/full/a?b', { url: '/whole?b' }],
  ['HTTPRoutePathRewrite', 'rewrite.example', '/backend/c', { url: '/b/c' }],
  ['HTTPRoutePathRewrite', 'rewrite.example', '/strip/%2e%2e/prefix/x', { url: '/one/x' }],
  ['HTTPRouteDestinationPortMatching', 'port.example', '/', { port: 8080, to: 'a' }],
  ['HTTPRouteParentRefPort', 'port.example', '/', { port: 80, status: 404 }],
  ['GatewayPort8080', 'everywhere.example', '/', { port: 8080, to: 'a' }],
  ['GatewayHTTPListenerIsolation', 'everywhere.example', '/', { to: 'a' }],
  ['GatewayHTTPListenerIsolation', 'iso.example', '/iso', { to: 'b' }],
  ['GatewayHTTPListenerIsolation', 'iso.example', '/', { status: 404 }],
  ['GatewayHTTPListenerIsolation', 'a.iso.example', '/', { status: 404 }],
  ['HTTPRouteInvalidParentRefNotMatchingSectionName', 'grpc.example', '/', { port: 8080, method: 'POST', status: 404 }],
  ['HTTPRouteCrossNamespace', 'picky.example', '/granted', { port: 8080, to: 'a' }],
  ['HTTPRouteReferenceGrant', 'picky.example', '/refused', { port: 8080, status: 500 }],
  ['GRPCExactMethodMatching', 'grpc.example', '/shop.Cart/Add', { port: 8080, method: 'POST', to: 'a' }],
  ['GRPCExactMethodMatching', 'grpc.example', '/shop.Cart/Empty', { port: 8080, method: 'POST', to: 'b' }],
  ['GRPCRegexMethodMatching', 'grpc.example', '/shop.ABC/Getall', { port: 8080, method: 'POST', to: 'a' }],
  ['GRPCRegexMethodMatching', 'grpc.example', '/shop.ABC/GetAll', { port: 8080, method: 'POST', status: 404 }],
  ['GRPCMethodMatching', 'grpc.example', '/any.Service/Ping', { port: 8080, method: 'POST', to: 'b', sees: { 'x-ping': '1' } }],
  ['GRPCRouteHeaderMatching', 'grpc.example', '/any.Service/Other', { port: 8080, method: 'POST', headers: { tier: 'gold' }, to: 'a' }],
  ['HTTPRouteCORS', 'cors.example', '/', { headers: { origin: 'https://shop.example' }, to: 'a', back: { 'access-control-allow-origin': 'https://shop.example', 'access-control-allow-credentials': 'true', 'access-control-expose-headers': 'x-seen', vary: 'Origin' } }],
  ['HTTPRouteCORS', 'cors.example', '/', { headers: { origin: 'https://a.friends.example' }, back: { 'access-control-allow-origin': 'https://a.friends.example' } }],
  ['HTTPRouteCORS', 'cors.example', '/', { headers: { origin: 'https://friends.example' }, back: { 'access-control-allow-origin': undefined } }],
  ['HTTPRouteCORS', 'cors.example', '/', { headers: { origin: 'https://a.friends.example.evil.test' }, back: { 'access-control-allow-origin': undefined } }],
  ['HTTPRouteCORS', 'cors.example', '/', { headers: { origin: 'http://shop.example' }, back: { 'access-control-allow-origin': undefined } }],
  ['HTTPRouteCORS', 'cors.example', '/', { headers: { origin: 'null' }, back: { 'access-control-allow-origin': undefined } }],
  ['HTTPRouteCORS', 'cors.example', '/', { method: 'OPTIONS', headers: { origin: 'https://shop.example', 'access-control-request-method': 'PUT' }, status: 204, back: { 'access-control-allow-origin': 'https://shop.example', 'access-control-allow-methods': 'GET, PUT', 'access-control-allow-headers': 'x-one', 'access-control-max-age': '60' } }],
  ['HTTPRouteCORS', 'cors.example', '/', { method: 'OPTIONS', headers: { origin: 'https://evil.test', 'access-control-request-method': 'PUT' }, status: 204, back: { 'access-control-allow-origin': undefined, 'access-control-allow-methods': undefined } }],
  ['HTTPRouteCORS', 'cors.example', '/', { method: 'OPTIONS', headers: { origin: 'https://shop.example' }, to: 'a' }],
  ['HTTPRouteCORS', 'cors.example', '/any', { method: 'OPTIONS', headers: { origin: 'https://evil.test', 'access-control-request-method': 'DELETE' }, status: 204, back: { 'access-control-allow-origin': '*', 'access-control-allow-methods': '*', 'access-control-allow-credentials': undefined } }],
];

for (const [feature, host, path, row] of ROWS)
  test(`${feature}: ${row.method ?? 'GET'} ${host}${path} ${JSON.stringify(row.headers ?? {})}`, async () => {
    unit = row.unit ?? 0;
    const before = gateway.seen.events.length;
    const answer = await call(gateway.port(row.port ?? 80), {
      method: row.method ?? 'GET',
      path,
      headers: { host, ...row.headers },
    });
    assert.equal(answer.status, row.status ?? 200, answer.text);
    if (row.to !== undefined) {
      const event = await gateway.seen.event((one) => one.role === 'gateway' && gateway.seen.events.indexOf(one) >= before);
      assert.equal(event.destination, `shop/${row.to}`);
    }
    if (row.url !== undefined) assert.equal(answer.seen.url, row.url);
    for (const [name, want] of Object.entries(row.sees ?? {})) assert.equal(answer.seen.headers[name], want, name);
    for (const [name, want] of Object.entries(row.back ?? {})) assert.equal(answer.headers[name], want, name);
  });

/** Answers 503 twice, then 200, for each path; never for `/hang`. */
async function flaky(): Promise<App> {
  const seen = new Map<string, number>();
  return await startApp((message, response) => {
    const path = message.url ?? '';
    const count = (seen.get(path) ?? 0) + 1;
    seen.set(path, count);
    if (path.startsWith('/hang')) return;
    response.statusCode = count > 2 ? 200 : 503;
    response.end(String(count));
  });
}

test('HTTPRouteRequestTimeout, HTTPRouteBackendTimeout, HTTPRouteRetry: what a rule says of time and tries is kept', async () => {
  const app = await flaky();
  const rules = `[{matches: [{path: {value: /twice}}], retry: {codes: [503], attempts: 2, backoff: 1ms}, backendRefs: [{name: f, port: 80}]},
    {matches: [{path: {value: /once}}], retry: {codes: [503], attempts: 1, backoff: 1ms}, backendRefs: [{name: f, port: 80}]},
    {matches: [{path: {value: /other}}], retry: {codes: [500], attempts: 5, backoff: 1ms}, backendRefs: [{name: f, port: 80}]},
    {matches: [{path: {value: /hang/request}}], timeouts: {request: 60ms}, backendRefs: [{name: f, port: 80}]},
    {matches: [{path: {value: /hang/backend}}], timeouts: {request: 10s, backendRequest: 60ms}, backendRefs: [{name: f, port: 80}]}]`;
  const own = await startGateway({
    apps: { f: app.port },
    manifests: [
      gatewayKind('Gateway', 'edge', '{gatewayClassName: x, listeners: [{name: http, port: 80, protocol: HTTP}]}'),
      gatewayKind('HTTPRoute', 'f', `{parentRefs: [{name: edge}], rules: ${rules}}`),
    ],
  });
  for (const [path, status, text] of [
    ['/twice', 200, '3'],
    ['/once', 503, '2'],
    ['/other', 503, '1'],
    ['/hang/request', 504, undefined],
    ['/hang/backend', 504, undefined],
  ] as const) {
    const answer = await call(own.port(80), { path });
    assert.equal(answer.status, status, path);
    if (text !== undefined) assert.equal(answer.text, text, path);
  }
  await own.close();
  await app.close();
});
