import { cart } from '../../../../test/fakes/mesh-settings.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { peerPlaintext } from './peer-plaintext.ts';

const peer = (spec: string, where = 'shop'): string =>
  `apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: { name: default, namespace: ${where} }\nspec: ${spec}\n`;

testRule(peerPlaintext, {
  fails: [
    ['the mesh', [peer('{ mtls: { mode: PERMISSIVE } }', 'istio-system')], 'medium'],
    ['switched off', [peer('{ mtls: { mode: DISABLE } }')], 'high'],
    [
      'one port',
      [peer('{ selector: { matchLabels: { app: x } }, mtls: { mode: STRICT }, portLevelMtls: { "80": { mode: DISABLE } } }')],
      'high',
    ],
  ],
  passes: [
    ['strict', [peer('{ mtls: { mode: STRICT } }')]],
    ['the workloads are told of', [peer('{ mtls: { mode: PERMISSIVE } }'), cart()]],
  ],
});
