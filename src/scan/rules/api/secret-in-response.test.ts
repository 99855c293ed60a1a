import { answer, api, body } from '../../../../test/fakes/openapi.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { SECRET_IN_RESPONSE } from './secret-in-response.ts';

testRule(SECRET_IN_RESPONSE, {
  fails: [
    [
      'password',
      api(
        { '/users': { get: answer({ type: 'array', items: { $ref: '#/components/schemas/User' } }) } },
        { components: { schemas: { User: { properties: { passwordHash: { type: 'string' } } } } } },
      ),
      'medium',
    ],
    [
      'for everybody',
      api({ '/users': { get: answer({ properties: { password: { type: 'string' } } }, { security: [] }) } }),
      'high',
    ],
  ],
  passes: [
    [
      'write only, token, flag',
      api({
        '/users': {
          get: answer({
            properties: {
              password: { type: 'string', writeOnly: true },
              token: { type: 'string' },
              passwordExpired: { type: 'boolean' },
            },
          }),
          post: body({ properties: { password: { type: 'string' } } }),
        },
      }),
    ],
    ['a key that is just made', api({ '/clients': { post: answer({ properties: { clientSecret: { type: 'string' } } }) } })],
  ],
});
