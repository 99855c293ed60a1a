import { json, metadata, realm } from '../../../../test/fakes/oauth-documents.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import type { Files } from '../../../../test/fakes/scan-files.ts';
import { OPEN_REGISTRATION } from './open-registration.ts';

const POLICY = 'org.keycloak.services.clientregistration.policy.ClientRegistrationPolicy';

const anonymous = (...policies: readonly object[]): Files =>
  realm({}, { components: { [POLICY]: policies.map((one) => ({ subType: 'anonymous', ...one })) } });

testRule(OPEN_REGISTRATION, {
  fails: [
    ['no trusted hosts', anonymous({ providerId: 'max-clients' }), 'high'],
    [
      'checks off',
      anonymous({
        providerId: 'trusted-hosts',
        config: { 'host-sending-registration-request-must-match': ['false'], 'client-uris-must-match': ['false'] },
      }),
      'high',
    ],
    [
      'oidc-provider',
      json({ features: { registration: { enabled: true } }, clients: [{ client_id: 'a', redirect_uris: [] }] }),
      'high',
    ],
    ['endpoint', metadata({ registration_endpoint: 'https://login.acme.com/register' }), 'low'],
    ['no policy at all', realm({}, { components: { [POLICY]: [] } }), 'high'],
  ],
  passes: [
    [
      'guarded',
      {
        ...anonymous({ providerId: 'trusted-hosts', config: { 'host-sending-registration-request-must-match': ['true'] } }),
        'b.json': JSON.stringify({
          features: { registration: { enabled: true, initialAccessToken: true } },
          clients: [{ client_id: 'a', redirect_uris: [] }],
        }),
      },
    ],
    ['policies unknown', realm({}, { components: {} })],
  ],
});
