import { api, OK } from '../../../../test/fakes/openapi.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { OLD_VERSION } from './old-version.ts';

testRule(OLD_VERSION, {
  fails: [
    ['two versions', api({ '/api/v1/orders': { get: OK }, '/api/v2/orders': { get: OK } }), 'low'],
    ['of a login', api({ '/auth/v2/check-otp': { post: OK }, '/auth/v3/check-otp': { post: OK } }), 'medium'],
  ],
  passes: [
    [
      'deprecated, other method, other path',
      api({
        '/v1/a': { get: { ...OK, deprecated: true } },
        '/v2/a': { get: OK },
        '/v1/b': { get: OK },
        '/v2/b': { post: OK },
        '/v1/c': { get: OK },
      }),
    ],
    ['versions of different resources', api({ '/v1/carts': { get: OK }, '/v2/orders': { get: OK } })],
  ],
});
