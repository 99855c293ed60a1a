import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluatePod, minorOf } from './evaluate.ts';
import type { PssOptions } from './evaluate.ts';

const SAFE = {
  securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
  containers: [{ name: 'c', securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } }],
};
const inContainer = (more: object): object => ({
  ...SAFE,
  containers: [
    {
      name: 'c',
      ...more,
      securityContext: { ...SAFE.containers[0]!.securityContext, ...(more as { securityContext?: object }).securityContext },
    },
  ],
});
const inPod = (securityContext: object): object => ({
  ...SAFE,
  securityContext: { ...SAFE.securityContext, ...securityContext },
});

function failed(spec: unknown, options: PssOptions, annotations = {}): string {
  return evaluatePod(spec, annotations, options)
    .filter(({ allowed }) => !allowed)
    .map(({ control }) => control.id)
    .join(' ');
}

test('a pod fails exactly the controls of its level and version', () => {
  const probe = { livenessProbe: { httpGet: { host: '10.0.0.1', port: 80 } } };
  const rows: readonly (readonly [spec: unknown, level: PssOptions['level'], version: string, want: string])[] = [
    [SAFE, 'restricted', 'latest', ''],
    [{ containers: [{ name: 'c' }] }, 'baseline', 'latest', ''],
    [{ containers: [{ name: 'c' }] }, 'privileged', 'latest', ''],
    [{ hostPID: true, containers: [] }, 'privileged', 'latest', ''],
    [{ containers: [{ name: 'c' }] }, 'restricted', 'v1.7', 'runAsNonRoot'],
    [{ containers: [{ name: 'c' }] }, 'restricted', 'v1.18', 'allowPrivilegeEscalation runAsNonRoot'],
    [{ containers: [{ name: 'c' }] }, 'restricted', 'v1.21', 'allowPrivilegeEscalation runAsNonRoot seccompProfile_restricted'],
    [
      { containers: [{ name: 'c' }] },
      'restricted',
      'v1.22',
      'allowPrivilegeEscalation capabilities_restricted runAsNonRoot seccompProfile_restricted',
    ],
    [{ os: { name: 'windows' }, containers: [{ name: 'c' }] }, 'restricted', 'v1.25', 'runAsNonRoot'],
    [inPod({ runAsUser: 0 }), 'restricted', 'v1.22', ''],
    [inPod({ runAsUser: 0 }), 'restricted', 'v1.23', 'runAsUser'],
    [{ ...inPod({ runAsUser: 0, runAsNonRoot: false }), hostUsers: false }, 'restricted', 'v1.34', 'runAsNonRoot runAsUser'],
    [{ ...inPod({ runAsUser: 0, runAsNonRoot: false }), hostUsers: false }, 'restricted', 'v1.35', ''],
    [{ ...inContainer({ securityContext: { procMount: 'Unmasked' } }), hostUsers: false }, 'baseline', 'v1.34', 'procMount'],
    [{ ...inContainer({ securityContext: { procMount: 'Unmasked' } }), hostUsers: false }, 'baseline', 'v1.35', ''],
    [
      { ...inContainer({ securityContext: { procMount: 'Unmasked' } }), hostUsers: false },
      'restricted',
      'v1.35',
      'procMount_restricted',
    ],
    [inContainer(probe), 'baseline', 'v1.33', ''],
    [inContainer(probe), 'baseline', 'v1.34', 'hostProbesAndHostLifecycle'],
    [
      inContainer({ lifecycle: { preStop: { tcpSocket: { host: 'x', port: 1 } } } }),
      'baseline',
      'latest',
      'hostProbesAndHostLifecycle',
    ],
    [inContainer({ lifecycle: { preStop: { tcpSocket: { host: '', port: 1 } } } }), 'baseline', 'latest', ''],
    [inPod({ sysctls: [{ name: 'net.ipv4.tcp_rmem', value: '1' }] }), 'baseline', 'v1.31', 'sysctls'],
    [inPod({ sysctls: [{ name: 'net.ipv4.tcp_rmem', value: '1' }] }), 'baseline', 'v1.32', ''],
    [inPod({ sysctls: [{ name: 'kernel.msgmax', value: '1' }] }), 'baseline', 'latest', 'sysctls'],
    [inPod({ seLinuxOptions: { type: 'container_engine_t' } }), 'baseline', 'v1.30', 'seLinuxOptions'],
    [inPod({ seLinuxOptions: { type: 'container_engine_t' } }), 'baseline', 'v1.31', ''],
    [inPod({ seLinuxOptions: { role: 'r' } }), 'baseline', 'latest', 'seLinuxOptions'],
    [{ ...SAFE, volumes: [{ name: 'v', hostPath: { path: '/' } }] }, 'baseline', 'latest', 'hostPathVolumes'],
    [{ ...SAFE, volumes: [{ name: 'v', nfs: { server: 's', path: '/' } }] }, 'baseline', 'latest', ''],
    [{ ...SAFE, volumes: [{ name: 'v', nfs: { server: 's', path: '/' } }] }, 'restricted', 'latest', 'restrictedVolumes'],
    [{ ...SAFE, volumes: [{ name: 'v' }, { name: 'w', image: { reference: 'x' } }] }, 'restricted', 'latest', ''],
    [inContainer({ ports: [{ containerPort: 80, hostPort: 0 }] }), 'baseline', 'latest', ''],
    [inContainer({ ports: [{ containerPort: 80, hostPort: 80 }] }), 'baseline', 'latest', 'hostPorts'],
    [
      { ...SAFE, ephemeralContainers: [{ name: 'e', securityContext: { privileged: true } }] },
      'baseline',
      'latest',
      'privileged',
    ],
    [inPod({ windowsOptions: { hostProcess: true } }), 'baseline', 'latest', 'windowsHostProcess'],
    ['no spec', 'restricted', 'latest', ''],
  ];
  for (const [spec, level, version, want] of rows) {
    assert.equal(failed(spec, { level, version }), want, `${JSON.stringify(spec)} ${level} ${version}`);
  }
});

test('profiles were annotations once', () => {
  const seccomp = { 'seccomp.security.alpha.kubernetes.io/pod': 'unconfined' };
  const container = { 'container.seccomp.security.alpha.kubernetes.io/c': 'unconfined' };
  const armor = { 'container.apparmor.security.beta.kubernetes.io/c': 'unconfined' };
  assert.equal(failed(SAFE, { level: 'baseline', version: 'v1.18' }, seccomp), 'seccompProfile_baseline');
  assert.equal(failed(SAFE, { level: 'baseline', version: 'v1.18' }, container), 'seccompProfile_baseline');
  assert.equal(failed(SAFE, { level: 'baseline', version: 'v1.19' }, seccomp), '');
  assert.equal(failed(SAFE, { level: 'baseline' }, armor), 'appArmorProfile');
  assert.equal(failed(SAFE, { level: 'baseline' }, { [Object.keys(armor)[0]!]: 'localhost/mine' }), '');
});

test('a stricter control that fails too covers the baseline one', () => {
  const verdicts = evaluatePod({ ...SAFE, volumes: [{ name: 'v', hostPath: { path: '/' } }] }, {}, { level: 'restricted' });
  assert.deepEqual(
    verdicts.filter(({ allowed }) => !allowed).map(({ control, covered }) => [control.id, covered]),
    [
      ['hostPathVolumes', true],
      ['restrictedVolumes', false],
    ],
  );
});

test('a verdict names the places', () => {
  const [verdict] = evaluatePod({ hostPID: true, hostIPC: true, containers: [] }, {}, { level: 'baseline' }).filter(
    ({ allowed }) => !allowed,
  );
  assert.deepEqual(verdict?.paths, [
    ['spec', 'hostPID'],
    ['spec', 'hostIPC'],
  ]);
  assert.equal(verdict?.message, 'host namespaces: the pod sets `hostPID`; the pod sets `hostIPC`');
});

test('versions', () => {
  for (const [text, want] of [
    ['v1.25', 25],
    ['1.0', 0],
    ['latest', Infinity],
    ['', Infinity],
    ['v2.1', Infinity],
  ] as const) {
    assert.equal(minorOf(text), want, text);
  }
});
