import { emissary, GOOD, istio, kong } from '../../../../test/fakes/jwt-verifiers.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { jwtIssuer } from './jwt-issuer.ts';

testRule(jwtIssuer, {
  fails: [
    ['Istio', istio('{ jwksUri: "https://i/keys", audiences: [shop] }'), 'medium'],
    ['Emissary', emissary('{ jwksURI: "https://i/keys" }'), 'medium'],
    ['Kong, which finds the key by another claim', kong('{ key_claim_name: kid }'), 'medium'],
  ],
  passes: [
    ['Istio with an issuer', istio(`{ ${GOOD} }`)],
    ['Kong, which finds the key by its issuer', kong('{}')],
  ],
});
