import type { SystemRule } from '../../rule.ts';
import { flagHits, listed, weakSuites } from './flag-hits.ts';
import type { FlagRow } from './flag-hits.ts';

const ROWS: readonly FlagRow[] = [
  {
    flag: 'authorization-mode',
    cis: '1.2.6',
    severity: 'critical',
    bad: (value, { flags, completed }) => {
      if (value === undefined)
        return completed || flags.has('authorization-config') ? undefined : 'allows every request (its default is `AlwaysAllow`)';
      return listed(value).includes('AlwaysAllow') ? 'allows every request' : undefined;
    },
    fix: '--authorization-mode=Node,RBAC',
  },
  {
    flag: 'authorization-mode',
    cis: '1.2.8',
    severity: 'medium',
    bad: (value) =>
      value !== undefined && !listed(value).includes('RBAC') && !listed(value).includes('AlwaysAllow')
        ? 'does not use RBAC'
        : undefined,
    fix: '--authorization-mode=Node,RBAC',
  },
  {
    flag: 'insecure-port',
    severity: 'critical',
    bad: (value) => (value !== undefined && value !== '0' ? 'answers without TLS, authentication or authorization' : undefined),
    fix: '--insecure-port=0',
  },
  {
    flag: 'insecure-bind-address',
    severity: 'critical',
    bad: (value, { flags }) =>
      value !== undefined && flags.get('insecure-port')?.value !== '0'
        ? 'answers without TLS, authentication or authorization'
        : undefined,
  },
  {
    flag: 'anonymous-auth',
    cis: '1.2.1',
    severity: 'low',
    bad: (value, { flags }) =>
      (value ?? 'true') === 'true' && !flags.has('authentication-config')
        ? 'takes requests without credentials as `system:anonymous`'
        : undefined,
    fix: '--anonymous-auth=false',
  },
  {
    flag: 'token-auth-file',
    cis: '1.2.2',
    severity: 'high',
    bad: (value) => (value !== undefined ? 'takes tokens from a file that never expire and are kept in clear' : undefined),
  },
  {
    flag: 'basic-auth-file',
    severity: 'high',
    bad: (value) => (value !== undefined ? 'takes passwords from a file that are kept in clear' : undefined),
  },
  {
    flag: 'service-account-lookup',
    cis: '1.2.21',
    severity: 'high',
    bad: (value) => (value === 'false' ? 'keeps taking tokens of service accounts that were deleted' : undefined),
    fix: '--service-account-lookup=true',
  },
  {
    flag: 'enable-admission-plugins',
    cis: '1.2.10',
    severity: 'high',
    bad: (value) => (listed(value).includes('AlwaysAdmit') ? 'lets everything through admission' : undefined),
  },
  {
    flag: 'enable-admission-plugins',
    cis: '1.2.14',
    severity: 'medium',
    bad: (value) =>
      listed(value).includes('NodeRestriction') ? undefined : 'lets a node write objects of other nodes (no `NodeRestriction`)',
    fix: '--enable-admission-plugins=NodeRestriction',
  },
  {
    flag: 'disable-admission-plugins',
    cis: '1.2.13',
    severity: 'high',
    bad: (value) => {
      const off = listed(value).filter((each) =>
        [
          'PodSecurity',
          'ServiceAccount',
          'NamespaceLifecycle',
          'ValidatingAdmissionWebhook',
          'ValidatingAdmissionPolicy',
        ].includes(each),
      );
      return off.length > 0 ? `switches off ${off.map((each) => `\`${each}\``).join(', ')}` : undefined;
    },
  },
  {
    flag: 'kubelet-https',
    severity: 'high',
    bad: (value) => (value === 'false' ? 'talks to kubelets in clear' : undefined),
  },
  {
    flag: 'etcd-servers',
    severity: 'high',
    bad: (value) => {
      const clear = listed(value).filter((each) => each.startsWith('http://'));
      if (clear.length === 0) return undefined;
      return 'talks to etcd in clear: every object of the cluster, secrets included, passes there';
    },
  },
  {
    flag: 'etcd-cafile',
    cis: '1.2.26',
    severity: 'medium',
    bad: (value, { flags }) => (value === undefined && flags.has('etcd-servers') ? 'does not check who etcd is' : undefined),
  },
  {
    flag: 'etcd-certfile',
    cis: '1.2.23',
    severity: 'medium',
    bad: (value, { flags }) => (value === undefined && flags.has('etcd-servers') ? 'shows etcd no certificate' : undefined),
  },
  {
    flag: 'kubelet-certificate-authority',
    cis: '1.2.5',
    severity: 'low',
    bad: (value) => (value === undefined ? 'does not check who a kubelet is' : undefined),
  },
  {
    flag: 'client-ca-file',
    cis: '1.2.25',
    severity: 'low',
    bad: (value) => (value === undefined ? 'takes no client certificates' : undefined),
  },
  {
    flag: 'tls-min-version',
    severity: 'high',
    bad: (value) => (value === 'VersionTLS10' || value === 'VersionTLS11' ? 'takes a version of TLS that is broken' : undefined),
    fix: '--tls-min-version=VersionTLS12',
  },
  {
    flag: 'tls-cipher-suites',
    cis: '1.2.29',
    severity: 'medium',
    bad: (value) => {
      const weak = weakSuites(listed(value));
      return weak.length > 0
        ? `offers weak ciphers, ${weak
            .slice(0, 3)
            .map((each) => `\`${each}\``)
            .join(', ')}`
        : undefined;
    },
  },
  {
    flag: 'profiling',
    cis: '1.2.15',
    severity: 'low',
    bad: (value) => (value !== 'false' ? 'shows profiles of the running program' : undefined),
    fix: '--profiling=false',
    notByKubeadm: true,
  },
];

export const apiServer = {
  id: 'cluster.api-server',
  name: 'API server setting',
  severity: 'medium',
  cwe: [16, 306],
  why: 'The API server is the door to everything in the cluster: a setting that weakens who may enter it, or what it records, weakens every other control.',
  help: 'Set the flag as the CIS Kubernetes Benchmark asks, in the manifest of the static pod or in the configuration of kubeadm.',
  references: [
    'https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/',
    'CIS Kubernetes Benchmark 1.10',
  ],
  tags: ['nsa-k8s:auth'],
  check: ({ system }) => flagHits(system, 'kube-apiserver', ROWS),
} as const satisfies SystemRule;
