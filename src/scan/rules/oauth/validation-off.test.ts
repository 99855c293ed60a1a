import { proxy, yaml } from '../../../../test/fakes/oauth-documents.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { VALIDATION_OFF } from './validation-off.ts';

testRule(VALIDATION_OFF, {
  fails: [
    [
      'oauth2-proxy',
      proxy('--insecure-oidc-skip-issuer-verification', '--ssl-insecure-skip-verify=true', '--cookie-secure=false'),
      'high',
      'high',
      'medium',
    ],
    ['ASP.NET', { 'appsettings.json': '{"Jwt": {"ValidateLifetime": false, "ValidateIssuer": true}}' }, 'high'],
    ['ASP.NET while developing', { 'appsettings.Development.json': '{"Jwt": {"ValidateLifetime": false}}' }, 'low'],
    [
      'Envoy Gateway',
      yaml(
        'apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: SecurityPolicy\nmetadata: {name: o}\nspec: {jwt: {providers: [{name: a, issuer: "https://i", remoteJWKS: {uri: "https://i/k"}}]}}',
      ),
      'medium',
    ],
  ],
  passes: [
    ['on', proxy('--insecure-oidc-skip-issuer-verification=false', '--oidc-issuer-url=https://i.test')],
    ['ASP.NET', { 'appsettings.json': '{"Jwt": {"ValidateLifetime": true, "ValidateIssuer": true}}' }],
  ],
});
