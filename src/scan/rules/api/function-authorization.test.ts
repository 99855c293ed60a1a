import { api, OK } from '../../../../test/fakes/openapi.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { FUNCTION_AUTHORIZATION } from './function-authorization.ts';

testRule(FUNCTION_AUTHORIZATION, {
  fails: [
    ['same as others', api({ '/a': { get: OK }, '/admin/users': { delete: OK } }), 'medium'],
    ['open', api({ '/a': { get: OK }, '/users/_debug': { get: { ...OK, security: [] } } }), 'high'],
  ],
  passes: [
    [
      'with a scope of its own',
      api({ '/a': { get: OK }, '/admin/users': { delete: { ...OK, security: [{ bearer: ['admin'] }] } } }),
    ],
    ['no word of its own', api({ '/a': { get: OK }, '/administer-vaccine': { get: OK }, '/badminton': { get: OK } })],
  ],
});
