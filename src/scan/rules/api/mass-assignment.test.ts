import { api, body, answer } from '../../../../test/fakes/openapi.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { MASS_ASSIGNMENT } from './mass-assignment.ts';

testRule(MASS_ASSIGNMENT, {
  fails: [
    ['role', api({ '/users': { post: body({ allOf: [{ properties: { isAdmin: { type: 'boolean' } } }] }) } }), 'medium'],
    [
      'anything',
      api({ '/users': { post: body({ properties: { name: { type: 'string' } }, additionalProperties: true }) } }),
      'low',
    ],
  ],
  passes: [
    [
      'read only, free mapping, administrators',
      api({
        '/users': {
          post: body({
            properties: {
              role: { type: 'string', readOnly: true },
              labels: { type: 'object', additionalProperties: { type: 'string' } },
            },
          }),
        },
        '/admin/users': { post: body({ properties: { role: { type: 'string' } } }) },
      }),
    ],
    ['in a response', api({ '/users': { get: answer({ properties: { role: { type: 'string' } } }) } })],
  ],
});
