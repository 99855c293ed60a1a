import { client } from '../../../../test/fakes/oauth-documents.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { ID_TOKEN_RESPONSE } from './id-token-response.ts';

testRule(ID_TOKEN_RESPONSE, {
  fails: [
    ['id_token', client({ response_types: ['id_token'] }), 'medium'],
    ['beside a code', client({ response_types: ['code', 'id_token'] }), 'medium'],
  ],
  passes: [
    ['code', client({ response_types: ['code'] })],
    ['hybrid, which gives a code too', client({ response_types: ['code id_token'] })],
  ],
});
