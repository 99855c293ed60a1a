import { envoy, GOOD, istio } from '../../../../test/fakes/jwt-verifiers.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { jwtKeysPlain } from './jwt-keys-plaintext.ts';

testRule(jwtKeysPlain, {
  fails: [
    ['outside', istio('{ issuer: "https://i/", jwksUri: "http://login.example.com/keys" }'), 'high'],
    ['inside the cluster', istio('{ issuer: "https://i/", jwksUri: "http://keycloak.auth.svc.cluster.local/keys" }'), 'medium'],
    [
      'Envoy Gateway',
      envoy('{ name: a, issuer: i, audiences: [a], remoteJWKS: { uri: "http://login.example.com/keys" } }'),
      'high',
    ],
  ],
  passes: [
    ['HTTPS', istio(`{ ${GOOD} }`)],
    ['on this machine', istio('{ issuer: "https://i/", jwksUri: "http://localhost:8080/keys" }')],
  ],
});
