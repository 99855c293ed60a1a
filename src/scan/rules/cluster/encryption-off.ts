import type { SystemRule } from '../../rule.ts';
import { flagHits } from './flag-hits.ts';
import type { FlagRow } from './flag-hits.ts';

const ROWS: readonly FlagRow[] = [
  {
    flag: 'encryption-provider-config',
    cis: '1.2.27',
    severity: 'medium',
    bad: (value) => (value === undefined ? 'stores secrets unencrypted in etcd' : undefined),
    notByKubeadm: true,
    fix: '--encryption-provider-config=/etc/kubernetes/encryption.yaml',
  },
];

export const encryptionOff = {
  id: 'cluster.encryption-off',
  name: 'Secrets unencrypted at rest',
  severity: 'medium',
  cwe: [311, 312],
  why: 'Without an encryption configuration Secrets stand in etcd as they are: its disk, a snapshot or a backup is enough to have all of them.',
  help: 'Give the API server an `EncryptionConfiguration` that names `secrets`, with a `kms` provider first.',
  references: ['https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/', 'CIS Kubernetes Benchmark 1.10'],
  tags: ['nsa-k8s:secrets', 'pci-dss:3.5.1', 'soc2:CC6.1'],
  check: ({ system }) => flagHits(system, 'kube-apiserver', ROWS),
} as const satisfies SystemRule;
