import { redirects } from '../../../../test/fakes/oauth-documents.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { FOREIGN_REDIRECT } from './foreign-redirect.ts';

testRule(FOREIGN_REDIRECT, {
  fails: [
    ['tool', redirects('https://a.acme.com/cb', 'https://oauth.pstmn.io/v1/callback'), 'medium'],
    ['a tunnel', redirects('https://a.acme.com/cb', 'https://f00.ngrok-free.app/cb'), 'medium'],
  ],
  passes: [
    ['sites of one owner', redirects('https://a.acme.com/cb', 'https://b.acme.com/cb', 'https://acme.de/cb')],
    ['names that only end alike', redirects('https://a.acme.com/cb', 'https://myjwt.io/cb')],
  ],
});
