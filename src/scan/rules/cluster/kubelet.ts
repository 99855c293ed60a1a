import type { FindingSeverity } from '#model/finding.ts';
import type { Path } from '#model/origin.ts';
import { memberOf, textsAt } from '#base/raw.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { flagHits, listed, weakSuites } from './flag-hits.ts';
import type { FlagRow } from './flag-hits.ts';
import { shown } from '../../shown.ts';

export const kubelet = {
  id: 'cluster.kubelet',
  name: 'Kubelet setting',
  severity: 'high',
  cwe: [306],
  why: 'The kubelet runs commands in every pod of its node: whoever it lets in without asking has them all, past RBAC, admission and audit.',
  help: 'Ask for authentication and let the API server decide (`authorization.mode: Webhook`).',
  references: ['https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/', 'CIS Kubernetes Benchmark 1.10'],
  tags: ['nsa-k8s:auth'],
  check,
} as const satisfies SystemRule;

interface Setting {
  readonly path: Path;
  readonly cis?: string;
  readonly severity: FindingSeverity;
  readonly bad: (value: unknown) => string | undefined;
  readonly fix?: string;
}

const OLD: readonly unknown[] = ['VersionTLS10', 'VersionTLS11'];

/** Only what is written is judged: the file's own defaults are safe since kubelet.config.k8s.io/v1beta1. */
const SETTINGS: readonly Setting[] = [
  {
    path: ['authentication', 'anonymous', 'enabled'],
    cis: '4.2.1',
    severity: 'high',
    bad: (value) => (value === true ? 'lets in callers without credentials' : undefined),
    fix: 'authentication:\n  anonymous:\n    enabled: false',
  },
  {
    path: ['authentication', 'webhook', 'enabled'],
    cis: '4.2.1',
    severity: 'medium',
    bad: (value) => (value === false ? 'takes no tokens of the cluster' : undefined),
  },
  {
    path: ['authorization', 'mode'],
    cis: '4.2.2',
    severity: 'critical',
    bad: (value) => (value === 'AlwaysAllow' ? 'allows every request' : undefined),
    fix: 'authorization:\n  mode: Webhook',
  },
  {
    path: ['readOnlyPort'],
    cis: '4.2.4',
    severity: 'medium',
    bad: (value) =>
      typeof value === 'number' && value !== 0 ? 'shows pods and their environment without authentication' : undefined,
    fix: 'readOnlyPort: 0',
  },
  {
    path: ['streamingConnectionIdleTimeout'],
    cis: '4.2.5',
    severity: 'low',
    bad: (value) => (value === 0 || value === '0' || value === '0s' ? 'never ends an idle session' : undefined),
  },
  {
    path: ['protectKernelDefaults'],
    cis: '4.2.6',
    severity: 'low',
    bad: (value) => (value === false ? 'changes kernel parameters of the node' : undefined),
  },
  {
    path: ['rotateCertificates'],
    cis: '4.2.10',
    severity: 'low',
    bad: (value) => (value === false ? 'lets its client certificate run out' : undefined),
  },
  {
    path: ['tlsMinVersion'],
    severity: 'high',
    bad: (value) => (OLD.includes(value) ? 'takes a version of TLS that is broken' : undefined),
  },
];

const FLAGS: readonly FlagRow[] = [
  {
    flag: 'anonymous-auth',
    cis: '4.2.1',
    severity: 'high',
    bad: (value) => (value === 'true' ? 'lets in callers without credentials' : undefined),
    fix: '--anonymous-auth=false',
  },
  {
    flag: 'authorization-mode',
    cis: '4.2.2',
    severity: 'critical',
    bad: (value) => (value === 'AlwaysAllow' ? 'allows every request' : undefined),
    fix: '--authorization-mode=Webhook',
  },
  {
    flag: 'read-only-port',
    cis: '4.2.4',
    severity: 'medium',
    bad: (value) =>
      value !== undefined && value !== '0' ? 'shows pods and their environment without authentication' : undefined,
    fix: '--read-only-port=0',
  },
  {
    flag: 'tls-cipher-suites',
    cis: '4.2.12',
    severity: 'medium',
    bad: (value) => (weakSuites(listed(value)).length > 0 ? 'offers weak ciphers' : undefined),
  },
];

function* check({ system }: ScanContext): Generator<Hit> {
  yield* flagHits(system, 'kubelet', FLAGS);
  for (const resource of system.resources) {
    if (resource.kind !== 'KubeletConfiguration') continue;
    for (const { path, cis, severity, bad, fix } of SETTINGS) {
      const value = path.reduce<unknown>((part, key) => memberOf(part, String(key)), resource.body);
      const wrong = bad(value);
      if (wrong === undefined) continue;
      yield {
        title: `kubelet \`${path.join('.')}: ${shown(value)}\` ${wrong}`,
        severity,
        at: { resource, path },
        tags: cis === undefined ? [] : [`cis-k8s:${cis}`],
        ...(fix !== undefined && { fix: { text: 'Set it as below.', yaml: fix } }),
      };
    }
    const weak = weakSuites(textsAt(resource.body, 'tlsCipherSuites'));
    if (weak.length > 0) {
      yield {
        title: `kubelet \`tlsCipherSuites\` offers weak ciphers, ${weak
          .slice(0, 3)
          .map((each) => `\`${each}\``)
          .join(', ')}`,
        severity: 'medium',
        at: { resource, path: ['tlsCipherSuites'] },
        tags: ['cis-k8s:4.2.12'],
      };
    }
  }
}
