import { ACCOUNT, bind, bindIn, role, rule } from '../../../../test/fakes/rbac.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { clusterAdmin } from './cluster-admin.ts';

testRule(clusterAdmin, {
  fails: [
    ['everything', role(rule('*', '"*"', '"*"')) + bind(), 'high'],
    ['in the whole cluster', bind(ACCOUNT, 'cluster-admin'), 'high'],
    ['in one namespace', bindIn(ACCOUNT, 'cluster-admin'), 'medium'],
    ['a team', bind('{kind: Group, name: platform-team}', 'cluster-admin'), 'medium'],
    ['whoever asks may do everything', bind('{kind: User, name: "system:anonymous"}', 'cluster-admin'), 'medium'],
  ],
  passes: [
    ['another role', bindIn(ACCOUNT, 'view')],
    ['what Kubernetes itself gives', bind('{kind: Group, name: "system:masters"}', 'cluster-admin')],
  ],
});
