import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { destinationRule } from './upstream-off.ts';

const destination = (tls: string, host = 'cart'): string =>
  `apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: d}\nspec: {host: ${host}, trafficPolicy: {tls: {${tls}}}}\n`;

testRule(destinationRule, {
  fails: [
    ['switched off', destination('mode: DISABLE'), 'medium'],
    ['not checked', destination('mode: SIMPLE, insecureSkipVerify: true, caCertificates: /ca.pem'), 'medium'],
    ['no authority to check by', destination('mode: SIMPLE'), 'low'],
    ['no authority to check by, outside', destination('mode: SIMPLE', 'api.example.com'), 'info'],
  ],
  passes: [
    ['checked', destination('mode: SIMPLE, caCertificates: /ca.pem')],
    ['mutual TLS of the mesh', destination('mode: ISTIO_MUTUAL')],
  ],
});
