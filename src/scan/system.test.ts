import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contextOf } from '../../test/fakes/scan.ts';
import { findingsOf } from './system.ts';

test('of thousands of the same finding the first ones are kept, the rest is counted, and what is grave stays', () => {
  const bindings = Array.from(
    { length: 2100 },
    (_, i) =>
      `apiVersion: rbac.authorization.k8s.io/v1\nkind: ${i < 2090 ? 'RoleBinding' : 'ClusterRoleBinding'}\nmetadata: {name: b${i}${i < 2090 ? ', namespace: shop' : ''}}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}\nsubjects: [{kind: ServiceAccount, name: s${i}, namespace: shop}]\n`,
  );
  const left = new Map<string, number>();
  const found = findingsOf(contextOf(bindings.join('---\n')), (rule, count) => left.set(rule.id, count)).filter(
    ({ code }) => code === 'rbac.cluster-admin',
  );
  const by = Map.groupBy(found, ({ severity }) => severity);
  assert.equal(by.get('medium')?.length, 2000);
  assert.equal(by.get('high')?.length, 10);
  assert.deepEqual([...left], [['rbac.cluster-admin', 90]]);
});
