import { redirects, yaml } from '../../../../test/fakes/oauth-documents.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { PLAIN_REDIRECT } from './http-redirect.ts';

testRule(PLAIN_REDIRECT, {
  fails: [
    ['http', redirects('http://a.acme.com/cb'), 'high'],
    ['inside', redirects('http://10.0.0.5/cb'), 'medium'],
    [
      'Envoy Gateway',
      yaml(
        'apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: SecurityPolicy\nmetadata: {name: o}\nspec: {oidc: {provider: {issuer: "https://i"}, clientID: a, redirectURL: "http://a.acme.com/oauth2/callback"}}',
      ),
      'high',
    ],
    ['looks like loopback', redirects('http://localhost.evil.com/cb'), 'high'],
  ],
  passes: [
    ['loopback', redirects('http://localhost:3000/cb', 'http://[::1]:80/cb', 'http://127.0.0.1/cb')],
    ['HTTPS', redirects('https://a.acme.com/cb')],
  ],
});
