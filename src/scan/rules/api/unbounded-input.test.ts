import { api, body } from '../../../../test/fakes/openapi.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { UNBOUNDED } from './unbounded-input.ts';

testRule(UNBOUNDED, {
  fails: [['text', api({ '/a': { post: body({ properties: { name: { type: 'string' } } }) } }), 'info']],
  passes: [
    [
      'bounded',
      api({
        '/a': { post: body({ properties: { name: { type: 'string', maxLength: 9 }, day: { type: 'string', format: 'date' } } }) },
      }),
    ],
    ['one of a few', api({ '/a': { post: body({ properties: { size: { type: 'string', enum: ['S', 'M'] } } }) } })],
    ['numbers', api({ '/a': { post: body({ properties: { count: { type: 'integer' } } }) } })],
  ],
});
