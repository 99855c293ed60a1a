// Whatever stands in a manifest, the rules over Kubernetes' own kinds end, and throw nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readSystem } from '#ingest/read.ts';
import { lintContext } from '#policy/lint/context.ts';
import { findingOf } from '../rule.ts';
import type { ScanContext } from '../rule.ts';
import { TEST_NOW, contextOf } from '../../../test/fakes/scan.ts';
import { CLUSTER_RULES } from './cluster.ts';
import { IMAGE_RULES } from './images.ts';
import { PARITY_RULES } from './parity.ts';
import { POD_RULES } from './pod.ts';
import { RBAC_RULES } from './rbac.ts';
import { SECRETS_CONFIG_RULES } from './secrets-config.ts';
import { TLS_RULES } from './tls.ts';

const RULES = [
  ...POD_RULES,
  ...RBAC_RULES,
  ...CLUSTER_RULES,
  ...TLS_RULES,
  ...IMAGE_RULES,
  ...SECRETS_CONFIG_RULES,
  ...PARITY_RULES,
];

const KINDS: readonly (readonly [apiVersion: string, kind: string, members: readonly string[]])[] = [
  ['v1', 'Pod', ['spec']],
  ['apps/v1', 'Deployment', ['spec']],
  ['v1', 'ConfigMap', ['data']],
  ['v1', 'Secret', ['data', 'type']],
  ['v1', 'Namespace', ['spec']],
  ['storage.k8s.io/v1', 'StorageClass', ['provisioner', 'parameters']],
  ['audit.k8s.io/v1', 'Policy', ['rules']],
  ['apiserver.config.k8s.io/v1', 'EncryptionConfiguration', ['resources']],
  ['apiserver.config.k8s.io/v1', 'AdmissionConfiguration', ['plugins']],
  [
    'kubelet.config.k8s.io/v1beta1',
    'KubeletConfiguration',
    ['authentication', 'authorization', 'readOnlyPort', 'tlsCipherSuites'],
  ],
  ['kubeadm.k8s.io/v1beta4', 'ClusterConfiguration', ['apiServer', 'etcd', 'scheduler']],
  ['admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', ['webhooks']],
  ['admissionregistration.k8s.io/v1', 'ValidatingAdmissionPolicyBinding', ['spec']],
  ['rbac.authorization.k8s.io/v1', 'ClusterRole', ['rules', 'aggregationRule']],
  ['rbac.authorization.k8s.io/v1', 'RoleBinding', ['roleRef', 'subjects']],
  ['networking.k8s.io/v1', 'Ingress', ['spec']],
  ['networking.istio.io/v1', 'Gateway', ['spec']],
  ['networking.istio.io/v1', 'DestinationRule', ['spec']],
  ['traefik.io/v1alpha1', 'TLSOption', ['spec']],
  ['external-secrets.io/v1', 'ExternalSecret', ['spec']],
];
const WORDS = [
  'spec',
  'containers',
  'securityContext',
  'privileged',
  'volumes',
  'hostPath',
  'rules',
  'resources',
  'verbs',
  '*',
  'tls',
  'servers',
  'webhooks',
  'name',
  'providers',
  'identity',
  '__proto__',
  'constructor',
];

const part = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom<unknown>(null, true, false, 0, -1, 1e9, '', 'x', '*', 'http://a', ...WORDS),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...WORDS), tie('value'), { maxKeys: 4 }),
  ),
})).value;

function contextFrom(documents: readonly unknown[]): ScanContext {
  const { system } = readSystem([{ file: 'any.yaml', text: documents.map((each) => JSON.stringify(each)).join('\n---\n') }]);
  return { system, lint: lintContext(system), reach: contextOf('').reach, now: TEST_NOW };
}

test('no document makes a rule throw', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...KINDS), part, part), { minLength: 1, maxLength: 4 }), (drafts) => {
      const documents = drafts.map(([[apiVersion, kind, members], first, second], index) => ({
        apiVersion,
        kind,
        metadata: { name: `n${index}`, namespace: index % 2 ? 'shop-prod' : 'shop-staging' },
        ...Object.fromEntries(members.map((member, at) => [member, at % 2 ? second : first])),
      }));
      const context = contextFrom(documents);
      for (const rule of RULES) for (const hit of rule.check(context)) assert.ok(findingOf(rule, hit).title.length > 0);
    }),
    { numRuns: 150 },
  );
});

test('a long text of anything takes no time', () => {
  const long = (unit: string): string => unit.repeat(Math.ceil(300_000 / unit.length)).slice(0, 300_000);
  const values = [
    long('a'),
    long('ssl_ciphers '),
    long('password='),
    long('password=a\n'),
    long('-----BEGIN DH PARAMETERS-----A'),
    long('a:b@'),
    long('\n ssl_protocols TLSv1.2'),
    long('{{'),
  ];
  for (const value of values) {
    const data = { 'ssl-protocols': value, 'ssl-ciphers': value, 'nginx.conf': `${value}\n` };
    const context = contextFrom([
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'nginx', annotations: { 'x/password': value } }, data },
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'p' },
        spec: { containers: [{ name: 'c', image: value, args: [value], env: [{ name: 'A', value }] }] },
      },
    ]);
    const start = performance.now();
    for (const rule of RULES) for (const hit of rule.check(context)) assert.ok(hit.title.length < 2000, rule.id);
    // Two megabytes; wide of the mark on purpose, for a machine that is busy.
    assert.ok(performance.now() - start < 600, `${value.slice(0, 20)}: ${performance.now() - start} ms`);
  }
});
