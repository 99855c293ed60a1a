import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bind, bindIn, pod, role, rule, SECRETS } from '../../../../test/fakes/rbac.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { hits } from '../../../../test/fakes/scan.ts';
import { secrets } from './secrets.ts';

testRule(secrets, {
  fails: [
    ['in the whole cluster', role(SECRETS) + bind(), 'high'],
    ['in one namespace', role(SECRETS) + bindIn(), 'medium'],
    ['bound to nobody', role(SECRETS), 'low'],
    ['everything of the core group', role(rule('', '"*"', '"*"')) + bind(), 'high'],
    ['reading everything of the core group', role(rule('', '"*"', 'get, list')) + bindIn(), 'medium'],
    [
      'secrets for everybody who may view',
      role(SECRETS, ', labels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}'),
      'low',
    ],
    ['of an account that reads secrets', role(SECRETS) + bind() + pod(), 'high'],
    ['of an account that reads secrets of its namespace', role(SECRETS) + bindIn() + pod(), 'medium'],
  ],
  passes: [
    ['one by its name', role(rule('', 'secrets', 'get', ', resourceNames: [db]')) + bind()],
    ['other things', role(rule('', 'configmaps, pods', 'get, list, watch')) + bind()],
    ['a role of Kubernetes itself', role(SECRETS, ', labels: {kubernetes.io/bootstrapping: rbac-defaults}') + bind()],
  ],
});

test('the finding names who holds the power and where it is bound', () => {
  const [finding] = hits(secrets, role(SECRETS) + bind());
  assert.equal(finding?.title, 'ClusterRole `r` lets ServiceAccount `shop/cart` read every secret in the whole cluster');
  assert.equal(finding?.path, 'rules[0]');
  assert.equal(finding?.related?.[0]?.message, 'bound here');
});
