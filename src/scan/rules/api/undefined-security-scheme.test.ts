import { api, OK } from '../../../../test/fakes/openapi.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { UNDEFINED_SCHEME } from './undefined-security-scheme.ts';

testRule(UNDEFINED_SCHEME, {
  fails: [['misspelled', api({ '/a': { get: { ...OK, security: [{ baerer: [] }] } } }), 'medium']],
  passes: [
    ['known', api({ '/a': { get: OK } })],
    ['lifted', api({ '/a': { get: { ...OK, security: [] } } })],
  ],
});
