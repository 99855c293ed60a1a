import { api } from '../../../../test/fakes/openapi.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { CORS } from './cors-any-origin.ts';

testRule(CORS, {
  fails: [
    [
      'any',
      api({
        '/a': {
          get: {
            responses: {
              '200': {
                description: 'ok',
                headers: { 'Access-Control-Allow-Origin': { schema: { type: 'string', enum: ['*'] } } },
              },
            },
          },
        },
      }),
      'low',
    ],
    [
      'with credentials',
      api({
        '/a': {
          get: {
            responses: {
              '200': {
                description: 'ok',
                headers: {
                  'Access-Control-Allow-Origin': { schema: { type: 'string', example: '*' } },
                  'Access-Control-Allow-Credentials': { schema: { type: 'boolean', default: true } },
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
      'one',
      api({
        '/a': {
          get: {
            responses: {
              '200': {
                description: 'ok',
                headers: { 'Access-Control-Allow-Origin': { schema: { type: 'string', default: 'https://a.test' } } },
              },
            },
          },
        },
      }),
    ],
    [
      'the origin of the request',
      api({
        '/a': {
          get: {
            responses: {
              '200': { description: 'ok', headers: { 'Access-Control-Allow-Origin': { schema: { type: 'string' } } } },
            },
          },
        },
      }),
    ],
  ],
});
