import { bind, bindIn, role, rule } from '../../../../test/fakes/rbac.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { nodeProxy } from './node-proxy.ts';

testRule(nodeProxy, {
  fails: [
    ['everything of the core group', role(rule('', '"*"', '"*"')) + bind(), 'high'],
    ['reading everything of the core group', role(rule('', '"*"', 'get, list')) + bindIn(), 'low'],
    ['calls through the kubelet', role(rule('', 'nodes/proxy', 'create')) + bind(), 'high'],
    ['reading through the kubelet', role(rule('', 'nodes/proxy', 'get')) + bind(), 'medium'],
  ],
  passes: [
    ['metrics', role(rule('', 'nodes/metrics', 'get')) + bind()],
    ['reading nodes', role(rule('', 'nodes', 'get, list, watch')) + bind()],
  ],
});
