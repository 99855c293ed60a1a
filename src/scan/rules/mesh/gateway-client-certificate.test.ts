import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gateway } from '../../../../test/fakes/mesh-gateways.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { hits } from '../../../../test/fakes/scan.ts';
import { gatewayClientCertificate } from './gateway-client-certificate.ts';

testRule(gatewayClientCertificate, {
  fails: [
    ['a CA for nothing', [gateway('{ mode: SIMPLE, credentialName: c, caCertificates: /ca.pem }')], 'high'],
    ['names for nothing', [gateway('{ mode: SIMPLE, credentialName: c, subjectAltNames: [a] }')], 'high'],
    ['optional', [gateway('{ mode: OPTIONAL_MUTUAL, credentialName: c }')], 'medium'],
    ['no CA', [gateway('{ mode: MUTUAL, serverCertificate: /c.pem, privateKey: /k.pem }')], 'medium'],
    [
      'optional at Envoy Gateway',
      [
        'apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: ClientTrafficPolicy\nmetadata: { name: c, namespace: shop }\nspec: { tls: { clientValidation: { optional: true } } }\n',
      ],
      'medium',
    ],
  ],
  passes: [
    ['demanded', [gateway('{ mode: MUTUAL, credentialName: c }')]],
    ['not meant', [gateway('{ mode: SIMPLE, credentialName: c }')]],
    ['not meant, with versions', [gateway('{ mode: SIMPLE, credentialName: c, minProtocolVersion: TLSV1_2 }')]],
  ],
});

test('the fix demands them', () => {
  const [finding] = hits(gatewayClientCertificate, gateway('{ mode: OPTIONAL_MUTUAL, credentialName: c }'));
  assert.deepEqual(
    finding?.fix?.edits?.map((edit) => ('value' in edit ? edit.value : undefined)),
    ['MUTUAL'],
  );
});
