import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hits } from '../../../../test/fakes/scan.ts';
import { allow, DENY_ALL, deployment } from '../../../../test/fakes/network.ts';
import { hostNetwork } from './host-network.ts';

const host = (namespace = 'shop'): string => deployment('agent', { namespace, port: 9100, spec: { hostNetwork: true } });

test('a policy that names a pod on the host network does not hold it', () => {
  for (const [docs, want] of [
    [[host(), allow('agent', ['web'], 9100)], ['medium']],
    [[host(), DENY_ALL], ['low']],
    [[host()], []],
    [[deployment('agent', { port: 9100 }), DENY_ALL], []],
    [[host('kube-system'), DENY_ALL], []],
  ] as const) {
    assert.deepEqual(
      hits(hostNetwork, ...docs).map(({ severity }) => severity),
      want,
    );
  }
  const [found] = hits(hostNetwork, host(), DENY_ALL);
  assert.equal(found!.path, 'spec.template.spec.hostNetwork');
});
