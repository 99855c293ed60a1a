import { emissary, envoy, GOOD, istio, kong } from '../../../../test/fakes/jwt-verifiers.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { jwtAudience } from './jwt-audience.ts';

const traefik = (config: string): string =>
  `apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: { name: users, namespace: shop }\nspec: { plugin: { jwt: ${config} } }\n`;

testRule(jwtAudience, {
  fails: [
    ['Istio', istio('{ issuer: "https://i/", jwksUri: "https://i/keys" }'), 'medium'],
    ['Emissary', emissary('{ jwksURI: "https://i/keys", requireIssuer: true }'), 'medium'],
    ['Kong', kong('{ issuer: "https://i/" }', 'openid-connect'), 'medium'],
    ['Traefik', traefik('{ secret: s }'), 'medium'],
  ],
  passes: [
    ['Istio with audiences', istio(`{ ${GOOD} }`)],
    ['Emissary with an audience', emissary('{ jwksURI: "https://i/keys", requireAudience: true, audience: shop }')],
    ['Kong with an audience', kong('{ issuer: "https://i/", audience_required: [shop] }', 'openid-connect')],
    ['Traefik with an audience', traefik('{ secret: s, require: { aud: shop } }')],
    [
      'Envoy Gateway, told by the rule over settings that switch checks off',
      envoy('{ name: a, remoteJWKS: { uri: "https://i/keys" } }'),
    ],
  ],
});
