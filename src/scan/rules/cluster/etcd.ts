import type { SystemRule } from '../../rule.ts';
import { flagHits, listed } from './flag-hits.ts';
import type { FlagRow } from './flag-hits.ts';

const LOCAL = /^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\])(?::|\/|$)/;
const clear = (value: string | undefined): boolean => listed(value).some((url) => url.startsWith('http://') && !LOCAL.test(url));

const ROWS: readonly FlagRow[] = [
  {
    flag: 'listen-client-urls',
    severity: 'critical',
    bad: (value) => (clear(value) ? 'serves every object of the cluster without TLS or authentication' : undefined),
  },
  {
    flag: 'client-cert-auth',
    cis: '2.2',
    severity: 'high',
    bad: (value) => (value !== 'true' ? 'lets in whoever reaches its port' : undefined),
    fix: '--client-cert-auth=true',
  },
  {
    flag: 'cert-file',
    cis: '2.1',
    severity: 'high',
    bad: (value, { flags }) => (value === undefined && !flags.has('auto-tls') ? 'serves its clients without TLS' : undefined),
  },
  {
    flag: 'auto-tls',
    cis: '2.3',
    severity: 'medium',
    bad: (value) => (value === 'true' ? 'signs its certificate itself, which no client can check' : undefined),
  },
  {
    flag: 'peer-client-cert-auth',
    cis: '2.5',
    severity: 'medium',
    bad: (value, { flags }) =>
      value !== 'true' && several(flags.get('initial-cluster')?.value)
        ? 'takes whoever calls as a member of the cluster'
        : undefined,
    fix: '--peer-client-cert-auth=true',
  },
  {
    flag: 'peer-auto-tls',
    cis: '2.6',
    severity: 'medium',
    bad: (value) => (value === 'true' ? 'signs its peer certificate itself, which no peer can check' : undefined),
  },
  {
    flag: 'listen-peer-urls',
    cis: '2.4',
    severity: 'high',
    bad: (value) => (clear(value) ? 'copies every object of the cluster to its peers in clear' : undefined),
  },
];

function several(members: string | undefined): boolean {
  return listed(members).length > 1;
}

export const etcd = {
  id: 'cluster.etcd',
  name: 'etcd setting',
  severity: 'high',
  cwe: [306, 319],
  why: 'etcd holds the whole state of the cluster, secrets among it, and knows no RBAC: whoever may talk to it reads and writes everything.',
  help: "Serve TLS, and ask every client and peer for a certificate of a CA that is etcd's own.",
  references: [
    'https://kubernetes.io/docs/tasks/administer-cluster/configure-upgrade-etcd/#securing-etcd-clusters',
    'CIS Kubernetes Benchmark 1.10',
  ],
  tags: ['nsa-k8s:secrets', 'pci-dss:4.2.1'],
  check: ({ system }) => flagHits(system, 'etcd', ROWS),
} as const satisfies SystemRule;
