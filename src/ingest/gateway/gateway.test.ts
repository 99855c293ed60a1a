import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manifest, readText } from '../../../test/fakes/manifests.ts';

const V1 = 'gateway.networking.k8s.io/v1';
const gateway = (listener: string): string =>
  manifest(V1, 'Gateway', `  gatewayClassName: cullis\n  listeners:\n  - ${listener}`);
const route = (rule: string): string =>
  manifest(V1, 'HTTPRoute', `  parentRefs: [{kind: Service, group: '', name: s}]\n  rules:\n  - ${rule}`);

test('a Gateway is held with its defaults', () => {
  const { system, told } = readText(
    gateway(
      '{name: web, port: 443, protocol: HTTPS, hostname: "*.shop.example", tls: {certificateRefs: [{name: c}]}, allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {a: b}}}, kinds: [{kind: HTTPRoute}]}}\n  - {name: plain, port: 80, protocol: HTTP}',
    ),
  );
  assert.deepEqual(told, []);
  assert.deepEqual(system.gateways[0]!.spec, {
    gatewayClassName: 'cullis',
    listeners: [
      {
        name: 'web',
        hostname: '*.shop.example',
        port: 443,
        protocol: 'HTTPS',
        tls: { mode: 'Terminate', certificateRefs: [{ kind: 'Secret', name: 'c' }] },
        allowedRoutes: {
          namespaces: { from: 'Selector', selector: { a: 'b' } },
          kinds: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute' }],
        },
      },
      { name: 'plain', port: 80, protocol: 'HTTP' },
    ],
  });
});

test('listeners that contradict themselves or each other are refused', () => {
  for (const [listener, code] of [
    ['{name: a, port: 80, protocol: HTTP, tls: {certificateRefs: [{name: c}]}}', 'tls'],
    ['{name: a, port: 443, protocol: HTTPS}', 'tls'],
    ['{name: a, port: 443, protocol: HTTPS, tls: {mode: Passthrough}}', 'tls'],
    ['{name: a, port: 443, protocol: HTTPS, tls: {}}', 'tls'],
    ['{name: a, port: 80, protocol: http}', 'value'],
    ['{name: a, port: 80, protocol: TCP, hostname: x.example}', 'hostname'],
    ['{name: a, port: 80, protocol: HTTP, hostname: "10.0.0.1"}', 'value'],
    ['{name: a, port: 80, protocol: HTTP, hostname: "a.*.example"}', 'value'],
    ['{name: a, port: 80, protocol: HTTP, hostname: "X.example:80"}', 'value'],
    ['{name: a, port: 80, protocol: HTTP}\n  - {name: a, port: 81, protocol: HTTP}', 'duplicate'],
    ['{name: a, port: 80, protocol: HTTP}\n  - {name: b, port: 80, protocol: HTTP}', 'duplicate'],
    ['{name: a, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: Selector}}}', 'required'],
    [
      '{name: a, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: Selector, selector: {matchExpressions: [{key: a, operator: In}]}}}}',
      'value',
    ],
    [
      '{name: a, port: 443, protocol: TLS, tls: {options: {"cullis.dev/minimum-tls-version": "1.1"}, certificateRefs: [{name: c}]}}',
      'tls',
    ],
    ['{name: a, port: 443, protocol: TLS, tls: {options: {"cullis.dev/minimum-tls-version": "1.2"}}}', 'tls'],
    ['{name: a, port: 80, protcol: HTTP}', 'unknown-field'],
  ] as const) {
    const { system, told } = readText(gateway(listener));
    assert.ok(
      told.some((each) => each.startsWith('error') && each.endsWith(`gateway.${code}`)),
      `${listener}: ${told.join()}`,
    );
    assert.equal(system.gateways.length, 0, listener);
  }
});

test('an HTTPRoute is held with its defaults', () => {
  const { system, told } = readText(
    manifest(
      V1,
      'HTTPRoute',
      '  parentRefs: [{name: g, sectionName: web}]\n  hostnames: [shop.example]\n  rules:\n  - backendRefs: [{name: a, port: 80}, {name: b, namespace: other, port: 81, weight: 0}]\n    timeouts: {request: 10s, backendRequest: 500ms}\n  - matches: [{path: {value: /x}, headers: [{name: X-A, value: b}], method: GET}]\n    filters: [{type: RequestRedirect, requestRedirect: {scheme: https}}]',
      'name: r, namespace: shop',
    ),
  );
  assert.deepEqual(told, ['warning 5:16 gateway.unknown-parent']);
  assert.deepEqual(system.httpRoutes[0]!.spec, {
    parentRefs: [{ kind: 'Gateway', name: 'g', sectionName: 'web' }],
    hostnames: ['shop.example'],
    rules: [
      {
        matches: [{ path: { type: 'PathPrefix', value: '/' }, headers: [], queryParams: [] }],
        filters: [],
        backendRefs: [
          { kind: 'Service', name: 'a', port: 80, weight: 1 },
          { kind: 'Service', name: 'b', namespace: 'other', port: 81, weight: 0 },
        ],
        timeouts: { requestMs: 10_000, backendRequestMs: 500 },
      },
      {
        matches: [
          {
            path: { type: 'PathPrefix', value: '/x' },
            headers: [{ type: 'Exact', name: 'X-A', value: 'b' }],
            queryParams: [],
            method: 'GET',
          },
        ],
        filters: [{ type: 'RequestRedirect', scheme: 'https', statusCode: 302 }],
        backendRefs: [],
      },
    ],
  });
});

test('filters are typed; what cannot be applied closes its rule', () => {
  const { system, told } = readText(
    route(
      'filters:\n    - {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: A, value: b}], remove: [C]}}\n    - {type: URLRewrite, urlRewrite: {hostname: x.example, path: {type: ReplacePrefixMatch, replacePrefixMatch: /new}}}\n    - {type: RequestMirror, requestMirror: {backendRef: {name: m, port: 80}}}\n    matches: [{path: {type: PathPrefix, value: /old}}]\n    backendRefs: [{name: a, port: 80, filters: [{type: ExtensionRef, extensionRef: {group: "", kind: X, name: y}}]}]',
    ),
  );
  assert.deepEqual(
    told.map((each) => each.split(' ')[0]),
    ['warning'],
  );
  assert.deepEqual(system.httpRoutes[0]!.spec.rules[0]!.filters, [
    { type: 'RequestHeaderModifier', change: { set: [{ name: 'A', value: 'b' }], add: [], remove: ['C'] } },
    { type: 'URLRewrite', hostname: 'x.example', path: { type: 'ReplacePrefixMatch', value: '/new' } },
    {
      type: 'RequestMirror',
      backend: { kind: 'Service', name: 'm', port: 80, weight: 1 },
      fraction: { numerator: 100, denominator: 100 },
    },
  ]);
  assert.deepEqual(system.httpRoutes[0]!.spec.rules[0]!.backendRefs, [
    { kind: 'Service', name: 'a', port: 80, weight: 1, filters: [{ type: 'Unsupported', name: 'ExtensionRef' }] },
  ]);
});

test('routes that Gateway API refuses are refused', () => {
  for (const [rule, code] of [
    ['matches: [{path: {value: x}}]', 'path'],
    ['matches: [{path: {value: /a/../b}}]', 'path'],
    ['matches: [{path: {value: /a%2Fb}}]', 'path'],
    ['matches: [{path: {type: Prefix, value: /}}]', 'value'],
    ['matches: [{method: get}]', 'value'],
    ['matches: [{headers: [{name: A, value: "1"}, {name: a, value: "2"}]}]', 'duplicate'],
    ['matches: [{headers: [{name: "a b", value: x}]}]', 'value'],
    ['backendRefs: [{name: a}]', 'required'],
    ['backendRefs: [{name: a, port: 80, weight: -1}]', 'range'],
    ['filters: [{type: RequestHeaderModifier}]', 'required'],
    ['filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: "x\\r\\ny"}]}}]', 'value'],
    ['filters: [{type: RequestHeaderModifier, requestHeaderModifier: {}, urlRewrite: {}}]', 'filter'],
    ['filters: [{type: Rewrite}]', 'value'],
    ['filters: [{type: RequestRedirect, requestRedirect: {statusCode: 200}}]', 'value'],
    ['filters: [{type: RequestRedirect, requestRedirect: {}}]\n    backendRefs: [{name: a, port: 80}]', 'filter'],
    ['filters: [{type: RequestRedirect, requestRedirect: {}}, {type: URLRewrite, urlRewrite: {}}]', 'filter'],
    [
      'filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}]\n    matches: [{path: {type: Exact, value: /x}}]',
      'filter',
    ],
    ['filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replacePrefixMatch: /}}}]', 'required'],
    ['filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: "/a\\r\\nX: y"}}}]', 'value'],
    ['filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: "/a?b"}}}]', 'value'],
    ['filters: [{type: RequestRedirect, requestRedirect: {path: {type: ReplaceFullPath, replaceFullPath: "/a b"}}}]', 'value'],
    [
      'filters: [{type: RequestMirror, requestMirror: {percent: 5, fraction: {numerator: 1}, backendRef: {name: m, port: 80}}}]',
      'fraction',
    ],
    [
      'filters: [{type: RequestMirror, requestMirror: {fraction: {numerator: 2, denominator: 1}, backendRef: {name: m, port: 80}}}]',
      'fraction',
    ],
    ['filters: [{type: CORS, cors: {allowOrigins: [example.com]}}]', 'value'],
    ['filters: [{type: CORS, cors: {}}, {type: CORS, cors: {}}]', 'duplicate'],
    ['retry: {codes: [200]}', 'range'],
    ['timeouts: {request: 1s, backendRequest: 2s}', 'timeout'],
    ['timeouts: {request: 1.5s}', 'duration'],
    ['backends: []', 'unknown-field'],
  ] as const) {
    const { system, told } = readText(route(rule));
    assert.ok(
      told.some((each) => each.startsWith('error') && each.endsWith(`gateway.${code}`)),
      `${rule}: ${told.join()}`,
    );
    assert.equal(system.httpRoutes.length, 0, rule);
  }
});

test('a kind of another group is never taken for ours', () => {
  const { system } = readText(
    manifest(
      V1,
      'HTTPRoute',
      '  parentRefs: [{group: example.com, kind: Gateway, name: g}, {group: "", kind: Service, name: s}]\n  rules: [{backendRefs: [{group: example.com, kind: Service, name: s, port: 1}]}]',
    ),
  );
  const { parentRefs, rules } = system.httpRoutes[0]!.spec;
  assert.deepEqual(
    parentRefs.map((each) => each.kind),
    ['example.com/Gateway', 'Service'],
  );
  assert.deepEqual(
    rules[0]!.backendRefs.map((each) => each.kind),
    ['example.com/Service'],
  );
});

test("Istio's Gateway is another kind: kept, counted and not acted on", () => {
  const text = manifest(
    'networking.istio.io/v1',
    'Gateway',
    '  selector: {istio: ingress}\n  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]',
  );
  const { system, told } = readText(`${text}---\n${gateway('{name: a, port: 80, protocol: HTTP}')}`);
  assert.deepEqual(told, []);
  assert.deepEqual([system.gateways.length, system.resources.length], [1, 2]);
  assert.deepEqual(system.notActedOn, [{ apiVersion: 'networking.istio.io/v1', kind: 'Gateway', count: 1 }]);
});
