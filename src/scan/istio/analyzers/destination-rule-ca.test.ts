import { networking, testAnalyzer } from '../../../../test/fakes/mesh-analyzers.ts';
import { DESTINATION_RULE_CA_ANALYZER } from './destination-rule-ca.ts';

const rule = (policy: string, more = ''): string =>
  networking('DestinationRule', 'pay', `{ host: pay.example.com, trafficPolicy: { ${policy} }${more} }`);

testAnalyzer(DESTINATION_RULE_CA_ANALYZER, {
  fails: [
    ['no authority', [rule('tls: { mode: SIMPLE }')], 'NoServerCertificateVerificationDestinationLevel'],
    [
      'no authority for one port',
      [rule('portLevelSettings: [{ port: { number: 443 }, tls: { mode: MUTUAL, clientCertificate: /c, privateKey: /k } }]')],
      'NoServerCertificateVerificationPortLevel',
    ],
    [
      'a Secret that is read by chosen workloads only',
      [rule('tls: { mode: SIMPLE, credentialName: ca }')],
      'NoServerCertificateVerificationDestinationLevel',
    ],
  ],
  passes: [
    ['an authority', [rule('tls: { mode: SIMPLE, caCertificates: /ca.pem }')]],
    ['mutual TLS of the mesh', [rule('tls: { mode: ISTIO_MUTUAL }')]],
    [
      'a Secret, for chosen workloads',
      [rule('tls: { mode: SIMPLE, credentialName: ca }', ', workloadSelector: { matchLabels: { app: web } }')],
    ],
  ],
});
