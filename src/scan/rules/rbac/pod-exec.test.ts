import { bind, bindIn, role, rule } from '../../../../test/fakes/rbac.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { podExec } from './pod-exec.ts';

testRule(podExec, {
  fails: [
    ['everything of the core group', role(rule('', '"*"', '"*"')) + bind(), 'high'],
    ['reading everything of the core group', role(rule('', '"*"', 'get, list')) + bindIn(), 'medium'],
    ['exec', role(rule('', 'pods/exec', 'create')) + bindIn(), 'medium'],
  ],
  passes: [
    ['logs', role(rule('', 'pods/log', 'get')) + bindIn()],
    ['reading pods', role(rule('', 'pods', 'get, list')) + bindIn()],
  ],
});
