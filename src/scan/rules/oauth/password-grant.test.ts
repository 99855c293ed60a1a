import { client, json, realm } from '../../../../test/fakes/oauth-documents.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { PASSWORD_GRANT } from './password-grant.ts';

testRule(PASSWORD_GRANT, {
  fails: [
    ['Keycloak public client', realm({ directAccessGrantsEnabled: true, publicClient: true }), 'high'],
    ['confidential', realm({ directAccessGrantsEnabled: true }), 'medium'],
    [
      'Spring',
      {
        'application.yml':
          'spring:\n  security:\n    oauth2:\n      client:\n        registration:\n          a:\n            client-id: a\n            authorization-grant-type: password\n',
      },
      'medium',
    ],
    ['Auth0', client({ grant_types: ['http://auth0.com/oauth/grant-type/password-realm'] }), 'medium'],
  ],
  passes: [
    [
      'built-in and bearer only',
      json({
        realm: 'r',
        clients: [
          { clientId: 'admin-cli', directAccessGrantsEnabled: true },
          { clientId: 'api', bearerOnly: true, directAccessGrantsEnabled: true },
        ],
      }),
    ],
    ['codes', client({ grant_types: ['authorization_code'] })],
  ],
});
