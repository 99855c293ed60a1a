import { realm } from '../../../../test/fakes/oauth-documents.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { LONG_TOKEN } from './long-access-token.ts';

testRule(LONG_TOKEN, {
  fails: [
    ['two days', realm({}, { accessTokenLifespan: 172_800 }), 'medium'],
    ['two hours', realm({}, { accessTokenLifespan: 7200 }), 'low'],
  ],
  passes: [
    ['minutes', realm({}, { accessTokenLifespan: 300 })],
    ['an hour', realm({}, { accessTokenLifespan: 3600 })],
  ],
});
