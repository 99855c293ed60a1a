// DestinationRule and VirtualService at work: a sidecar in front of several endpoints of one service.
import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { test } from 'node:test';
import type { EndpointEvent } from '#model/event.ts';
import { call } from '../../test/fakes/mesh.ts';
import {
  type Backend,
  type SliceEndpointText,
  type Traffic,
  httpBackend,
  rawBackend,
  slices,
  startTraffic,
} from '../../test/fakes/traffic.ts';

const destinationRule = (spec: object, name = 'cart'): string =>
  JSON.stringify({
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name, namespace: 'shop' },
    spec: { host: 'cart', ...spec },
  });
const virtualService = (http: readonly object[], more: object = {}): string =>
  JSON.stringify({
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'cart', namespace: 'shop' },
    spec: { hosts: ['cart'], http, ...more },
  });
const TO_CART = { route: [{ destination: { host: 'cart' } }] };

/** Applications that say their own name, and count. */
async function withCarts(
  count: number,
  answer: (i: number, calls: number) => number | undefined,
  texts: (ports: readonly number[]) => readonly string[],
  work: (traffic: Traffic, calls: number[], backends: readonly Backend[]) => Promise<void>,
  locality?: string,
): Promise<void> {
  const calls = Array.from({ length: count }, () => 0);
  const backends = await Promise.all(
    calls.map((_, i) =>
      httpBackend((request, response) => {
        const n = (calls[i] = calls[i]! + 1);
        request.resume().on('end', () => {
          const status = answer(i, n);
          if (status === undefined) return;
          response.writeHead(status, { 'x-path': request.url ?? '', 'x-host': request.headers.host ?? '' }).end(String(i));
        });
      }),
    ),
  );
  const traffic = await startTraffic(texts(backends.map(({ port }) => port)), locality === undefined ? {} : { locality });
  try {
    await work(traffic, calls, backends);
  } finally {
    await traffic.close();
    await Promise.all(backends.map((backend) => backend.close()));
  }
}

const all = (ports: readonly number[], more: Partial<SliceEndpointText> = {}): string =>
  slices(ports.map((port) => ({ port, ...more })));
const ok = (): number => 200;
const endpointEvents = (traffic: Traffic): EndpointEvent[] =>
  traffic.seen.events.filter((event): event is EndpointEvent => event.type === 'endpoint');

for (const simple of ['ROUND_ROBIN', 'LEAST_REQUEST', 'RANDOM', undefined] as const) {
  test(`${simple ?? 'no DestinationRule'}: every endpoint gets requests`, () =>
    withCarts(
      3,
      ok,
      (ports) => [all(ports), ...(simple ? [destinationRule({ trafficPolicy: { loadBalancer: { simple } } })] : [])],
      async (traffic, calls) => {
        for (let i = 0; i < 30; i++) assert.equal((await call(traffic.outbound)).status, 200);
        assert.ok(
          calls.every((n) => n > 0),
          String(calls),
        );
        if (simple === 'ROUND_ROBIN') assert.deepEqual(calls, [10, 10, 10]);
      },
    ));
}

test('a consistent hash keeps callers with one header together', () =>
  withCarts(
    4,
    ok,
    (ports) => [
      all(ports),
      destinationRule({
        trafficPolicy: { loadBalancer: { consistentHash: { httpHeaderName: 'x-user', maglev: { tableSize: 1009 } } } },
      }),
    ],
    async (traffic, calls) => {
      const of = async (user: string): Promise<string> => (await call(traffic.outbound, { headers: { 'x-user': user } })).text;
      const homes = new Set<string>();
      for (const user of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) {
        const home = await of(user);
        homes.add(home);
        assert.equal(await of(user), home);
      }
      assert.ok(homes.size > 1, String(calls));
    },
  ));

test('a hash by cookie gives a client without it one, and keeps to it', () =>
  withCarts(
    4,
    ok,
    (ports) => [
      all(ports),
      destinationRule({
        trafficPolicy: { loadBalancer: { consistentHash: { httpCookie: { name: 'stick', ttl: '60s', path: '/' } } } },
      }),
    ],
    async (traffic) => {
      const first = await call(traffic.outbound);
      const [cookie] = first.headers['set-cookie'] as [string];
      assert.match(cookie, /^stick=[0-9a-f]{32}; Max-Age=60; Path=\/; HttpOnly$/);
      for (let i = 0; i < 5; i++) {
        const next = await call(traffic.outbound, { headers: { cookie: cookie.split(';', 1)[0]! } });
        assert.equal(next.text, first.text);
        assert.equal(next.headers['set-cookie'], undefined);
      }
    },
  ));

test('outlier detection takes an endpoint out, says so, and it comes back', () =>
  withCarts(
    2,
    (i, n) => (i === 0 && n <= 2 ? 500 : 200),
    (ports) => [
      all(ports),
      destinationRule({
        trafficPolicy: {
          loadBalancer: { simple: 'ROUND_ROBIN' },
          outlierDetection: { consecutive5xxErrors: 2, interval: '50ms', baseEjectionTime: '150ms', maxEjectionPercent: 100 },
        },
      }),
    ],
    async (traffic, calls) => {
      for (let i = 0; i < 4; i++) await call(traffic.outbound);
      assert.deepEqual(calls, [2, 2]);
      for (let i = 0; i < 4; i++) assert.equal((await call(traffic.outbound)).text, '1');
      assert.deepEqual(
        endpointEvents(traffic).map(({ action, destination }) => [action, destination]),
        [['ejected', 'shop/cart:80']],
      );
      const until = Date.now() + 3000;
      while (calls[0] === 2 && Date.now() < until) await call(traffic.outbound);
      assert.equal(calls[0], 3);
      assert.deepEqual(
        endpointEvents(traffic).map(({ action }) => action),
        ['ejected', 'restored'],
      );
      assert.match(
        traffic.proxy.report().metrics,
        /cullis_endpoint_ejections_total\{destination="shop\/cart",reason="consecutive-5xx"\} 1/,
      );
    },
  ));

test('when all endpoints are out and no share of health is asked for, nobody is called', () =>
  withCarts(
    1,
    () => 503,
    (ports) => [
      all(ports),
      destinationRule({ trafficPolicy: { outlierDetection: { consecutiveGatewayErrors: 1, baseEjectionTime: '60s' } } }),
    ],
    async (traffic, calls) => {
      assert.equal((await call(traffic.outbound)).status, 503);
      assert.equal((await call(traffic.outbound)).status, 503);
      assert.deepEqual(calls, [1]);
    },
  ));

test('below the panic threshold all endpoints are used', () =>
  withCarts(
    2,
    () => 503,
    (ports) => [
      all(ports),
      destinationRule({
        trafficPolicy: {
          loadBalancer: { simple: 'ROUND_ROBIN' },
          outlierDetection: { consecutive5xxErrors: 1, baseEjectionTime: '60s', maxEjectionPercent: 100, minHealthPercent: 60 },
        },
      }),
    ],
    async (traffic, calls) => {
      for (let i = 0; i < 6; i++) await call(traffic.outbound);
      assert.ok(calls[0]! >= 2 && calls[1]! >= 2, String(calls));
    },
  ));

test('what goes beyond the bounds of connections and waiting requests is refused at once', () =>
  withCarts(
    1,
    () => undefined,
    (ports) => [
      all(ports),
      destinationRule({
        trafficPolicy: { connectionPool: { tcp: { maxConnections: 1 }, http: { http1MaxPendingRequests: 1 } } },
      }),
    ],
    async (traffic, calls) => {
      const first = call(traffic.outbound).catch(() => undefined);
      while (calls[0] === 0) await new Promise(setImmediate);
      // One is served, one waits.
      const refused: number[] = [];
      const others = [1, 2, 3, 4].map(() =>
        call(traffic.outbound).then(
          ({ status }) => status === 503 && refused.push(status),
          () => undefined,
        ),
      );
      while (refused.length < 3) await new Promise(setImmediate);
      assert.equal(calls[0], 1);
      assert.match(traffic.proxy.report().metrics, /cullis_upstream_overflows_total\{destination="shop\/cart"\} 3/);
      await traffic.proxy.close();
      await Promise.all([first, ...others]);
      assert.equal(refused.length, 3);
    },
  ));

test('more requests than a destination may have are refused', () =>
  withCarts(
    2,
    () => undefined,
    (ports) => [all(ports), destinationRule({ trafficPolicy: { connectionPool: { http: { http2MaxRequests: 1 } } } })],
    async (traffic, calls) => {
      const first = call(traffic.outbound).catch(() => undefined);
      while (calls.every((n) => n === 0)) await new Promise(setImmediate);
      const event = traffic.seen.event(({ status }) => status === 503);
      assert.equal((await call(traffic.outbound)).status, 503);
      assert.match((await event).reasons![0]!.text, /http2MaxRequests/);
      await traffic.proxy.close();
      await first;
    },
  ));

test('connections are given up after the requests they may carry', async () => {
  const sockets = new Set<unknown>();
  const backend = await httpBackend((request, response) => {
    sockets.add(request.socket);
    response.end();
  });
  const traffic = await startTraffic([
    slices([backend]),
    destinationRule({ trafficPolicy: { connectionPool: { http: { maxRequestsPerConnection: 2 } } } }),
  ]);
  for (let i = 0; i < 6; i++) assert.equal((await call(traffic.outbound)).status, 200);
  assert.equal(sockets.size, 3);
  await traffic.close();
  await backend.close();
});

test('the zone of the caller comes first, and the others when it fails', () =>
  withCarts(
    3,
    ok,
    (ports) => [slices(ports.map((port, i) => ({ port, zone: i === 0 ? 'a' : 'b' })))],
    async (traffic, calls, backends) => {
      for (let i = 0; i < 10; i++) await call(traffic.outbound);
      assert.deepEqual(calls, [10, 0, 0]);
      await backends[0]!.close();
      for (let i = 0; i < 4; i++) assert.equal((await call(traffic.outbound)).status, 200);
      assert.equal(calls[1]! + calls[2]!, 4);
    },
    'topology.kubernetes.io/zone: a',
  ));

test('an endpoint that drains gets nothing new, and one that is not ready never', () =>
  withCarts(
    3,
    ok,
    (ports) => [slices(ports.map((port, i) => ({ port, terminating: i === 0, ready: i === 2 })))],
    async (traffic, calls) => {
      for (let i = 0; i < 6; i++) await call(traffic.outbound);
      assert.deepEqual(calls, [0, 0, 6]);
    },
  ));

const RETRY_ROWS: readonly (readonly [
  name: string,
  retries: object | undefined,
  method: string,
  status: number,
  want: { readonly status: number; readonly calls: number },
])[] = [
  ['an answer that is to be tried again', { attempts: 2, retryOn: '5xx' }, 'GET', 503, { status: 200, calls: 2 }],
  ['a status by its number', { attempts: 2, retryOn: '418' }, 'GET', 418, { status: 200, calls: 2 }],
  ['a status that is not named', { attempts: 2, retryOn: 'gateway-error' }, 'GET', 500, { status: 500, calls: 1 }],
  ['what could do it twice is not sent again', { attempts: 2, retryOn: '5xx' }, 'POST', 503, { status: 503, calls: 1 }],
  ['no attempts', { attempts: 0 }, 'GET', 503, { status: 503, calls: 1 }],
  ["Istio's default does not try an answer again", undefined, 'GET', 503, { status: 503, calls: 1 }],
  ['a body is kept for a method that may be repeated', { attempts: 1, retryOn: '5xx' }, 'PUT', 503, { status: 200, calls: 2 }],
];
for (const [name, retries, method, status, want] of RETRY_ROWS) {
  test(`retries: ${name}`, () =>
    withCarts(
      1,
      (_, n) => (n === 1 ? status : 200),
      (ports) => [all(ports), virtualService([{ ...TO_CART, ...(retries && { retries }) }])],
      async (traffic, calls) => {
        const got = await call(traffic.outbound, { method, ...(method !== 'GET' && { body: 'x'.repeat(1000) }) });
        assert.deepEqual({ status: got.status, calls: calls[0] }, want);
      },
    ));
}

test('a retry goes to another endpoint', () =>
  withCarts(
    3,
    (i) => (i === 0 ? 503 : 200),
    (ports) => [all(ports), virtualService([{ ...TO_CART, retries: { attempts: 1, retryOn: '5xx' } }])],
    async (traffic, calls) => {
      for (let i = 0; i < 12; i++) assert.equal((await call(traffic.outbound)).status, 200);
      assert.ok(calls[0]! > 0);
    },
  ));

test('retries are a fifth of what is under way, and at least three', () =>
  withCarts(
    1,
    () => 503,
    (ports) => [all(ports), virtualService([{ ...TO_CART, retries: { attempts: 1, retryOn: '5xx', backoff: '200ms' } }])],
    async (traffic, calls) => {
      const agent = new Agent({ keepAlive: true });
      const answers = await Promise.all(Array.from({ length: 40 }, () => call(traffic.outbound, { agent })));
      agent.destroy();
      assert.ok(answers.every(({ status }) => status === 503));
      assert.ok(calls[0]! > 40 && calls[0]! <= 40 + 20, String(calls[0]));
      assert.match(traffic.proxy.report().metrics, /cullis_upstream_retries_total\{[^}]*result="overflow"\} \d+/);
    },
  ));

test('each try has its time, and the whole has its own', async () => {
  const backend = await rawBackend(() => {});
  const texts = (timeout: string, attempts: number): string[] => [
    slices([backend]),
    virtualService([{ ...TO_CART, timeout, retries: { attempts, perTryTimeout: '200ms', retryOn: '5xx', backoff: '1ms' } }]),
  ];
  const traffic = await startTraffic(texts('10s', 1));
  const timed = async (): Promise<{ status: number; ms: number }> => {
    const startMs = performance.now();
    const { status } = await call(traffic.outbound);
    return { status, ms: performance.now() - startMs };
  };
  const tries = await timed();
  assert.equal(tries.status, 504);
  assert.ok(tries.ms > 390 && tries.ms < 1500, String(tries.ms));
  await traffic.apply(texts('300ms', 10));
  const whole = await timed();
  assert.equal(whole.status, 504);
  assert.ok(whole.ms > 290 && whole.ms < 900, String(whole.ms));
  await traffic.close();
  await backend.close();
});

const V1 = { labels: { version: 'v1' } };
const V2 = { labels: { version: 'v2' } };
const SUBSETS = destinationRule({
  subsets: [
    { name: 'v1', ...V1 },
    { name: 'v2', ...V2 },
  ],
});
const twoVersions = (ports: readonly number[]): string => slices(ports.map((port, i) => ({ port, ...(i === 0 ? V1 : V2) })));
const to = (subset: string): object => ({ destination: { host: 'cart', subset } });

const ROUTE_ROWS: readonly (readonly [
  name: string,
  http: readonly object[],
  request: Parameters<typeof call>[1],
  want: { readonly status?: number; readonly text?: string; readonly headers?: Readonly<Record<string, string>> },
])[] = [
  [
    'a header leads to a subset',
    [{ match: [{ headers: { 'x-user': { exact: 'jason' } } }], route: [to('v2')] }, { route: [to('v1')] }],
    { headers: { 'x-user': 'jason' } },
    { text: '1' },
  ],
  ['the first rule that matches is taken', [{ route: [to('v1')] }, { route: [to('v2')] }], {}, { text: '0' }],
  [
    'a header that must not be there',
    [{ match: [{ withoutHeaders: { 'x-user': {} } }], route: [to('v2')] }, { route: [to('v1')] }],
    { headers: { 'x-user': 'a' } },
    { text: '0' },
  ],
  [
    'a prefix is a text, not a path',
    [{ match: [{ uri: { prefix: '/ca' } }], route: [to('v2')] }, { route: [to('v1')] }],
    { path: '/cart' },
    { text: '1' },
  ],
  [
    'case may be ignored',
    [{ match: [{ uri: { exact: '/CART' }, ignoreUriCase: true }], route: [to('v2')] }],
    { path: '/cart' },
    { text: '1' },
  ],
  [
    'a regular expression takes the whole path',
    [{ match: [{ uri: { regex: '/c.*' } }], route: [to('v2')] }],
    { path: '/d/c' },
    { status: 404 },
  ],
  [
    'a query parameter',
    [{ match: [{ queryParams: { v: { exact: '2' } } }], route: [to('v2')] }, { route: [to('v1')] }],
    { path: '/?v=2' },
    { text: '1' },
  ],
  [
    'labels of the caller',
    [{ match: [{ sourceLabels: { app: 'web' } }], route: [to('v2')] }, { route: [to('v1')] }],
    {},
    { text: '1' },
  ],
  [
    'labels of another caller',
    [{ match: [{ sourceLabels: { app: 'other' } }], route: [to('v2')] }, { route: [to('v1')] }],
    {},
    { text: '0' },
  ],
  [
    'weights',
    [
      {
        route: [
          { ...to('v1'), weight: 0 },
          { ...to('v2'), weight: 100 },
        ],
      },
    ],
    {},
    { text: '1' },
  ],
  [
    'a rewrite of the prefix',
    [{ match: [{ uri: { prefix: '/old' } }], rewrite: { uri: '/new' }, route: [to('v1')] }],
    { path: '/old/x?q' },
    { headers: { 'x-path': '/new/x?q' } },
  ],
  [
    'a rewrite of the authority',
    [{ rewrite: { authority: 'other.example' }, route: [to('v1')] }],
    {},
    { headers: { 'x-host': 'other.example' } },
  ],
  [
    'a redirect',
    [{ redirect: { uri: '/there', authority: 'example.com', redirectCode: 302 } }],
    {},
    { status: 302, headers: { location: 'http://example.com/there' } },
  ],
  ['an answer from here', [{ directResponse: { status: 418, body: { string: 'tea' } } }], {}, { status: 418, text: 'tea' }],
  [
    'an abort',
    [{ fault: { abort: { percentage: { value: 100 }, httpStatus: 555 } }, route: [to('v1')] }],
    {},
    { status: 555, text: 'fault filter abort' },
  ],
  [
    'an abort for nobody',
    [{ fault: { abort: { percentage: { value: 0 }, httpStatus: 555 } }, route: [to('v1')] }],
    {},
    { status: 200 },
  ],
  ['a subset that is not there', [{ route: [to('v9')] }], {}, { status: 500 }],
  ['a part that is not served closes the rule', [{ corsPolicy: { allowOrigins: [] }, route: [to('v1')] }], {}, { status: 500 }],
  [
    'headers are set',
    [{ headers: { response: { set: { 'x-set': 'yes' } } }, route: [to('v1')] }],
    {},
    { headers: { 'x-set': 'yes' } },
  ],
];
test('rules of a VirtualService', async (t) => {
  await withCarts(
    2,
    ok,
    (ports) => [twoVersions(ports), SUBSETS],
    async (traffic, _calls, backends) => {
      for (const [name, http, request, want] of ROUTE_ROWS) {
        await t.test(name, async () => {
          await traffic.apply([twoVersions(backends.map(({ port }) => port)), SUBSETS, virtualService(http)]);
          const got = await call(traffic.outbound, request);
          assert.equal(got.status, want.status ?? 200);
          if (want.text !== undefined) assert.equal(got.text, want.text);
          for (const [header, value] of Object.entries(want.headers ?? {})) assert.equal(got.headers[header], value);
        });
      }
    },
  );
});

test('a delay holds a request back', () =>
  withCarts(
    1,
    ok,
    (ports) => [all(ports), virtualService([{ ...TO_CART, fault: { delay: { fixedDelay: '150ms' } } }])],
    async (traffic) => {
      const startMs = performance.now();
      assert.equal((await call(traffic.outbound)).status, 200);
      assert.ok(performance.now() - startMs >= 145);
    },
  ));

test('a VirtualService bound to a gateway serves its hosts there', () =>
  withCarts(
    1,
    ok,
    (ports) => [all(ports), virtualService([TO_CART], { hosts: ['shop.example'], gateways: ['edge'] })],
    async (traffic) => {
      assert.equal((await call(traffic.gateway, { headers: { host: 'shop.example' } })).status, 200);
      assert.equal((await call(traffic.gateway, { headers: { host: 'other.example' } })).status, 404);
    },
  ));
