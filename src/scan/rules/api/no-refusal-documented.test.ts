import { api, OK } from '../../../../test/fakes/openapi.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { NO_REFUSAL } from './no-refusal-documented.ts';

testRule(NO_REFUSAL, {
  fails: [['silent', api({ '/a': { get: OK } }), 'info']],
  passes: [
    ['documented', api({ '/a': { get: { responses: { '401': { description: 'no' } } } } })],
    ['open to everybody', api({ '/a': { get: { ...OK, security: [] } } })],
    ['every refusal in one', api({ '/a': { get: { responses: { default: { description: 'error' } } } } })],
  ],
});
