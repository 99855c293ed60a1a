import { bind, bindIn, role, rule } from '../../../../test/fakes/rbac.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { wildcard } from './wildcard.ts';

testRule(wildcard, {
  fails: [
    ['everything', role(rule('*', '"*"', '"*"')) + bind(), 'high'],
    ['everything of the core group', role(rule('', '"*"', '"*"')) + bind(), 'high'],
    ['every verb on deployments', role(rule('apps', 'deployments', '"*"')) + bindIn(), 'low'],
  ],
  passes: [
    ['every verb on kinds of its own', role(rule('example.com', 'things', '"*"')) + bind()],
    ['named verbs', role(rule('apps', 'deployments', 'get, list, watch, update')) + bindIn()],
  ],
});
