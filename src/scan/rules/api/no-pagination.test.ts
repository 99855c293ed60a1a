import { answer, api, param } from '../../../../test/fakes/openapi.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { NO_PAGINATION } from './no-pagination.ts';

testRule(NO_PAGINATION, {
  fails: [['list', api({ '/a': { get: answer({ type: 'array', items: {} }) } }), 'low']],
  passes: [
    [
      'paged or bounded',
      api({
        '/a': { get: answer({ type: 'array', items: {} }, { parameters: [param('pageSize', 'query')] }) },
        '/b': { get: answer({ type: 'array', maxItems: 9, items: {} }) },
      }),
    ],
    [
      'one object',
      api({
        '/a/{id}': {
          get: answer({ type: 'object', properties: { id: { type: 'string' } } }, { parameters: [param('id', 'path')] }),
        },
      }),
    ],
    ['a list that is made', api({ '/a': { post: answer({ type: 'array', items: {} }) } })],
  ],
});
