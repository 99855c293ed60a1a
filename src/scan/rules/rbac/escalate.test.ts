import { bind, role, rule } from '../../../../test/fakes/rbac.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { escalate } from './escalate.ts';

testRule(escalate, {
  fails: [
    ['bind', role(rule('rbac.authorization.k8s.io', 'clusterroles', 'bind')) + bind(), 'high'],
    ['escalate', role(rule('rbac.authorization.k8s.io', 'roles', 'escalate')) + bind(), 'high'],
  ],
  passes: [
    [
      'bind to one harmless role',
      role(rule('rbac.authorization.k8s.io', 'clusterroles', 'bind', ', resourceNames: [view]')) + bind(),
    ],
    ['reading roles', role(rule('rbac.authorization.k8s.io', 'clusterroles', 'get, list')) + bind()],
  ],
});
