import { rootCertificate } from '../../../../test/fakes/certificates.ts';
import { networking, object, pod, testAnalyzer } from '../../../../test/fakes/mesh-analyzers.ts';
import { GATEWAY_CREDENTIAL_ANALYZER } from './gateway-credential.ts';

const NOW = Date.UTC(2026, 10, 24);
const DAY = 86_400_000;
const EDGE = pod('edge', 'app: edge');
const GATEWAY = networking(
  'Gateway',
  'edge',
  '{ selector: { app: edge }, servers: [{ port: { number: 443, name: p, protocol: HTTPS }, hosts: [a.example.com], tls: { mode: SIMPLE, credentialName: cert } }] }',
);
const secret = (data: string): string => object('v1', 'Secret', 'name: cert, namespace: shop', `data: ${data}`);
/** A certificate with a key beside it. */
function pair(notBeforeMs: number, notAfterMs: number): string {
  const { pem } = rootCertificate({ notBeforeMs, notAfterMs });
  return secret(`{ tls.crt: ${Buffer.from(pem).toString('base64')}, tls.key: eA== }`);
}

testAnalyzer(GATEWAY_CREDENTIAL_ANALYZER, {
  fails: [
    ['no Secret', [EDGE, GATEWAY], 'ReferencedResourceNotFound'],
    ['no key', [EDGE, GATEWAY, secret('{ tls.crt: eA== }')], 'InvalidGatewayCredential'],
    ['ended', [EDGE, GATEWAY, pair(NOW - 90 * DAY, NOW - DAY)], 'InvalidGatewayCredential'],
    ['not begun', [EDGE, GATEWAY, pair(NOW + DAY, NOW + 90 * DAY)], 'InvalidGatewayCredential'],
    ['no certificate at all', [EDGE, GATEWAY, secret('{ tls.crt: eA==, tls.key: eA== }')], 'InvalidGatewayCredential'],
    ['no proxy', [GATEWAY], 'ReferencedResourceNotFound'],
  ],
  passes: [
    ['in force', [EDGE, GATEWAY, pair(NOW - DAY, NOW + 90 * DAY)]],
    [
      'files',
      [
        EDGE,
        networking(
          'Gateway',
          'edge',
          '{ selector: { app: edge }, servers: [{ port: { number: 443, name: p, protocol: HTTPS }, hosts: [a.example.com], tls: { mode: SIMPLE, serverCertificate: /c, privateKey: /k } }] }',
        ),
      ],
    ],
  ],
});
