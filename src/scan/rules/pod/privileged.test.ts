import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deployment, EXPOSED, namespace } from '../../../../test/fakes/pods.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { hits } from '../../../../test/fakes/scan.ts';
import { privileged } from './privileged.ts';

const PRIVILEGED = 'pod-security.kubernetes.io/enforce: privileged';

testRule(privileged, {
  fails: [
    ['privileged', deployment('securityContext: {privileged: true}'), 'high'],
    ['with the processes of the host', deployment('securityContext: {privileged: true}', 'hostPID: true'), 'high'],
    [
      'exposed',
      deployment('securityContext: {privileged: true}, ports: [{containerPort: 8080}]', 'hostPID: true') + EXPOSED,
      'critical',
    ],
    ['in a namespace for such', deployment('securityContext: {privileged: true}') + namespace(PRIVILEGED), 'medium'],
  ],
  passes: [
    ['switched off', deployment('securityContext: {privileged: false}')],
    ['nothing said', deployment('')],
  ],
});

test('a finding names the narrowest place and the control', () => {
  const [finding] = hits(privileged, deployment('securityContext: {privileged: true}'));
  assert.equal(finding?.path, 'spec.template.spec.containers[0].securityContext.privileged');
  assert.equal(finding?.location?.line, 10);
  assert.deepEqual(finding?.tags, ['cis-k8s:5.2.2', 'nsa-k8s:pod', 'pss:baseline', 'pss-control:privileged']);
  assert.deepEqual(finding?.fix?.edits?.[0]?.op, 'remove');
});
