import { networking, testAnalyzer } from '../../../../test/fakes/mesh-analyzers.ts';
import { GATEWAY_CERTIFICATE_ANALYZER } from './gateway-certificate.ts';

const gateway = (name: string, selector: string, server: string): string =>
  networking(
    'Gateway',
    name,
    `{ selector: { ${selector} }, servers: [{ port: { number: 443, name: tls, protocol: HTTPS }, ${server} }] }`,
  );
const server = (host: string, certificate: string): string =>
  `hosts: [${host}.example.com], tls: { mode: SIMPLE, credentialName: ${certificate} }`;
const shared = (host: string, certificate: string): string => gateway(host, 'app: edge', server(host, certificate));

testAnalyzer(GATEWAY_CERTIFICATE_ANALYZER, {
  fails: [
    [
      'two hosts by one certificate',
      [shared('a', 'cert'), shared('b', 'cert')],
      'GatewayDuplicateCertificate',
      'GatewayDuplicateCertificate',
    ],
  ],
  passes: [
    ['a certificate each', [shared('a', 'cert-a'), shared('b', 'cert-b')]],
    [
      'proxies of their own',
      [gateway('a', 'app: edge-a', server('a', 'cert')), gateway('b', 'app: edge-b', server('b', 'cert'))],
    ],
  ],
});
