import { api, OK, param, body } from '../../../../test/fakes/openapi.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { KEY_IN_QUERY } from './credential-in-query.ts';

testRule(KEY_IN_QUERY, {
  fails: [
    [
      'scheme',
      api({ '/a': { get: OK } }, { components: { securitySchemes: { k: { type: 'apiKey', in: 'query', name: 'key' } } } }),
      'medium',
    ],
    [
      'password',
      api({ '/login': { get: { ...OK, parameters: [param('username', 'query'), param('password', 'query')] } } }),
      'medium',
    ],
  ],
  passes: [
    [
      'header',
      api(
        { '/a': { get: { ...OK, parameters: [param('page_token', 'query')] } } },
        { components: { securitySchemes: { k: { type: 'apiKey', in: 'header', name: 'key' } } } },
      ),
    ],
    ['in the body', api({ '/login': { post: body({ properties: { password: { type: 'string' } } }) } })],
    ['a word that only begins so', api({ '/a': { get: { ...OK, parameters: [param('password_policy', 'query')] } } })],
  ],
});
