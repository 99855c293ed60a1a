import { realm } from '../../../../test/fakes/oauth-documents.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { SECRET_IN_DOCUMENT } from './secret-in-document.ts';

testRule(SECRET_IN_DOCUMENT, {
  fails: [
    ['realm', realm({ secret: 'hunter2hunter2' }), 'high'],
    [
      'properties',
      {
        'application.properties':
          'spring.security.oauth2.client.registration.a.client-id=a\nspring.security.oauth2.client.registration.a.client-secret=hunter2hunter2\n',
      },
      'high',
    ],
  ],
  passes: [
    [
      'masked and by reference',
      {
        ...realm({ secret: '**********' }),
        'application.yml':
          'spring: {security: {oauth2: {client: {registration: {a: {client-id: a, client-secret: "${SECRET}"}}}}}}',
      },
    ],
    ['a public client', realm({ publicClient: true })],
  ],
});
