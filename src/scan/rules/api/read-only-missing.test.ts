import { api, body, answer } from '../../../../test/fakes/openapi.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { READ_ONLY } from './read-only-missing.ts';

testRule(READ_ONLY, {
  fails: [['id', api({ '/a': { post: body({ properties: { id: { type: 'string' } } }) } }), 'info']],
  passes: [
    ['read only', api({ '/a': { post: body({ properties: { id: { type: 'string', readOnly: true } } }) } })],
    ['in a response', api({ '/a': { get: answer({ properties: { id: { type: 'string' } } }) } })],
    ['of another object', api({ '/a': { post: body({ properties: { productId: { type: 'string' } } }) } })],
  ],
});
