import { API, role, rule, SECRETS } from '../../../../test/fakes/rbac.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { aggregation } from './aggregation.ts';

testRule(aggregation, {
  fails: [
    [
      'secrets for everybody who may view',
      role(SECRETS, ', labels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}'),
      'medium',
    ],
    [
      'gathers every role',
      `${API}kind: ClusterRole\nmetadata: {name: r}\naggregationRule: {clusterRoleSelectors: [{}]}\nrules: []\n`,
      'high',
    ],
  ],
  passes: [
    [
      'own kinds for everybody who may view',
      role(rule('example.com', 'things', 'get'), ', labels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}'),
    ],
    [
      'gathers roles by a label of its own',
      `${API}kind: ClusterRole\nmetadata: {name: r}\naggregationRule: {clusterRoleSelectors: [{matchLabels: {acme.com/aggregate: "true"}}]}\nrules: []\n`,
    ],
  ],
});
