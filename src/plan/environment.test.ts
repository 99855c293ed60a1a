import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_MESH } from '#model/istio.ts';
import type { Placement } from '#model/observed.ts';
import type { WorkloadRunSpec } from '#model/platform.ts';
import type { EnvVar, Service, Workload } from '#model/system.ts';
import { workloadEnvironment } from './environment.ts';

const metadata = (name: string) => ({ name, namespace: 'shop', labels: {}, annotations: {} });
const service = (name: string, port: number, portName = ''): Service => ({
  id: `shop/${name}`,
  namespace: 'shop',
  name,
  host: `${name}.shop.svc.cluster.local`,
  type: 'ClusterIP',
  selector: { app: name },
  ports: [{ name: portName, port, targetPort: port, protocol: 'http' }],
  resource: { apiVersion: 'v1', kind: 'Service', metadata: metadata(name), spec: {}, body: {} },
});
const services = [service('cart', 7070, 'http'), service('user-service', 80)];
const outside = {
  namespace: 'shop',
  name: 'outside',
  spec: {
    hosts: ['api.example.com'],
    addresses: [],
    ports: [
      { number: 80, name: 'http', protocol: 'HTTP' },
      { number: 443, name: 'https', protocol: 'HTTPS' },
    ],
    location: 'MESH_EXTERNAL',
    resolution: 'DNS',
    endpoints: [],
    exportTo: [],
    subjectAltNames: [],
  },
  resource: { apiVersion: 'networking.istio.io/v1', kind: 'ServiceEntry', metadata: metadata('outside'), spec: {}, body: {} },
} as const;
const system = {
  mesh: DEFAULT_MESH,
  services,
  serviceEntries: [outside],
  sidecars: [],
  destinationRules: [],
  httpRoutes: [],
  streamRoutes: [],
  resources: [],
} as unknown as Parameters<typeof workloadEnvironment>[0];
const workload = (env: EnvVar[]): Workload => ({
  id: 'shop/front',
  namespace: 'shop',
  name: 'front',
  kind: 'Deployment',
  labels: {},
  annotations: {},
  serviceAccount: 'front',
  identity: 'spiffe://cluster.local/ns/shop/sa/front',
  replicas: 1,
  containers: [
    { name: 'c', image: '', command: [], args: [], env, ports: [{ name: '', port: 8080, transport: 'TCP' }], init: false },
  ],
  resource: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: metadata('front'), spec: {}, body: {} },
});
const placement: Placement = {
  workload: 'shop/front',
  app: { 8080: { ip: '127.0.0.1', port: 40001 } },
  inbound: { 8080: { ip: '127.0.0.1', port: 40002 } },
  outbound: {
    'shop/cart:7070': { ip: '127.0.0.1', port: 40003 },
    'shop/user-service:80': { ip: '127.0.0.1', port: 40004 },
    'api.example.com:80': { ip: '127.0.0.1', port: 40005 },
  },
};
const serviceIps = { 'shop/cart': '10.96.1.1', 'shop/user-service': '10.96.1.2' };
const run = (env: Record<string, string> = {}): WorkloadRunSpec => ({
  workload: 'front',
  cwd: '.',
  env,
  readiness: { kind: 'tcp' },
  readyTimeoutMs: 1000,
});

for (const [name, value, plain, inNamespace] of [
  ['CART', 'cart:7070', '127.0.0.1:40003', 'cart:7070'],
  ['USERS', 'http://user-service/api?x=cart', 'http://127.0.0.1:40004/api?x=cart', 'http://user-service/api?x=cart'],
  ['BOTH', 'cart:7070,user-service:80', '127.0.0.1:40003,127.0.0.1:40004', 'cart:7070,user-service:80'],
  ['OUT', 'http://api.example.com/v1', 'http://127.0.0.1:40005/v1', 'http://api.example.com/v1'],
  // The program begins TLS itself, and would refuse a certificate for another name.
  ['OUT_TLS', 'https://api.example.com:443/v1', 'https://api.example.com:443/v1', 'https://api.example.com:443/v1'],
  ['OUT_BEYOND', 'http://xapi.example.com.evil.org', 'http://xapi.example.com.evil.org', 'http://xapi.example.com.evil.org'],
  ['OTHER', 'example.com:7070', 'example.com:7070', 'example.com:7070'],
  ['PORT', '8080', '40001', '8080'],
  ['ADMIN_PORT', '8080', '40001', '8080'],
  ['SUPPORT', '8080', '8080', '8080'],
] as const)
  test(`environment value ${name}=${value}`, () => {
    const subject = workload([{ name, value }]);
    assert.equal(workloadEnvironment(system, subject, run(), placement, { isolation: 'none', serviceIps }).env[name], plain);
    assert.equal(
      workloadEnvironment(system, subject, run(), placement, { isolation: 'namespaces', serviceIps }).env[name],
      inNamespace,
    );
  });

for (const [pair, want] of [
  [
    { DB_HOST: 'cart', DB_PORT: '7070' },
    { DB_HOST: '127.0.0.1', DB_PORT: '40003' },
  ],
  [
    { CART_ADDR: 'cart.shop', CART_PORT: '7070' },
    { CART_ADDR: '127.0.0.1', CART_PORT: '40003' },
  ],
  [
    { DB_HOST: 'cart', DB_PORT: '9' },
    { DB_HOST: 'cart', DB_PORT: '9' },
  ],
  [
    { DB_HOST: 'example', DB_PORT: '7070' },
    { DB_HOST: 'example', DB_PORT: '7070' },
  ],
] as const)
  test(`environment pair ${JSON.stringify(pair)}`, () => {
    const subject = workload(Object.entries(pair).map(([name, value]) => ({ name, value })));
    const { env } = workloadEnvironment(system, subject, run(), placement, { isolation: 'none', serviceIps });
    assert.deepEqual(Object.fromEntries(Object.keys(want).map((name) => [name, env[name]])), want);
  });

test('service variables point at the own listener, or at the address inside the namespace', () => {
  const plain = workloadEnvironment(system, workload([]), run(), placement, { isolation: 'none', serviceIps }).env;
  assert.equal(plain['CART_SERVICE_HOST'], '127.0.0.1');
  assert.equal(plain['CART_SERVICE_PORT'], '40003');
  assert.equal(plain['CART_SERVICE_PORT_HTTP'], '40003');
  assert.equal(plain['PORT'], '40001');
  const inside = workloadEnvironment(system, workload([]), run(), placement, { isolation: 'namespaces', serviceIps }).env;
  assert.equal(inside['USER_SERVICE_SERVICE_HOST'], serviceIps['shop/user-service']);
  assert.equal(inside['CART_SERVICE_PORT'], '7070');
});

test('the Workload document wins, and a value from elsewhere is reported as missing until it says one', () => {
  const subject = workload([{ name: 'TOKEN', from: { kind: 'secret', name: 's', key: 'k' } }]);
  const bare = workloadEnvironment(system, subject, run(), placement, { isolation: 'none', serviceIps });
  assert.deepEqual(bare.missing, ['TOKEN']);
  const given = workloadEnvironment(system, subject, run({ TOKEN: 't', CART: 'http://cart:7070' }), placement, {
    isolation: 'none',
    serviceIps,
  });
  assert.deepEqual(given.missing, []);
  assert.equal(given.env['TOKEN'], 't');
  assert.equal(given.env['CART'], 'http://127.0.0.1:40003');
});
