import type { SystemRule } from '../../rule.ts';
import { flagHits } from './flag-hits.ts';
import type { FlagRow } from './flag-hits.ts';

const atLeast =
  (least: number, what: string): FlagRow['bad'] =>
  (value, { flags }) =>
    flags.has('audit-log-path') &&
    flags.get('audit-log-path')!.value !== '-' &&
    value !== undefined &&
    Number(value) !== 0 &&
    Number(value) < least
      ? `keeps ${what} (at least ${least} are asked for)`
      : undefined;

const ROWS: readonly FlagRow[] = [
  {
    flag: 'audit-log-path',
    cis: '1.2.16',
    severity: 'medium',
    bad: (value, { flags }) =>
      value === undefined && !flags.has('audit-webhook-config-file') ? "records nobody's requests" : undefined,
    notByKubeadm: true,
    fix: '--audit-log-path=/var/log/kubernetes/audit.log',
  },
  {
    flag: 'audit-policy-file',
    cis: '3.2.1',
    severity: 'medium',
    bad: (value, { flags }) =>
      value === undefined && (flags.has('audit-log-path') || flags.has('audit-webhook-config-file'))
        ? 'records nothing: without a policy there are no audit events'
        : undefined,
    notByKubeadm: true,
    fix: '--audit-policy-file=/etc/kubernetes/audit-policy.yaml',
  },
  {
    flag: 'audit-log-maxage',
    cis: '1.2.17',
    severity: 'low',
    bad: atLeast(30, 'audit logs for few days'),
    fix: '--audit-log-maxage=30',
  },
  {
    flag: 'audit-log-maxbackup',
    cis: '1.2.18',
    severity: 'low',
    bad: atLeast(10, 'few audit logs'),
    fix: '--audit-log-maxbackup=10',
  },
  {
    flag: 'audit-log-maxsize',
    cis: '1.2.19',
    severity: 'low',
    bad: atLeast(100, 'small audit logs, of so many megabytes'),
    fix: '--audit-log-maxsize=100',
  },
];

export const auditLog = {
  id: 'cluster.audit-log',
  name: 'No audit log',
  severity: 'medium',
  cwe: [778],
  why: 'Without audit events nobody can tell afterwards who read the secrets or made the pod, and no detection sees it while it happens.',
  help: 'Give the API server an audit policy and a place to write to, and keep what it writes.',
  references: ['https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/', 'CIS Kubernetes Benchmark 1.10'],
  tags: ['nsa-k8s:audit', 'pci-dss:10.2.1', 'soc2:CC7.2'],
  check: ({ system }) => flagHits(system, 'kube-apiserver', ROWS),
} as const satisfies SystemRule;
