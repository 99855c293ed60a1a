import { CART, policy } from '../../../../test/fakes/mesh-policies.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { methodGap } from './method-gap.ts';

const methods = (list: string): string => policy(`{ action: DENY, rules: [{ to: [{ operation: { methods: ${list} } }] }] }`);

testRule(methodGap, {
  fails: [
    ['GET alone', [CART, methods('[GET]')], 'low'],
    ['GET with others', [CART, methods('[GET, POST]')], 'low'],
  ],
  passes: [
    ['both', [CART, methods('[GET, HEAD]')]],
    ['all', [CART, methods('["*"]')]],
    ['writing only', [CART, methods('[POST, PUT]')]],
    ['methods that are allowed', [CART, policy('{ rules: [{ to: [{ operation: { methods: [GET] } }] }] }')]],
    [
      'HEAD is not allowed anyway',
      [CART, methods('[GET]'), policy('{ rules: [{ to: [{ operation: { methods: [POST] } }] }] }', 'a')],
    ],
  ],
});
