import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hits } from '../../../test/fakes/scan.ts';
import { TLS_RULES } from './tls.ts';
import { connection } from './tls/database.ts';
import { dhBits, weakAwsPolicy, weakCiphers, weakMinimum, weakVersions } from './tls/weak.ts';

const ingress = (annotations: string, spec: string, name = 'web'): string =>
  `apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: ${name}, annotations: {${annotations}}}\nspec: {ingressClassName: nginx, ${spec}}\n---\n`;
const rules = (...hosts: readonly string[]): string =>
  `rules: [${hosts.map((host) => `{host: ${host}, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}`).join(', ')}]`;
const TLS = 'tls: [{hosts: [a.example.com], secretName: t}], ';
const NGINX = 'nginx.ingress.kubernetes.io';
const app = (more = '', port = 'port: 80, targetPort: 8080', type = 'ClusterIP', name = 'web'): string =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}${more}}\nspec: {type: ${type}, selector: {app: web}, ports: [{name: http, ${port}}]}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {app: web}}\nspec: {containers: [{name: c, image: "c:1.0.0"}]}\n---\n`;
const MESH = 'apiVersion: v1\nkind: Namespace\nmetadata: {name: default, labels: {istio-injection: enabled}}\n---\n';
const config = (data: string, name = 'ingress-nginx-controller'): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {${data}}\n---\n`;
const env = (name: string, value: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {app: p}}\nspec: {containers: [{name: c, image: "c:1.0.0", env: [{name: ${name}, value: "${value}"}]}]}\n---\n`;
const gateway = (listeners: string, className = 'envoy'): string =>
  `apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: edge}\nspec: {gatewayClassName: ${className}, listeners: [${listeners}]}\n---\n`;
const HTTPS = '{name: https, port: 443, protocol: HTTPS, tls: {mode: Terminate, certificateRefs: [{name: t}]}}';
const HTTP = '{name: http, port: 80, protocol: HTTP}';
const route = (section: string, rule: string, name = 'r'): string =>
  `apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: ${name}}\nspec: {parentRefs: [{name: edge, sectionName: ${section}}], rules: [${rule}]}\n---\n`;
const REDIRECT = '{filters: [{type: RequestRedirect, requestRedirect: {scheme: https}}]}';
const BACKEND = '{backendRefs: [{name: web, port: 80}]}';
const destination = (tls: string, host = 'cart'): string =>
  `apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: d}\nspec: {host: ${host}, trafficPolicy: {tls: {${tls}}}}\n`;

const ROWS: readonly (readonly [yaml: string, want: string])[] = [
  [ingress('', rules('a.example.com')), 'medium tls.ingress-plain'],
  [ingress('', TLS + rules('a.example.com')), ''],
  [ingress('', TLS + rules('a.example.com', 'b.example.com')), 'medium tls.ingress-plain'],
  [ingress('', `tls: [{hosts: ["*.example.com"]}], ${rules('a.example.com', 'b.example.com')}`), ''],
  [ingress('', `tls: [{hosts: ["*.example.com"]}], ${rules('a.b.example.com')}`), 'medium tls.ingress-plain'],
  [ingress(`${NGINX}/ssl-redirect: "false"`, TLS + rules('a.example.com')), 'medium tls.no-redirect'],
  [ingress(`${NGINX}/ssl-redirect: "true"`, TLS + rules('a.example.com')), ''],
  [config('ssl-redirect: "false"'), 'medium tls.no-redirect'],
  [ingress('', TLS + rules('a.example.com')) + app(), 'low tls.backend-plain'],
  [ingress('', TLS + rules('a.example.com')) + app() + MESH, ''],
  [ingress(`${NGINX}/backend-protocol: HTTPS`, TLS + rules('a.example.com')) + app(), 'info tls.backend-unverified'],
  [
    ingress(`${NGINX}/backend-protocol: HTTPS, ${NGINX}/proxy-ssl-verify: "off"`, TLS + rules('a.example.com')) + app(),
    'medium tls.backend-unverified',
  ],
  [ingress(`${NGINX}/backend-protocol: HTTPS, ${NGINX}/proxy-ssl-verify: "on"`, TLS + rules('a.example.com')) + app(), ''],
  [config('hsts: "false"'), 'low tls.weak-settings'],
  [
    ingress('', TLS + rules('a.example.com').replace('name: web', 'name: payment')) + app('', 'port: 80', 'ClusterIP', 'payment'),
    'medium tls.backend-plain',
  ],
  [ingress('', TLS + rules('a.example.com')) + app('', 'port: 80, targetPort: 8443'), 'medium tls.backend-plain'],
  [config('ssl-protocols: "TLSv1 TLSv1.2"'), 'medium tls.weak-settings'],
  [config('ssl-protocols: "TLSv1.2 TLSv1.3"'), ''],
  [config('"nginx.conf": "server {\\n  ssl_protocols TLSv1.1 TLSv1.2;\\n}"', 'web'), 'medium tls.weak-settings'],
  [config('"nginx.conf": "server {\\n  ssl_protocols TLSv1.2 TLSv1.3;\\n  ssl_ciphers HIGH:!aNULL:!MD5;\\n}"', 'web'), ''],
  [ingress(`${NGINX}/ssl-ciphers: "RC4-SHA"`, TLS + rules('a.example.com')), 'medium tls.weak-settings'],
  [
    'apiVersion: traefik.io/v1alpha1\nkind: TLSOption\nmetadata: {name: t}\nspec: {minVersion: VersionTLS11}\n',
    'medium tls.weak-settings',
  ],
  ['apiVersion: traefik.io/v1alpha1\nkind: TLSOption\nmetadata: {name: t}\nspec: {minVersion: VersionTLS12}\n', ''],
  [
    'apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: ClientTrafficPolicy\nmetadata: {name: t}\nspec: {tls: {minVersion: "1.0"}}\n',
    'medium tls.weak-settings',
  ],
  [
    'apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: g}\nspec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}\n',
    'medium tls.gateway-plain',
  ],
  [
    'apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: g}\nspec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"], tls: {httpsRedirect: true}}]}\n',
    '',
  ],
  [gateway(`${HTTPS}, ${HTTP}`) + route('http', REDIRECT), ''],
  [gateway(`${HTTPS}, ${HTTP}`), 'low tls.gateway-plain'],
  [gateway(HTTP) + route('http', BACKEND) + app(), 'medium tls.gateway-plain'],
  [gateway(`${HTTPS}, ${HTTP}`) + route('http', REDIRECT) + route('http', BACKEND, 'clear'), 'medium tls.gateway-plain'],
  [gateway(HTTP, 'istio-waypoint') + route('http', BACKEND), ''],
  [gateway(HTTPS) + route('https', BACKEND) + app(), 'low tls.backend-plain'],
  [gateway(HTTPS) + route('https', BACKEND) + app() + MESH, ''],
  [
    gateway(HTTPS) +
      route('https', BACKEND) +
      app() +
      'apiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: {name: b}\nspec: {targetRefs: [{group: "", kind: Service, name: web}]}\n',
    '',
  ],
  [
    'apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: r}\nspec: {entryPoints: [web], routes: [{match: "Host(`a`)", kind: Rule}]}\n',
    'medium tls.route-plain',
  ],
  [
    'apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: r}\nspec: {entryPoints: [websecure], tls: {}, routes: []}\n',
    '',
  ],
  [
    'apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: r}\nspec: {entryPoints: [web], routes: [{middlewares: [{name: m}]}]}\n---\napiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: m}\nspec: {redirectScheme: {scheme: https}}\n',
    '',
  ],
  [
    'apiVersion: projectcontour.io/v1\nkind: HTTPProxy\nmetadata: {name: r}\nspec: {virtualhost: {fqdn: a.example.com}}\n',
    'medium tls.route-plain',
  ],
  [
    'apiVersion: projectcontour.io/v1\nkind: HTTPProxy\nmetadata: {name: r}\nspec: {virtualhost: {fqdn: a.example.com, tls: {secretName: t}}}\n',
    '',
  ],
  [
    'apiVersion: projectcontour.io/v1\nkind: HTTPProxy\nmetadata: {name: r}\nspec: {virtualhost: {fqdn: a.example.com, tls: {secretName: t}}, routes: [{permitInsecure: true}]}\n',
    'medium tls.route-plain',
  ],
  [
    'apiVersion: route.openshift.io/v1\nkind: Route\nmetadata: {name: r}\nspec: {host: a.example.com}\n',
    'medium tls.route-plain',
  ],
  [
    'apiVersion: route.openshift.io/v1\nkind: Route\nmetadata: {name: r}\nspec: {tls: {termination: edge, insecureEdgeTerminationPolicy: Redirect}}\n',
    '',
  ],
  [app('', 'port: 80', 'LoadBalancer'), 'medium tls.load-balancer-plain'],
  [app('', 'port: 80', 'ClusterIP'), ''],
  [app(', annotations: {service.beta.kubernetes.io/aws-load-balancer-scheme: internal}', 'port: 80', 'LoadBalancer'), ''],
  [app(', annotations: {service.beta.kubernetes.io/aws-load-balancer-ssl-cert: "arn:x"}', 'port: 80', 'LoadBalancer'), ''],
  [
    app(
      ', annotations: {service.beta.kubernetes.io/aws-load-balancer-ssl-cert: "arn:x", service.beta.kubernetes.io/aws-load-balancer-ssl-ports: "443"}',
      'port: 80',
      'LoadBalancer',
    ),
    'medium tls.load-balancer-plain',
  ],
  [env('DB', 'postgres://u@db.example.com/x?sslmode=disable'), 'medium tls.database-plain'],
  [env('DB', 'postgres://u@localhost/x?sslmode=disable'), ''],
  [env('DB', 'postgres://u@db.example.com/x?sslmode=verify-full'), ''],
  [env('KAFKA_SECURITY_PROTOCOL', 'SASL_PLAINTEXT'), 'medium tls.database-plain'],
  [env('KAFKA_SECURITY_PROTOCOL', 'SASL_SSL'), ''],
  [env('DB_SSL', 'false'), 'medium tls.database-plain'],
  [config('DB_SSLMODE: disable', 'settings'), 'medium tls.database-plain'],
  [env('NODE_TLS_REJECT_UNAUTHORIZED', '0'), 'high tls.verification-off'],
  [env('NODE_TLS_REJECT_UNAUTHORIZED', '1'), ''],
  [env('APP_TLS_SKIP_VERIFY', 'true'), 'medium tls.verification-off'],
  [destination('mode: DISABLE'), 'medium tls.upstream-off'],
  [destination('mode: SIMPLE, insecureSkipVerify: true, caCertificates: /ca.pem'), 'medium tls.upstream-off'],
  [destination('mode: SIMPLE'), 'low tls.upstream-off'],
  [destination('mode: SIMPLE', 'api.example.com'), 'info tls.upstream-off'],
  [destination('mode: SIMPLE, caCertificates: /ca.pem'), ''],
  [destination('mode: ISTIO_MUTUAL'), ''],
];

test('encryption in transit is found missing, weak or unchecked', () => {
  for (const [yaml, want] of ROWS) {
    const found = TLS_RULES.flatMap((each) => hits(each, yaml)).map(({ severity, code }) => `${severity} ${code}`);
    assert.deepEqual(found.toSorted(), want.split(', ').filter(Boolean).toSorted(), yaml);
  }
});

test('connection strings are judged, and their passwords never repeated', () => {
  for (const [text, want] of [
    ['postgres://shop:hunter2@db:5432/x?sslmode=disable', 'connects in clear to'],
    ['postgres://shop:hunter2@db:5432/x?sslmode=require', 'encrypts at best, without checking the certificate of'],
    ['mysql://shop:hunter2@db/x?tls=skip-verify', 'does not check the certificate of'],
    ['mysql://shop:hunter2@db/x?tls=true', undefined],
    ['jdbc:mysql://db/x?useSSL=false&user=shop', 'connects in clear to'],
    ['jdbc:sqlserver://db;encrypt=true;trustServerCertificate=true', 'does not check the certificate of'],
    ['jdbc:sqlserver://db; encrypt = false; user=x', 'connects in clear to'],
    ['redis://:hunter2@cache:6379/0', 'sends a password in clear (`redis://`) to'],
    ['redis://cache:6379/0', undefined],
    ['rediss://:hunter2@cache:6379/0', undefined],
    ['amqp://shop:hunter2@broker', 'sends a password in clear (`amqp://`) to'],
    ['mongodb://db/x?ssl=false', 'connects in clear to'],
    ['host=db user=shop sslmode=disable', 'connects in clear to'],
    ['http://cart/x?secure=false', undefined],
    ['', undefined],
  ] as const) {
    const found = connection(text);
    assert.equal(found?.what, want, text);
    assert.doesNotMatch(JSON.stringify(found ?? ''), /hunter2/);
  }
});

test('versions, suites and parameters', () => {
  for (const [weak, want] of [
    [weakVersions('TLSv1.2 TLSv1.3'), undefined],
    [weakVersions('TLSv1 TLSv1.1'), 'medium'],
    [weakVersions('SSLv3'), 'high'],
    [weakMinimum('TLSV1_1'), 'medium'],
    [weakMinimum('TLSV1_2'), undefined],
    [weakMinimum('1.3'), undefined],
    [weakMinimum('TLS_AUTO'), undefined],
    [weakMinimum(''), undefined],
    [weakCiphers('ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305'), undefined],
    [weakCiphers('HIGH:!aNULL:!MD5:!3DES:!RC4'), undefined],
    [weakCiphers('ALL'), 'medium'],
    [weakCiphers('DES-CBC3-SHA'), 'medium'],
    [weakCiphers('ADH-AES128-SHA'), 'medium'],
    [weakCiphers('ECDHE-RSA-AES128-SHA'), 'low'],
    [weakCiphers('TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,TLS_RSA_WITH_AES_128_GCM_SHA256'), 'low'],
    [weakCiphers('TLS_AES_128_GCM_SHA256'), undefined],
    [weakAwsPolicy('ELBSecurityPolicy-TLS13-1-2-2021-06'), undefined],
    [weakAwsPolicy('ELBSecurityPolicy-2016-08'), 'medium'],
  ] as const) {
    assert.equal(weak?.severity, want, JSON.stringify(weak));
  }
  const der = (bits: number): Buffer => {
    const prime = Buffer.concat([Buffer.from([0]), Buffer.alloc(bits / 8, 0xff)]);
    const number = Buffer.concat([
      Buffer.from([0x02, 0x82, prime.length >> 8, prime.length & 255]),
      prime,
      Buffer.from([2, 1, 2]),
    ]);
    return Buffer.concat([Buffer.from([0x30, 0x82, number.length >> 8, number.length & 255]), number]);
  };
  const pem = (bytes: Buffer): string =>
    `-----BEGIN DH PARAMETERS-----\n${bytes.toString('base64')}\n-----END DH PARAMETERS-----\n`;
  assert.equal(dhBits(pem(der(1024))), 1024);
  assert.equal(dhBits(pem(der(2048))), 2048);
  assert.equal(dhBits(pem(der(2048).subarray(0, 20))), undefined);
  assert.equal(dhBits('-----BEGIN DH PARAMETERS-----'), undefined);
});
