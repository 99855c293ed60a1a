import { emissary, istio, kong } from '../../../../test/fakes/jwt-verifiers.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { jwtExpiry } from './jwt-expiry.ts';

testRule(jwtExpiry, {
  fails: [
    ['Kong', kong('{}'), 'high'],
    ['Kong with another claim', kong('{ claims_to_verify: [nbf] }'), 'high'],
    ['Emissary', emissary('{ jwksURI: "https://i/keys" }'), 'high'],
  ],
  passes: [
    ['Kong with `exp`', kong('{ claims_to_verify: [exp] }')],
    ['another plugin of Kong', kong('{ minute: 5 }', 'rate-limiting')],
    ['Emissary that demands it', emissary('{ jwksURI: "https://i/keys", requireExpiresAt: true }')],
    ['Istio, which always looks', istio('{ issuer: "https://i/", jwksUri: "https://i/keys" }')],
  ],
});
