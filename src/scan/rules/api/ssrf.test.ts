import { api, body, OK, param, answer } from '../../../../test/fakes/openapi.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { SSRF } from './ssrf.ts';

testRule(SSRF, {
  fails: [
    ['format', api({ '/a': { post: body({ properties: { callbackUrl: { type: 'string', format: 'uri' } } }) } }), 'medium'],
    ['parameter', api({ '/fetch': { get: { ...OK, parameters: [param('url', 'query')] } } }), 'medium'],
    [
      'by the example beside',
      api({
        '/a': {
          post: {
            ...OK,
            requestBody: {
              content: {
                'application/json': {
                  schema: { properties: { mechanic_api: { type: 'string' } } },
                  example: { mechanic_api: 'http://localhost/a' },
                },
              },
            },
          },
        },
      }),
      'medium',
    ],
  ],
  passes: [
    [
      'stored links',
      api({
        '/a': {
          post: body({
            properties: {
              avatarUrl: { type: 'string', format: 'uri' },
              photoUrls: { type: 'array', items: { type: 'string' } },
              target: { type: 'string' },
            },
          }),
        },
      }),
    ],
    ['in a response', api({ '/a': { get: answer({ properties: { callbackUrl: { type: 'string', format: 'uri' } } }) } })],
  ],
});
