import { bind } from '../../../../test/fakes/rbac.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { everyone } from './everyone.ts';

testRule(everyone, {
  fails: [
    ['whoever asks may view', bind('{kind: Group, name: "system:unauthenticated"}', 'view'), 'high'],
    ['whoever asks may do everything', bind('{kind: User, name: "system:anonymous"}', 'cluster-admin'), 'critical'],
    ['every account may view', bind('{kind: Group, name: "system:authenticated"}', 'view'), 'low'],
    ['every account may edit', bind('{kind: Group, name: "system:authenticated"}', 'edit'), 'high'],
  ],
  passes: [
    ['what Kubernetes itself gives', bind('{kind: Group, name: "system:unauthenticated"}', '"system:public-info-viewer"')],
    ['a team', bind('{kind: Group, name: developers}', 'view')],
  ],
});
