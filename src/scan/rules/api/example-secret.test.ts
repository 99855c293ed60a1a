import { api, OK, param } from '../../../../test/fakes/openapi.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { EXAMPLE_SECRET } from './example-secret.ts';

testRule(EXAMPLE_SECRET, {
  fails: [
    [
      'key',
      api({
        '/a': { get: { ...OK, parameters: [{ ...param('k', 'header'), example: ['AKIA', 'QWERTYUIOPASDFGH'].join('') }] } },
      }),
      'high',
    ],
    [
      'a private key',
      api({
        '/a': {
          get: {
            ...OK,
            parameters: [{ ...param('k', 'header'), example: ['-----BEGIN', 'PRIVATE KEY-----', 'MIIE'].join(' ') }],
          },
        },
      }),
      'high',
    ],
  ],
  passes: [
    [
      'made up',
      api({
        '/a': { get: { ...OK, parameters: [{ ...param('k', 'header'), example: ['AKIA', 'IOSFODNN7EXAMPLE'].join('') }] } },
      }),
    ],
    [
      'a text of the same length',
      api({ '/a': { get: { ...OK, parameters: [{ ...param('k', 'header'), example: 'AKIA-and-some-more-words' }] } } }),
    ],
  ],
});
