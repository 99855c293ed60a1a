import { realm } from '../../../../test/fakes/oauth-documents.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { ANY_ORIGIN } from './any-web-origin.ts';

testRule(ANY_ORIGIN, {
  fails: [
    ['star', realm({ webOrigins: ['*'] }), 'medium'],
    ['any host', realm({ webOrigins: ['https://*'] }), 'medium'],
  ],
  passes: [
    ['plus', realm({ webOrigins: ['+', 'https://a.acme.com'] })],
    ['none', realm({ webOrigins: [] })],
    ['a client that is switched off', realm({ enabled: false, webOrigins: ['*'] })],
  ],
});
