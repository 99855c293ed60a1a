import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Resource } from '#model/resource.ts';
import type { IngressSettings } from './ingress-settings.ts';
import { ingressSettings } from './ingress.ts';

function ingress(annotations: Readonly<Record<string, string>>, className?: string, spec: object = {}): Resource {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'x', namespace: 'shop', labels: {}, annotations },
    spec: { ...(className === undefined ? {} : { ingressClassName: className }), ...spec },
    body: {},
  };
}

function other(
  apiVersion: string,
  kind: string,
  name: string,
  spec: unknown,
  annotations: Readonly<Record<string, string>> = {},
): Resource {
  return { apiVersion, kind, metadata: { name, namespace: 'shop', labels: {}, annotations }, spec, body: {} };
}

/** The values alone, lists by their values. */
function values(settings: IngressSettings): Readonly<Record<string, unknown>> {
  const entries = Object.entries(settings).flatMap(([name, setting]): [string, unknown][] => {
    if (name === 'controllers' || name === 'className') return [];
    if (Array.isArray(setting))
      return setting.length === 0 ? [] : [[name, (setting as { value: unknown }[]).map((each) => each.value)]];
    return [[name, (setting as { value: unknown }).value]];
  });
  return Object.fromEntries(entries);
}

const N = 'nginx.ingress.kubernetes.io/';
const H = 'haproxy.org/';
const J = 'haproxy-ingress.github.io/';
const A = 'alb.ingress.kubernetes.io/';
const requests = (amount: number, perSeconds: number): object => ({ amount, unit: 'requests', perSeconds });

const ROWS: readonly (readonly [Readonly<Record<string, string>>, Readonly<Record<string, unknown>>])[] = [
  [{ [`${N}ssl-redirect`]: 'false' }, { tlsRedirect: false }],
  [{ [`${N}force-ssl-redirect`]: 'true', [`${N}ssl-redirect`]: 'false' }, { tlsRedirect: true }],
  [
    { [`${N}ssl-passthrough`]: 'true', [`${N}backend-protocol`]: 'HTTPS', [`${N}proxy-ssl-verify`]: 'off' },
    { tlsPassthrough: true, backendProtocol: 'https', backendVerify: false },
  ],
  [
    { [`${N}limit-rps`]: '5', [`${N}limit-rpm`]: '0', [`${N}limit-connections`]: '9' },
    { rateLimits: [requests(5, 1), { amount: 9, unit: 'connections', perSeconds: 0 }] },
  ],
  [{ [`${N}whitelist-source-range`]: '10.0.0.0/8, 192.168.0.0/16' }, { sourceRanges: ['10.0.0.0/8', '192.168.0.0/16'] }],
  [
    { [`${N}auth-type`]: 'basic', [`${N}auth-secret`]: 'users' },
    { authentications: [{ kind: 'basic', enforced: true, by: 'users' }] },
  ],
  [
    { [`${N}auth-url`]: 'http://auth/check' },
    { authentications: [{ kind: 'external', enforced: true, by: 'http://auth/check' }] },
  ],
  [
    { [`${N}auth-tls-secret`]: 'shop/ca', [`${N}auth-tls-verify-client`]: 'optional' },
    { authentications: [{ kind: 'mtls', enforced: false, by: 'shop/ca' }] },
  ],
  [{ [`${N}auth-tls-secret`]: 'shop/ca', [`${N}auth-tls-verify-client`]: 'off' }, {}],
  [{ [`${N}enable-cors`]: 'true' }, { cors: { origins: ['*'], credentials: true } }],
  [{ [`${N}enable-cors`]: 'false', [`${N}cors-allow-origin`]: '*' }, {}],
  [{ [`${N}server-snippet`]: 'return 200;' }, { snippets: ['return 200;'] }],
  [
    { [`${N}enable-modsecurity`]: 'true', [`${N}modsecurity-snippet`]: 'SecRuleEngine DetectionOnly' },
    { snippets: ['SecRuleEngine DetectionOnly'], waf: { on: false, by: 'ModSecurity' } },
  ],
  [{ [`${N}enable-modsecurity`]: 'true' }, { waf: { on: true, by: 'ModSecurity' } }],
  [
    {
      [`${H}rate-limit-requests`]: '10',
      [`${H}rate-limit-period`]: '1m',
      [`${H}server-ssl`]: 'true',
      [`${H}whitelist`]: '10.0.0.0/8',
    },
    { rateLimits: [requests(10, 60)], backendProtocol: 'https', sourceRanges: ['10.0.0.0/8'] },
  ],
  [
    { [`${H}auth-type`]: 'basic-auth', [`${H}auth-secret`]: 'u', [`${H}ssl-redirect`]: 'true' },
    { tlsRedirect: true, authentications: [{ kind: 'basic', enforced: true, by: 'u' }] },
  ],
  [
    { [`${J}backend-protocol`]: 'h2-ssl', [`${J}limit-rps`]: '3', [`${J}waf`]: 'modsecurity', [`${J}config-backend`]: 'x' },
    { backendProtocol: 'h2', rateLimits: [requests(3, 1)], waf: { on: true, by: 'modsecurity' }, snippets: ['x'] },
  ],
  [{ 'ingress.kubernetes.io/ssl-redirect': 'false' }, { tlsRedirect: false }],
  [
    {
      [`${A}scheme`]: 'internet-facing',
      [`${A}listen-ports`]: '[{"HTTPS": 443}]',
      [`${A}certificate-arn`]: 'arn:x',
      [`${A}inbound-cidrs`]: '10.0.0.0/8',
    },
    { reachableFrom: 'internet', plainHttp: false, tls: 'arn:x', sourceRanges: ['10.0.0.0/8'] },
  ],
  [
    { [`${A}auth-type`]: 'oidc', [`${A}auth-on-unauthenticated-request`]: 'allow', [`${A}wafv2-acl-arn`]: 'arn:w' },
    { authentications: [{ kind: 'oidc', enforced: false, by: 'oidc' }], waf: { on: true, by: 'AWS WAF' } },
  ],
  [
    { [`${A}ssl-redirect`]: '443', [`${A}ssl-policy`]: 'ELBSecurityPolicy-2016-08', [`${A}backend-protocol-version`]: 'GRPC' },
    { tlsRedirect: true, tlsPolicies: ['ELBSecurityPolicy-2016-08'], backendProtocol: 'grpc' },
  ],
  [
    { 'kubernetes.io/ingress.allow-http': 'false', 'networking.gke.io/managed-certificates': 'c' },
    { plainHttp: false, tls: 'c' },
  ],
  [
    { 'traefik.ingress.kubernetes.io/router.tls': 'true', 'traefik.ingress.kubernetes.io/router.entrypoints': 'websecure' },
    { tls: 'true', plainHttp: false },
  ],
  [{ 'example.com/ssl-redirect': 'false' }, {}],
];

test('annotations of every controller say the same things', () => {
  for (const [annotations, want] of ROWS)
    assert.deepEqual(values(ingressSettings(ingress(annotations))), want, JSON.stringify(annotations));
});

test('annotations of a controller that does not serve the class have no effect', () => {
  const annotations = { [`${N}limit-rps`]: '5', [`${H}rate-limit-requests`]: '9' };
  assert.deepEqual(values(ingressSettings(ingress(annotations, 'haproxy'))), { rateLimits: [requests(9, 1)] });
  assert.equal(ingressSettings(ingress(annotations, 'public')).rateLimits.length, 2);
  const old = ingressSettings(ingress({ ...annotations, 'kubernetes.io/ingress.class': 'nginx-internal' }));
  assert.deepEqual([old.className, old.controllers, old.rateLimits.length], ['nginx-internal', ['nginx'], 1]);
  assert.deepEqual(ingressSettings(ingress({}, 'traefik')).controllers, ['traefik']);
});

test('every setting names its annotation', () => {
  const settings = ingressSettings(
    ingress({
      [`${N}whitelist-source-range`]: '10.0.0.0/8',
      [`${N}enable-cors`]: 'true',
      [`${N}cors-allow-origin`]: 'https://a',
    }),
  );
  assert.deepEqual([settings.sourceRanges?.key, settings.cors?.key], [`${N}whitelist-source-range`, `${N}cors-allow-origin`]);
});

test('Traefik Middlewares are followed, chains too', () => {
  const key = 'traefik.ingress.kubernetes.io/router.middlewares';
  const middleware = (name: string, spec: object): Resource => other('traefik.io/v1alpha1', 'Middleware', name, spec);
  const others = [
    middleware('all', { chain: { middlewares: [{ name: 'auth' }, { name: 'limit' }, { name: 'all' }] } }),
    middleware('auth', { forwardAuth: { address: 'http://auth' } }),
    middleware('limit', { rateLimit: { average: 10, period: '1m' }, ipAllowList: { sourceRange: ['10.0.0.0/8'] } }),
  ];
  const settings = ingressSettings(ingress({ [key]: 'shop-all@kubernetescrd' }), others);
  assert.deepEqual(values(settings), {
    authentications: [{ kind: 'external', enforced: true, by: 'http://auth' }],
    rateLimits: [requests(10, 60)],
    sourceRanges: ['10.0.0.0/8'],
  });
  assert.deepEqual([settings.rateLimits[0]?.key, settings.rateLimits[0]?.resource?.metadata.name], [key, 'limit']);
});

test('GKE FrontendConfig and BackendConfig are followed', () => {
  const others = [
    other('networking.gke.io/v1beta1', 'FrontendConfig', 'front', { redirectToHttps: { enabled: true }, sslPolicy: 'modern' }),
    other('cloud.google.com/v1', 'BackendConfig', 'back', { securityPolicy: { name: 'armor' }, iap: { enabled: true } }),
    other('v1', 'Service', 'web', {}, { 'cloud.google.com/backend-config': '{"default": "back"}' }),
  ];
  const rules = { rules: [{ http: { paths: [{ backend: { service: { name: 'web' } } }] } }] };
  const settings = ingressSettings(ingress({ 'networking.gke.io/v1beta1.FrontendConfig': 'front' }, 'gce', rules), others);
  assert.deepEqual(values(settings), {
    tlsRedirect: true,
    tlsPolicies: ['modern'],
    waf: { on: true, by: 'Cloud Armor armor' },
    authentications: [{ kind: 'oidc', enforced: true, by: 'Identity-Aware Proxy' }],
  });
  assert.deepEqual(values(ingressSettings(ingress({}, 'gce', rules), [])), {});
});
