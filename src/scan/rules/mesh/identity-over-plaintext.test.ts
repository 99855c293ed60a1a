import { CART, policy } from '../../../../test/fakes/mesh-policies.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { identityOverPlaintext } from './identity-over-plaintext.ts';

const STRICT = `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: default, namespace: shop }
spec: { mtls: { mode: STRICT } }
`;

const from = (source: string): string => policy(`{ action: DENY, rules: [{ from: [{ source: ${source} }] }] }`);

const bad = from('{ principals: [cluster.local/ns/shop/sa/bad] }');

testRule(identityOverPlaintext, {
  fails: [
    ['a principal is denied', [CART, bad], 'high'],
    ['a namespace is denied', [CART, from('{ namespaces: [dev] }')], 'high'],
  ],
  passes: [
    ['mutual TLS is demanded', [CART, bad, STRICT]],
    ['an address is denied', [CART, from('{ ipBlocks: [10.0.0.0/8] }')]],
    ['all but some are denied', [CART, from('{ notPrincipals: [cluster.local/ns/shop/sa/web] }')]],
    ['only named callers are allowed', [CART, bad, policy('{ rules: [{ from: [{ source: { namespaces: [shop] } }] }] }', 'a')]],
    [
      'a principal is allowed',
      [CART, policy('{ rules: [{ from: [{ source: { principals: [cluster.local/ns/shop/sa/web] } }] }] }')],
    ],
  ],
});
