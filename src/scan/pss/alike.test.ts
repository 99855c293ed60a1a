import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AlikePods } from './alike.ts';
import { judgePod } from './evaluate.ts';
import { podOf } from './pod.ts';

const container = (more: object): object => ({ containers: [{ name: 'c', image: 'a:1', ...more }] });

test('pods are alike when nothing differs that a control looks at', () => {
  for (const [what, one, other, alike] of [
    ['another image', container({}), container({ image: 'b:2' }), true],
    ['other variables', container({ env: [{ name: 'A', value: '1' }] }), container({ command: ['x'] }), true],
    ['another name', container({}), container({ name: 'd' }), false],
    ['privileged', container({}), container({ securityContext: { privileged: true } }), false],
    ['a port of the host', container({ ports: [{ hostPort: 1 }] }), container({ ports: [{ hostPort: 2 }] }), false],
    ['another volume', { volumes: [{ name: 'v', hostPath: { path: '/' } }] }, { volumes: [{ name: 'v', emptyDir: {} }] }, false],
    ['the network of the host', container({}), { ...container({}), hostNetwork: true }, false],
    ['an init container', container({}), { ...container({}), initContainers: [{ name: 'i' }] }, false],
  ] as const) {
    const pods = new AlikePods();
    const [first, second] = [podOf(one), podOf(other)];
    assert.equal(pods.of(first), first);
    assert.equal(pods.of(second), alike ? first : second, what);
    if (alike)
      assert.deepEqual(judgePod(podOf(other), { level: 'restricted' }), judgePod(pods.of(second), { level: 'restricted' }), what);
  }
});

test('profiles in annotations set a pod apart, other annotations do not', () => {
  const pods = new AlikePods();
  const first = pods.of(podOf(container({}), { checksum: '1' }));
  assert.equal(pods.of(podOf(container({}), { checksum: '2' })), first);
  const profiled = podOf(container({}), { 'container.apparmor.security.beta.kubernetes.io/c': 'unconfined' });
  assert.equal(pods.of(profiled), profiled);
});
