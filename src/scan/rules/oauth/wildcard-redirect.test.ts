import { realm, redirects, variables } from '../../../../test/fakes/oauth-documents.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { WILDCARD_REDIRECT } from './wildcard-redirect.ts';

testRule(WILDCARD_REDIRECT, {
  fails: [
    ['by a variable', variables('OAUTH_REDIRECT_URI=https://*.acme.com/cb'), 'high'],
    ['anywhere', redirects('*'), 'critical'],
    ['any host', redirects('https://*.acme.com/cb'), 'high'],
    ['any path', redirects('https://a.acme.com/*'), 'medium'],
    ['on this machine', redirects('http://localhost:3000/*'), 'low'],
    ['relative to its root', realm({ rootUrl: 'https://a.acme.com', redirectUris: ['/*'] }), 'medium'],
  ],
  passes: [
    [
      'exact, placeholders',
      {
        ...redirects('https://a.acme.com/cb', 'com.acme.app:/cb', 'http://127.0.0.1/cb'),
        'application.yml':
          'spring.security.oauth2.client.registration.a: {client-id: a, redirect-uri: "{baseUrl}/login/oauth2/code/{registrationId}"}',
      },
    ],
    ['an app of its own scheme', redirects('com.acme.app:/oauth2redirect')],
  ],
});
