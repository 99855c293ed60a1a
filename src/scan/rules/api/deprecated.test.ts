import { api, OK, param } from '../../../../test/fakes/openapi.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { DEPRECATED } from './deprecated.ts';

testRule(DEPRECATED, {
  fails: [
    ['one', api({ '/a': { get: { ...OK, deprecated: true } } }), 'info'],
    [
      'two, told together',
      api({ '/a': { get: { ...OK, deprecated: true } }, '/b': { get: { ...OK, deprecated: true } } }),
      'info',
    ],
  ],
  passes: [
    ['none', api({ '/a': { get: OK } })],
    ['a parameter', api({ '/a': { get: { ...OK, parameters: [{ ...param('q', 'query'), deprecated: true }] } } })],
  ],
});
