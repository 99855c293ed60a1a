import { client, realm } from '../../../../test/fakes/oauth-documents.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { TEST_NOW } from '../../../../test/fakes/scan.ts';
import { OLD_SECRET } from './old-secret.ts';

const seconds = (days: number): number => Math.floor(TEST_NOW / 1000) - days * 86_400;

testRule(OLD_SECRET, {
  fails: [
    ['Keycloak', realm({ secret: '**********', attributes: { 'client.secret.creation.time': String(seconds(31)) } }), 'medium'],
    [
      'RFC 7591',
      client({ client_secret: 'hunter2hunter2', client_id_issued_at: seconds(400), client_secret_expires_at: 0 }),
      'medium',
    ],
    ['never expires', client({ client_secret: 'hunter2hunter2', client_secret_expires_at: 0 }), 'low'],
  ],
  passes: [
    ['of this month', realm({ secret: '**********', attributes: { 'client.secret.creation.time': String(seconds(29)) } })],
    [
      'rotated this month',
      client({ client_secret: 'hunter2hunter2', client_id_issued_at: seconds(5), client_secret_expires_at: seconds(-60) }),
    ],
  ],
});
