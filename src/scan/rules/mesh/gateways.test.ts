import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hits } from '../../../../test/fakes/scan.ts';
import type { SystemRule } from '../../rule.ts';
import { gatewayAnyHost } from './gateway-any-host.ts';
import { gatewayClientCertificate } from './gateway-client-certificate.ts';
import { gatewayNoCertificate } from './gateway-no-certificate.ts';
import { gatewayPassthrough } from './gateway-passthrough.ts';

function gateway(
  tls: string,
  { hosts = '[shop.example.com]', protocol = 'HTTPS', port = 443, labels = 'ingressgateway' } = {},
): string {
  return `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: shop }
spec:
  selector: { istio: ${labels} }
  servers: [{ port: { number: ${port}, name: p, protocol: ${protocol} }, hosts: ${hosts}${tls === '' ? '' : `, tls: ${tls}`} }]
`;
}

function pods(...spaces: readonly string[]): string {
  return spaces
    .map(
      (space) =>
        `apiVersion: v1\nkind: Pod\nmetadata: { name: web, namespace: ${space} }\nspec: { containers: [{ name: web, image: web:1.0.0 }] }\n`,
    )
    .join('---\n');
}

type Row = readonly [name: string, texts: readonly string[], want: string | undefined];

function check(rule: SystemRule, rows: readonly Row[]): void {
  for (const [name, texts, want] of rows) {
    const found = hits(rule, ...texts);
    assert.deepEqual(
      found.map(({ severity }) => severity),
      want === undefined ? [] : [want],
      name,
    );
  }
}

test('client certificates that are meant and not demanded', () => {
  check(gatewayClientCertificate, [
    ['a CA for nothing', [gateway('{ mode: SIMPLE, credentialName: c, caCertificates: /ca.pem }')], 'high'],
    ['names for nothing', [gateway('{ mode: SIMPLE, credentialName: c, subjectAltNames: [a] }')], 'high'],
    ['optional', [gateway('{ mode: OPTIONAL_MUTUAL, credentialName: c }')], 'medium'],
    ['no CA', [gateway('{ mode: MUTUAL, serverCertificate: /c.pem, privateKey: /k.pem }')], 'medium'],
    ['demanded', [gateway('{ mode: MUTUAL, credentialName: c }')], undefined],
    ['not meant', [gateway('{ mode: SIMPLE, credentialName: c }')], undefined],
    ['not meant, with versions', [gateway('{ mode: SIMPLE, credentialName: c, minProtocolVersion: TLSV1_2 }')], undefined],
    [
      'optional at Envoy Gateway',
      [
        'apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: ClientTrafficPolicy\nmetadata: { name: c, namespace: shop }\nspec: { tls: { clientValidation: { optional: true } } }\n',
      ],
      'medium',
    ],
  ]);
  const [finding] = hits(gatewayClientCertificate, gateway('{ mode: OPTIONAL_MUTUAL, credentialName: c }'));
  assert.deepEqual(
    finding?.fix?.edits?.map((edit) => ('value' in edit ? edit.value : undefined)),
    ['MUTUAL'],
  );
});

test('TLS listeners without a certificate', () => {
  check(gatewayNoCertificate, [
    ['none', [gateway('{ mode: SIMPLE }')], 'low'],
    ['a Secret', [gateway('{ mode: SIMPLE, credentialName: c }')], undefined],
    ['files', [gateway('{ mode: SIMPLE, serverCertificate: /c.pem, privateKey: /k.pem }')], undefined],
    ['mutual TLS of the mesh', [gateway('{ mode: ISTIO_MUTUAL }')], undefined],
    ['a redirect on the plain port', [gateway('{ httpsRedirect: true }', { protocol: 'HTTP', port: 80 })], undefined],
  ]);
});

test('TLS that passes unopened', () => {
  const blind = `apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: { name: p, namespace: istio-system }\nspec: { selector: { matchLabels: { istio: ingressgateway } }, rules: [{ to: [{ operation: { paths: [/api] } }] }] }\n`;
  const tls = { protocol: 'TLS' };
  check(gatewayPassthrough, [
    ['every service by name', [gateway('{ mode: AUTO_PASSTHROUGH }', { ...tls, hosts: '["*"]' })], 'high'],
    [
      'between clusters, but for every name',
      [gateway('{ mode: AUTO_PASSTHROUGH }', { ...tls, port: 15443, hosts: '["*"]' })],
      'medium',
    ],
    [
      'between clusters',
      [gateway('{ mode: AUTO_PASSTHROUGH }', { ...tls, port: 15443, hosts: '["*.local"]', labels: 'eastwestgateway' })],
      undefined,
    ],
    ['a policy counts on what is inside', [gateway('{ mode: PASSTHROUGH }', tls), blind], 'medium'],
    ['no policy does', [gateway('{ mode: PASSTHROUGH }', tls)], undefined],
    ['TLS ends there', [gateway('{ mode: SIMPLE, credentialName: c }'), blind], undefined],
  ]);
});

test('gateways that every namespace may use', () => {
  const open = gateway('', { protocol: 'HTTP', port: 80, hosts: '["*"]' });
  check(gatewayAnyHost, [
    ['several teams', [open, pods('shop', 'bank', 'blog')], 'low'],
    ['one team', [open, pods('shop')], undefined],
    [
      'the own namespace only',
      [gateway('', { protocol: 'HTTP', port: 80, hosts: '["./*"]' }), pods('shop', 'bank', 'blog')],
      undefined,
    ],
    ['one host', [gateway('', { protocol: 'HTTP', port: 80 }), pods('shop', 'bank', 'blog')], undefined],
  ]);
});
