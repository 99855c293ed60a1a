import { api, OK, param } from '../../../../test/fakes/openapi.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { OBJECT_AUTHORIZATION } from './object-authorization.ts';

testRule(OBJECT_AUTHORIZATION, {
  fails: [
    [
      'whole numbers',
      api({ '/orders/{orderId}': { get: { ...OK, parameters: [param('orderId', 'path', { type: 'integer' })] } } }),
      'medium',
    ],
    ['in the query, of the path item', api({ '/report': { parameters: [param('report_id', 'query')], get: OK } }), 'low'],
  ],
  passes: [
    [
      'with a scope',
      api({
        '/orders/{orderId}': { get: { ...OK, security: [{ bearer: ['orders:read'] }], parameters: [param('orderId', 'path')] } },
      }),
    ],
    ['no object', api({ '/a/{lang}': { get: { ...OK, parameters: [param('lang', 'path'), param('request_id', 'query')] } } })],
  ],
});
