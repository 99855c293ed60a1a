import { api, OK } from '../../../../test/fakes/openapi.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { NO_LIMIT } from './no-rate-limit.ts';

testRule(NO_LIMIT, {
  fails: [
    ['login', api({ '/login': { post: OK } }), 'low'],
    ['nothing to guess', api({ '/a': { get: OK } }), 'low'],
  ],
  passes: [
    ['documented', api({ '/login': { post: { responses: { '429': { description: 'slow down' } } } } })],
    [
      'by the headers',
      api({
        '/a': {
          get: {
            responses: { '200': { description: 'ok', headers: { 'RateLimit-Remaining': { schema: { type: 'integer' } } } } },
          },
        },
      }),
    ],
    [
      'every refusal in one',
      api({ '/a': { get: { responses: { '200': { description: 'ok' }, '4XX': { description: 'refused' } } } } }),
    ],
  ],
});
