import { api, OK } from '../../../../test/fakes/openapi.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { BASIC } from './basic-authentication.ts';

testRule(BASIC, {
  fails: [
    [
      'over http',
      api(
        { '/a': { get: OK } },
        { servers: [{ url: 'http://api.acme.com' }], components: { securitySchemes: { b: { type: 'http', scheme: 'Basic' } } } },
      ),
      'high',
    ],
    ['Swagger 2', { 'o.yaml': 'swagger: "2.0"\ninfo: {title: t}\npaths: {}\nsecurityDefinitions: {b: {type: basic}}' }, 'low'],
  ],
  passes: [
    ['bearer', api({ '/a': { get: OK } })],
    [
      'a key in a header',
      api({ '/a': { get: OK } }, { components: { securitySchemes: { k: { type: 'apiKey', in: 'header', name: 'X-API-Key' } } } }),
    ],
  ],
});
