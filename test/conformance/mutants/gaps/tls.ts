// Gap: TLS ended or disabled at the ingress, plaintext behind it, weak settings, secrets at rest in clear.
import { add, casesOf, container, find, remove } from '../world.ts';
import type { Doc, Gap, World } from '../world.ts';

const NGINX = 'nginx.ingress.kubernetes.io';
const MODERN = { 'ssl-protocols': 'TLSv1.2 TLSv1.3', 'ssl-ciphers': 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384' };

function secured(world: World): World {
  remove(world, 'Service', 'frontend-external');
  add(
    world,
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'shop', annotations: { [`${NGINX}/limit-rps`]: '20' } },
      spec: {
        ingressClassName: 'nginx',
        tls: [{ hosts: ['shop.example.com', 'api.example.com'], secretName: 'shop-tls' }],
        rules: ['shop', 'api'].map((name) => ({
          host: `${name}.example.com`,
          http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'frontend', port: { number: 80 } } } }] },
        })),
      },
    },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'ingress-nginx-controller', namespace: 'ingress-nginx' },
      data: { ...MODERN },
    },
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { name: 'edge' },
      spec: {
        gatewayClassName: 'istio',
        listeners: [
          { name: 'https', port: 443, protocol: 'HTTPS', tls: { mode: 'Terminate', certificateRefs: [{ name: 'shop-tls' }] } },
          { name: 'http', port: 80, protocol: 'HTTP' },
        ],
      },
    },
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'redirect' },
      spec: {
        parentRefs: [{ name: 'edge', sectionName: 'http' }],
        rules: [{ filters: [{ type: 'RequestRedirect', requestRedirect: { scheme: 'https', statusCode: 301 } }] }],
      },
    },
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'Gateway',
      metadata: { name: 'mesh-edge' },
      spec: {
        selector: { istio: 'ingressgateway' },
        servers: [
          {
            port: { number: 443, name: 'https', protocol: 'HTTPS' },
            hosts: ['shop.example.com'],
            tls: { mode: 'SIMPLE', credentialName: 'shop-tls', minProtocolVersion: 'TLSV1_2' },
          },
          { port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['shop.example.com'], tls: { httpsRedirect: true } },
        ],
      },
    },
    {
      apiVersion: 'security.istio.io/v1',
      kind: 'PeerAuthentication',
      metadata: { name: 'default', namespace: 'istio-system' },
      spec: { mtls: { mode: 'STRICT' } },
    },
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: { name: 'cart' },
      spec: { host: 'cartservice', trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' } } },
    },
    {
      apiVersion: 'apiserver.config.k8s.io/v1',
      kind: 'EncryptionConfiguration',
      resources: [
        {
          resources: ['secrets'],
          providers: [{ kms: { apiVersion: 'v2', name: 'kms', endpoint: 'unix:///run/kms.sock' } }, { identity: {} }],
        },
      ],
    },
  );
  return world;
}

const spec = (world: World, kind: string, name: string): Doc => find(world, kind, name)['spec'] as Doc;
const ingress = (edit: (spec: Doc) => void) => (world: World) => edit(spec(world, 'Ingress', 'shop'));
const annotate = (set: Doc) => (world: World) =>
  Object.assign(find(world, 'Ingress', 'shop')['metadata'].annotations as Doc, set);
const controller = (set: Doc) => (world: World) =>
  Object.assign(find(world, 'ConfigMap', 'ingress-nginx-controller')['data'] as Doc, set);
const server = (index: number, edit: (server: Doc) => void) => (world: World) =>
  edit(find(world, 'Gateway', 'mesh-edge')['spec'].servers[index] as Doc);
const peer = (mode: string) => (world: World) => {
  spec(world, 'PeerAuthentication', 'default')['mtls'].mode = mode;
};
const rule = (tls: Doc) => (world: World) => {
  spec(world, 'DestinationRule', 'cart')['trafficPolicy'].tls = tls;
};
const encryption = (providers: readonly Doc[]) => (world: World) => {
  const config = world.docs.find(({ kind }) => kind === 'EncryptionConfiguration') as Doc;
  config['resources'][0].providers = providers;
};
const env = (value: string) => (world: World) => {
  (container(world, 'Deployment', 'cartservice')['env'] as Doc[]).push({ name: 'DATABASE_URL', value });
};
const key = { aescbc: { keys: [{ name: 'k1', secret: 'c2VjcmV0IGlzIHNlY3VyZSwgSSB0aGluaw==' }] } };

export const gap: Gap = {
  name: 'tls',
  codes: ['tls.', 'mtls.', 'mesh.', 'policy.plaintext', 'cluster.encryption', 'secrets-config.', 'istio.', 'cluster.'],
  cases: (systems) =>
    casesOf(
      secured(systems.boutique()),
      {
        'ingress without TLS': ingress((it) => delete it['tls']),
        'TLS for one host of two': ingress((it) => (it['tls'][0].hosts = ['shop.example.com'])),
        'no redirect': annotate({ [`${NGINX}/ssl-redirect`]: 'false' }),
        'old protocols': controller({ 'ssl-protocols': 'TLSv1 TLSv1.1 TLSv1.2' }),
        'SSL 3': controller({ 'ssl-protocols': 'SSLv3 TLSv1.2' }),
        'weak ciphers': controller({ 'ssl-ciphers': 'DES-CBC3-SHA:RC4-SHA' }),
        'an anonymous cipher among good ones': controller({ 'ssl-ciphers': `${MODERN['ssl-ciphers']}:ADH-AES128-SHA` }),
        'gateway listener in clear without redirect': (world) => remove(world, 'HTTPRoute', 'redirect'),
        'a route in clear beside the redirect': (world) =>
          add(world, {
            apiVersion: 'gateway.networking.k8s.io/v1',
            kind: 'HTTPRoute',
            metadata: { name: 'clear' },
            spec: {
              parentRefs: [{ name: 'edge', sectionName: 'http' }],
              rules: [{ matches: [{ path: { value: '/pay' } }], backendRefs: [{ name: 'frontend', port: 80 }] }],
            },
          }),
        'Istio gateway without redirect': server(1, (it) => delete it['tls']),
        'Istio gateway with TLS 1.0': server(0, (it) => (it['tls'].minProtocolVersion = 'TLSV1_0')),
        'Istio gateway with a weak cipher': server(
          0,
          (it) => (it['tls'].cipherSuites = ['ECDHE-RSA-AES128-GCM-SHA256', 'DES-CBC3-SHA']),
        ),
        'mesh permissive': peer('PERMISSIVE'),
        'mesh disabled': peer('DISABLE'),
        'one port in clear': (world) =>
          add(world, {
            apiVersion: 'security.istio.io/v1',
            kind: 'PeerAuthentication',
            metadata: { name: 'cart' },
            spec: {
              selector: { matchLabels: { app: 'cartservice' } },
              mtls: { mode: 'STRICT' },
              portLevelMtls: { 7070: { mode: 'DISABLE' } },
            },
          }),
        'one namespace permissive': (world) =>
          add(world, {
            apiVersion: 'security.istio.io/v1',
            kind: 'PeerAuthentication',
            metadata: { name: 'default', namespace: 'default' },
            spec: { mtls: { mode: 'PERMISSIVE' } },
          }),
        'client side disabled': rule({ mode: 'DISABLE' }),
        'server never verified': rule({ mode: 'SIMPLE' }),
        'verification skipped': rule({ mode: 'SIMPLE', insecureSkipVerify: true, caCertificates: '/etc/ca.pem' }),
        'identity provider first': encryption([{ identity: {} }, key]),
        'identity provider alone': encryption([{ identity: {} }]),
        'database without TLS': env('postgres://shop@db.example.com:5432/cart?sslmode=disable'),
        'database that never verifies': env('mysql://shop@db.example.com:3306/cart?tls=skip-verify'),
        'load balancer in clear': (world) => {
          Object.assign(spec(world, 'Service', 'frontend'), { type: 'LoadBalancer' });
        },
      },
      {
        'redirect said outright': annotate({ [`${NGINX}/ssl-redirect`]: 'true' }),
        'redirect forced': annotate({ [`${NGINX}/force-ssl-redirect`]: 'true' }),
        'one TLS entry for each host': ingress((it) => {
          it['tls'] = ['shop', 'api'].map((name) => ({ hosts: [`${name}.example.com`], secretName: `${name}-tls` }));
        }),
        'a wildcard host covers both': ingress((it) => (it['tls'][0].hosts = ['*.example.com'])),
        'the default certificate': ingress((it) => (it['tls'] = [{ hosts: ['shop.example.com', 'api.example.com'] }])),
        'TLS 1.3 alone': controller({ 'ssl-protocols': 'TLSv1.3' }),
        'one good cipher': controller({ 'ssl-ciphers': 'ECDHE-RSA-AES256-GCM-SHA384' }),
        'weak ciphers excluded': controller({ 'ssl-ciphers': 'HIGH:!aNULL:!MD5:!3DES:!RC4' }),
        'encrypted upstream': annotate({ [`${NGINX}/backend-protocol`]: 'HTTPS' }),
        'permanent redirect': (world) => {
          find(world, 'HTTPRoute', 'redirect')['spec'].rules[0].filters[0].requestRedirect.statusCode = 308;
        },
        'no listener in clear': (world) => {
          remove(world, 'HTTPRoute', 'redirect');
          find(world, 'Gateway', 'edge')['spec'].listeners.pop();
        },
        'Istio gateway with TLS 1.3': server(0, (it) => (it['tls'].minProtocolVersion = 'TLSV1_3')),
        'Istio gateway with its default': server(0, (it) => delete it['tls'].minProtocolVersion),
        'Istio gateway that asks for client certificates': server(0, (it) => (it['tls'].mode = 'MUTUAL')),
        'Istio gateway with good ciphers': server(0, (it) => (it['tls'].cipherSuites = ['ECDHE-ECDSA-AES256-GCM-SHA384'])),
        'strict said again': (world) =>
          add(world, {
            apiVersion: 'security.istio.io/v1',
            kind: 'PeerAuthentication',
            metadata: { name: 'default', namespace: 'default' },
            spec: { mtls: { mode: 'STRICT' } },
          }),
        'a workload that inherits': (world) =>
          add(world, {
            apiVersion: 'security.istio.io/v1',
            kind: 'PeerAuthentication',
            metadata: { name: 'cart' },
            spec: { selector: { matchLabels: { app: 'cartservice' } }, mtls: { mode: 'UNSET' } },
          }),
        'an outside server that is verified': rule({
          mode: 'SIMPLE',
          caCertificates: '/etc/ca.pem',
          subjectAltNames: ['cart.example.com'],
        }),
        'AES-GCM with a KMS': encryption([
          { kms: { apiVersion: 'v2', name: 'a', endpoint: 'unix:///run/a.sock' } },
          { kms: { apiVersion: 'v2', name: 'b', endpoint: 'unix:///run/b.sock' } },
          { identity: {} },
        ]),
        'database with full verification': env('postgres://shop@db.example.com:5432/cart?sslmode=verify-full'),
        'redis over TLS': env('rediss://cache.example.com:6380/0'),
      },
    ),
};
