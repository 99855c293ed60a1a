import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GOOD_API, server, without } from '../../../../test/fakes/cluster.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { hits } from '../../../../test/fakes/scan.ts';
import { apiServer } from './api-server.ts';

testRule(apiServer, {
  fails: [
    ['no authorization mode', without('authorization-mode'), 'critical'],
    ['always allow', without('authorization-mode', '--authorization-mode=AlwaysAllow'), 'critical'],
    ['a mode in a word of its own, without RBAC', without('authorization-mode', '--authorization-mode', 'Node'), 'medium'],
    ['anonymous requests are not refused', without('anonymous-auth'), 'low'],
    ['insecure port', server('kube-apiserver', ...GOOD_API, '--insecure-port=8080'), 'critical'],
    ['TLS 1.0', server('kube-apiserver', ...GOOD_API, '--tls-min-version=VersionTLS10'), 'high'],
    ['RC4', server('kube-apiserver', ...GOOD_API, '--tls-cipher-suites=TLS_RSA_WITH_RC4_128_SHA'), 'medium'],
    ['etcd over plain HTTP', without('etcd-servers', '--etcd-servers=http://10.0.0.1:2379'), 'high'],
    [
      'in the configuration of kubeadm',
      'apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\napiServer: {extraArgs: [{name: authorization-mode, value: AlwaysAllow}, {name: profiling, value: "false"}, {name: audit-log-path, value: /a}, {name: audit-policy-file, value: /p}, {name: encryption-provider-config, value: /e}]}\n',
      'critical',
    ],
  ],
  passes: [
    ['hardened', server('kube-apiserver', ...GOOD_API)],
    ['authorization by a file', without('authorization-mode', '--authorization-config=/a.yaml')],
    ['insecure port switched off', server('kube-apiserver', ...GOOD_API, '--insecure-port=0')],
    ['flags of another program', server('nginx', '--anonymous-auth=true')],
  ],
});

test('a finding names the flag and its control', () => {
  const [finding] = hits(apiServer, without('authorization-mode', '--authorization-mode=AlwaysAllow'));
  assert.equal(finding?.title, '`kube-apiserver` `--authorization-mode=AlwaysAllow` allows every request');
  assert.ok(finding?.tags?.includes('cis-k8s:1.2.6'));
  assert.equal(finding?.path, 'spec.containers[0].command[12]');
});
