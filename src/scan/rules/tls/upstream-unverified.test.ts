import { testRule } from '../../../../test/fakes/rule-cases.ts';
import type { Files } from '../../../../test/fakes/scan-files.ts';
import { upstreamUnverified } from './upstream-unverified.ts';

const cluster = (tls: string): string =>
  `static_resources:\n  clusters:\n  - name: pay\n    transport_socket:\n      name: tls\n      typed_config:\n        "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext\n        sni: pay.example.com\n${tls}`;
const envoy = (tls: string): Files => ({ 'envoy.yaml': cluster(tls) });
const context = (member: string): Files => envoy(`        common_tls_context: {${member}}\n`);
const carried = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  envoy.yaml: |\n${cluster('')
  .split('\n')
  .map((line) => `    ${line}`)
  .join('\n')}\n`;

testRule(upstreamUnverified, {
  fails: [
    ['nothing to check by', envoy(''), 'medium'],
    [
      'anything is taken',
      context('validation_context: {trust_chain_verification: ACCEPT_UNTRUSTED, trusted_ca: {filename: a}}'),
      'medium',
    ],
    ['in a ConfigMap', { 'c.yaml': carried }, 'medium'],
  ],
  passes: [
    ['an authority', context('validation_context: {trusted_ca: {filename: /ca.pem}}')],
    ['an authority by SDS', context('validation_context_sds_secret_config: {name: ca}')],
  ],
});
