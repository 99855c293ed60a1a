import { client, metadata, realm } from '../../../../test/fakes/oauth-documents.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { WEAK_ALGORITHM } from './weak-algorithm.ts';

testRule(WEAK_ALGORITHM, {
  fails: [
    ['none', metadata({ id_token_signing_alg_values_supported: ['RS256', 'none'] }), 'high'],
    ['HS256 alone', realm({}, { defaultSignatureAlgorithm: 'HS256' }), 'medium'],
    ['client', client({ id_token_signed_response_alg: 'HS256' }), 'medium'],
  ],
  passes: [
    ['HS256 beside RS256', metadata({ id_token_signing_alg_values_supported: ['RS256', 'HS256'] })],
    ['ES256', metadata({ id_token_signing_alg_values_supported: ['ES256'] })],
  ],
});
