// Gap: TLS ended, disabled or weak, in the words of other edges, data stores and clusters.
import { gap as first } from '../gaps/tls.ts';
import { add, casesOf, container, find } from '../world.ts';
import type { Doc, Gap, World } from '../world.ts';

const NAMESPACE = 'sock-shop';
const object = (apiVersion: string, kind: string, name: string, rest: Doc, metadata: Doc = {}): Doc => ({
  apiVersion,
  kind,
  metadata: { name, namespace: NAMESPACE, ...metadata },
  ...rest,
});
const rule = (host: string): Doc => ({
  host,
  http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'front-end', port: { number: 80 } } } }] },
});
const ingress = (className: string, annotations: Doc, spec: Doc = {}): Doc =>
  object(
    'networking.k8s.io/v1',
    'Ingress',
    'more',
    { spec: { ingressClassName: className, rules: [rule('more.socks.example')], ...spec } },
    { annotations },
  );
const TLS = { tls: [{ hosts: ['more.socks.example'], secretName: 'more-tls' }] };
const proxy = (tls: Doc | undefined, route: Doc = {}): Doc =>
  object('projectcontour.io/v1', 'HTTPProxy', 'contour', {
    spec: {
      virtualhost: { fqdn: 'contour.socks.example', ...(tls && { tls }) },
      routes: [{ services: [{ name: 'front-end', port: 80 }], ...route }],
    },
  });
const tlsOption = (spec: Doc): Doc => object('traefik.io/v1alpha1', 'TLSOption', 'default', { spec });
const istio = (server: Doc): Doc =>
  object('networking.istio.io/v1', 'Gateway', 'edge', {
    spec: { selector: { istio: 'ingressgateway' }, servers: [{ hosts: ['socks.example'], ...server }] },
  });
const destination = (tls: Doc): Doc =>
  object('networking.istio.io/v1', 'DestinationRule', 'orders-tls', { spec: { host: 'orders', trafficPolicy: { tls } } });
const peer = (spec: Doc, name = 'default', namespace = NAMESPACE): Doc =>
  object('security.istio.io/v1', 'PeerAuthentication', name, { spec }, { namespace });
const settings = (name: string, namespace: string, data: Doc): Doc => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data,
});
const encryption = (providers: readonly Doc[], resources: readonly string[] = ['secrets']): Doc => ({
  apiVersion: 'apiserver.config.k8s.io/v1',
  kind: 'EncryptionConfiguration',
  resources: [{ resources, providers }],
});
const KEY = { keys: [{ name: 'k', secret: 'c2VjcmV0IGlzIHNlY3VyZSwgSSB0aGluaw==' }] };
const KMS = { kms: { apiVersion: 'v2', name: 'kms', endpoint: 'unix:///run/kms.sock' } };
const env =
  (name: string, value: string, workload = 'orders') =>
  (world: World) => {
    const one = container(world, 'Deployment', workload);
    one['env'] = [...((one['env'] as Doc[] | undefined) ?? []), { name, value }];
  };
const put =
  (...docs: readonly Doc[]) =>
  (world: World) =>
    add(world, ...docs);
const nginx = (lines: string): string =>
  `server {\n  listen 443 ssl;\n  ssl_certificate /etc/tls/tls.crt;\n  ssl_certificate_key /etc/tls/tls.key;\n${lines}  location / { proxy_pass http://front-end; }\n}\n`;
const envoy = (minimum: string): string =>
  `static_resources:\n  listeners:\n    - name: edge\n      filter_chains:\n        - transport_socket:\n            name: envoy.transport_sockets.tls\n            typed_config:\n              common_tls_context:\n                tls_params:\n                  tls_minimum_protocol_version: ${minimum}\n`;
const balancer = (annotations: Doc, port: Doc) => (world: World) => {
  const service = find(world, 'Service', 'front-end');
  service['metadata'].annotations = annotations;
  service['spec'] = { selector: { name: 'front-end' }, type: 'LoadBalancer', ports: [port] };
};
const cluster = (profile: string): Doc => ({
  apiVersion: 'eksctl.io/v1alpha5',
  kind: 'ClusterConfig',
  metadata: { name: 'socks', region: 'eu-west-1' },
  ...(profile !== '' && { secretsEncryption: { keyARN: profile } }),
});

/** Strict for the whole mesh; nothing here opens a way in. */
function strict(world: World): World {
  const { spec } = find(world, 'Service', 'front-end');
  spec.type = 'ClusterIP';
  for (const port of spec.ports as Doc[]) delete port['nodePort'];
  add(
    world,
    peer({ mtls: { mode: 'STRICT' } }, 'default', 'istio-system'),
    peer({ mtls: { mode: 'STRICT' } }),
    encryption([KMS, { identity: {} }]),
  );
  return world;
}
const encrypt = (providers: readonly Doc[]) => (world: World) => {
  const config = world.docs.find(({ kind }) => kind === 'EncryptionConfiguration') as Doc;
  config['resources'][0].providers = providers;
};

export const gap: Gap = {
  name: 'more-tls',
  codes: first.codes,
  cases: (systems) =>
    casesOf(
      strict(systems.sockShop()),
      {
        'Traefik: an Ingress at the plain entry point': put(
          ingress('traefik', { 'traefik.ingress.kubernetes.io/router.entrypoints': 'web' }),
        ),
        'HAProxy: redirect switched off': put(ingress('haproxy', { 'haproxy.org/ssl-redirect': 'false' }, TLS)),
        'AWS: an ALB that listens on port 80 alone': put(
          ingress('alb', {
            'alb.ingress.kubernetes.io/scheme': 'internet-facing',
            'alb.ingress.kubernetes.io/listen-ports': '[{"HTTP": 80}]',
          }),
        ),
        'AWS: an old policy of the load balancer': put(
          ingress('alb', {
            'alb.ingress.kubernetes.io/scheme': 'internet-facing',
            'alb.ingress.kubernetes.io/listen-ports': '[{"HTTPS": 443}]',
            'alb.ingress.kubernetes.io/certificate-arn': 'arn:aws:acm:eu-west-1:123456789012:certificate/0f0f',
            'alb.ingress.kubernetes.io/ssl-policy': 'ELBSecurityPolicy-TLS-1-0-2015-04',
          }),
        ),
        'Contour: a host without TLS': put(proxy(undefined)),
        'Contour: TLS from 1.1 on': put(proxy({ secretName: 'socks-tls', minimumProtocolVersion: '1.1' })),
        'Contour: plain HTTP is let through beside TLS': put(proxy({ secretName: 'socks-tls' }, { permitInsecure: true })),
        'Traefik: options with TLS 1.0': put(tlsOption({ minVersion: 'VersionTLS10' })),
        'Traefik: options with a 3DES suite': put(
          tlsOption({ minVersion: 'VersionTLS12', cipherSuites: ['TLS_RSA_WITH_3DES_EDE_CBC_SHA'] }),
        ),
        'Istio: an open gRPC server at the gateway': put(istio({ port: { number: 9000, name: 'grpc', protocol: 'GRPC' } })),
        'Istio: TLS 1.1 at the gateway': put(
          istio({
            port: { number: 443, name: 'https', protocol: 'HTTPS' },
            tls: { mode: 'SIMPLE', credentialName: 'socks', minProtocolVersion: 'TLSV1_1' },
          }),
        ),
        'Istio: mutual TLS off towards one service': put(destination({ mode: 'DISABLE' })),
        'Istio: the namespace is permissive': (world) => {
          const policies = world.docs.filter(
            ({ kind, metadata }) => kind === 'PeerAuthentication' && metadata.namespace === NAMESPACE,
          );
          (policies[0] as Doc)['spec'].mtls.mode = 'PERMISSIVE';
        },
        'Istio: one workload without': put(
          peer({ selector: { matchLabels: { name: 'payment' } }, mtls: { mode: 'DISABLE' } }, 'payment'),
        ),
        'Istio: the certificate of an upstream is not checked': put(destination({ mode: 'SIMPLE', insecureSkipVerify: true })),
        'nginx in a ConfigMap: old protocols': put(
          settings('edge', NAMESPACE, { 'default.conf': nginx('  ssl_protocols TLSv1 TLSv1.1 TLSv1.2;\n') }),
        ),
        'nginx in a ConfigMap: export ciphers': put(
          settings('edge', NAMESPACE, { 'default.conf': nginx('  ssl_ciphers EXP-RC4-MD5:HIGH:!aNULL;\n') }),
        ),
        'Envoy in a ConfigMap: TLS 1.0': put(settings('envoy', NAMESPACE, { 'envoy.yaml': envoy('TLSv1_0') })),
        'a database without TLS': env('DATABASE_URL', 'postgres://orders@db.internal.example:5432/orders?sslmode=disable'),
        'Mongo over the internet in clear': env('MONGO_URL', 'mongodb://orders@mongo.cloud.example:27017/orders?tls=false'),
        'Kafka in clear, outside the mesh': (world) => {
          env('KAFKA_SECURITY_PROTOCOL', 'PLAINTEXT')(world);
          find(world, 'Deployment', 'orders')['spec'].template.metadata.annotations = { 'sidecar.istio.io/inject': 'false' };
        },
        'certificates unchecked in Node': env('NODE_TLS_REJECT_UNAUTHORIZED', '0', 'front-end'),
        'certificates unchecked in Python': env('PYTHONHTTPSVERIFY', '0'),
        'secrets in clear in etcd': encrypt([{ identity: {} }]),
        'the key comes after no encryption': encrypt([{ identity: {} }, { aescbc: KEY }]),
        'a load balancer in clear': balancer({}, { name: 'http', port: 80, targetPort: 8079 }),
      },
      {
        'Traefik: at the secure entry point with TLS': put(
          ingress(
            'traefik',
            {
              'traefik.ingress.kubernetes.io/router.entrypoints': 'websecure',
              'traefik.ingress.kubernetes.io/router.tls': 'true',
            },
            TLS,
          ),
        ),
        'HAProxy: TLS with a redirect': put(ingress('haproxy', { 'haproxy.org/ssl-redirect': 'true' }, TLS)),
        'AWS: an ALB with a certificate and a redirect': put(
          ingress('alb', {
            'alb.ingress.kubernetes.io/scheme': 'internet-facing',
            'alb.ingress.kubernetes.io/listen-ports': '[{"HTTP": 80}, {"HTTPS": 443}]',
            'alb.ingress.kubernetes.io/certificate-arn': 'arn:aws:acm:eu-west-1:123456789012:certificate/0f0f',
            'alb.ingress.kubernetes.io/ssl-redirect': '443',
            'alb.ingress.kubernetes.io/ssl-policy': 'ELBSecurityPolicy-TLS13-1-2-2021-06',
          }),
        ),
        'Contour: TLS from 1.3 on': put(proxy({ secretName: 'socks-tls', minimumProtocolVersion: '1.3' })),
        'Contour: TLS with the default version': put(proxy({ secretName: 'socks-tls' })),
        'Traefik: options with TLS 1.2 and good suites': put(
          tlsOption({ minVersion: 'VersionTLS12', cipherSuites: ['TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384'] }),
        ),
        'Istio: a redirecting server': put(
          istio({ port: { number: 80, name: 'http', protocol: 'HTTP' }, tls: { httpsRedirect: true } }),
        ),
        'Istio: mutual TLS said outright': put(destination({ mode: 'ISTIO_MUTUAL' })),
        'Istio: strict once more for one workload': put(
          peer({ selector: { matchLabels: { name: 'payment' } }, mtls: { mode: 'STRICT' } }, 'payment'),
        ),
        'Istio: inherited outright': put(
          peer({ selector: { matchLabels: { name: 'payment' } }, mtls: { mode: 'UNSET' } }, 'payment'),
        ),
        'nginx in a ConfigMap: modern protocols': put(
          settings('edge', NAMESPACE, { 'default.conf': nginx('  ssl_protocols TLSv1.2 TLSv1.3;\n') }),
        ),
        'nginx in a ConfigMap: old protocols in a comment': put(
          settings('edge', NAMESPACE, {
            'default.conf': nginx('  # ssl_protocols TLSv1; was here before\n  ssl_protocols TLSv1.3;\n'),
          }),
        ),
        'Envoy in a ConfigMap: TLS 1.2': put(settings('envoy', NAMESPACE, { 'envoy.yaml': envoy('TLSv1_2') })),
        'a database with a checked certificate': env(
          'DATABASE_URL',
          'postgres://orders@db.internal.example:5432/orders?sslmode=verify-full',
        ),
        'Mongo with TLS': env('MONGO_URL', 'mongodb+srv://orders@mongo.cloud.example/orders?tls=true'),
        'Kafka with TLS': env('KAFKA_SECURITY_PROTOCOL', 'SASL_SSL'),
        'certificates checked in Node': env('NODE_TLS_REJECT_UNAUTHORIZED', '1', 'front-end'),
        'an additional authority in Node': env('NODE_EXTRA_CA_CERTS', '/etc/ca/ca.crt', 'front-end'),
        'a second key for the rotation': encrypt([
          KMS,
          { kms: { ...KMS.kms, name: 'kms-next', endpoint: 'unix:///run/next.sock' } },
          { identity: {} },
        ]),
        'a load balancer that ends TLS': balancer(
          {
            'service.beta.kubernetes.io/aws-load-balancer-ssl-cert': 'arn:aws:acm:eu-west-1:123456789012:certificate/0f0f',
            'service.beta.kubernetes.io/aws-load-balancer-ssl-ports': 'https',
          },
          { name: 'https', port: 443, targetPort: 8079 },
        ),
        'a cluster with its own key': put(cluster('arn:aws:kms:eu-west-1:123456789012:key/0f0f')),
        'a word in a ConfigMap': put(settings('notes', NAMESPACE, { 'README.md': 'We switched SSLv3 off in 2014.\n' })),
      },
    ),
};
