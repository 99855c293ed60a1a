import { bind, bindIn, role, rule } from '../../../../test/fakes/rbac.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { podCreate } from './pod-create.ts';

testRule(podCreate, {
  fails: [
    ['everything of the core group', role(rule('', '"*"', '"*"')) + bind(), 'high'],
    ['every verb on deployments', role(rule('apps', 'deployments', '"*"')) + bindIn(), 'medium'],
    ['creating pods', role(rule('', 'pods', 'create')) + bind(), 'high'],
  ],
  passes: [
    ['changing pods', role(rule('', 'pods', 'patch')) + bind()],
    ['reading pods', role(rule('', 'pods', 'get, list, watch')) + bind()],
  ],
});
