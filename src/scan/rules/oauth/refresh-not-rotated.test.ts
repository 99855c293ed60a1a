import { client, realm } from '../../../../test/fakes/oauth-documents.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { NO_ROTATION } from './refresh-not-rotated.ts';

testRule(NO_ROTATION, {
  fails: [
    ['public client', realm({ publicClient: true }, { revokeRefreshToken: false }), 'medium'],
    ['Auth0', client({ refresh_token: { rotation_type: 'non-rotating' } }), 'medium'],
  ],
  passes: [
    [
      'confidential clients, or rotated',
      {
        ...realm({}, { revokeRefreshToken: false }),
        'b.json': realm({ publicClient: true }, { realm: 'b', revokeRefreshToken: true })['a.json']!,
      },
    ],
    ['rotated at Auth0', client({ refresh_token: { rotation_type: 'rotating' } })],
  ],
});
