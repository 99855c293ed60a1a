import { metadata, realm } from '../../../../test/fakes/oauth-documents.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { PKCE_PLAIN } from './pkce-plain.ts';

testRule(PKCE_PLAIN, {
  fails: [
    ['server', metadata({ code_challenge_methods_supported: ['S256', 'plain'] }), 'medium'],
    ['client', realm({ attributes: { 'pkce.code.challenge.method': 'plain' } }), 'medium'],
  ],
  passes: [
    ['S256', metadata()],
    ['a client with S256', realm({ attributes: { 'pkce.code.challenge.method': 'S256' } })],
  ],
});
