import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deployment } from '../../../../test/fakes/pods.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { hits } from '../../../../test/fakes/scan.ts';
import { hostNamespaces } from './host-namespaces.ts';

testRule(hostNamespaces, {
  fails: [
    ['processes', deployment('', 'hostPID: true'), 'medium'],
    ['processes, with ptrace', deployment('securityContext: {capabilities: {add: [SYS_PTRACE]}}', 'hostPID: true'), 'high'],
    ['processes, not as root', deployment('', 'hostPID: true\n      securityContext: {runAsNonRoot: true}'), 'medium'],
    ['network', deployment('', 'hostNetwork: true'), 'medium'],
  ],
  passes: [
    ['switched off', deployment('', 'hostNetwork: false')],
    ['a pod of its own', deployment('', 'hostUsers: false')],
  ],
});

test('a bare pod and a cron job are looked into as well', () => {
  const pod = 'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {hostPID: true, containers: [{name: c, image: "c:1"}]}\n';
  const cron =
    'apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: c}\nspec: {schedule: "* * * * *", jobTemplate: {spec: {template: {metadata: {labels: {a: b}}, spec: {restartPolicy: Never, hostPID: true, containers: [{name: c, image: "c:1"}]}}}}}\n';
  assert.deepEqual(
    hits(hostNamespaces, `${pod}---\n${cron}`).map(({ path }) => path),
    ['spec.hostPID', 'spec.jobTemplate.spec.template.spec.hostPID'],
  );
});
