import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { flagHits } from './flag-hits.ts';
import type { FlagRow } from './flag-hits.ts';

const LOOPBACK: readonly (string | undefined)[] = ['127.0.0.1', '::1', 'localhost'];
const profiling = (cis: string): FlagRow => ({
  flag: 'profiling',
  cis,
  severity: 'low',
  bad: (value) => (value !== 'false' ? 'shows profiles of the running program' : undefined),
  fix: '--profiling=false',
  notByKubeadm: true,
});
const bindAddress = (cis: string): FlagRow => ({
  flag: 'bind-address',
  cis,
  severity: 'low',
  bad: (value) => (LOOPBACK.includes(value) ? undefined : 'answers on every address of the node'),
  fix: '--bind-address=127.0.0.1',
});

const MANAGER: readonly FlagRow[] = [
  profiling('1.3.2'),
  bindAddress('1.3.7'),
  {
    flag: 'use-service-account-credentials',
    cis: '1.3.3',
    severity: 'low',
    bad: (value) => (value !== 'true' ? 'runs every controller with all permissions together' : undefined),
    fix: '--use-service-account-credentials=true',
  },
  {
    flag: 'service-account-private-key-file',
    cis: '1.3.4',
    severity: 'low',
    bad: (value) => (value === undefined ? 'does not sign tokens of service accounts with a key of its own' : undefined),
  },
];
const SCHEDULER: readonly FlagRow[] = [profiling('1.4.1'), bindAddress('1.4.2')];

export const controllers = {
  id: 'cluster.controllers',
  name: 'Controller manager or scheduler setting',
  severity: 'low',
  cwe: [16],
  why: 'These programs hold wide permissions and need no callers: what they answer on the network, and what they may do all together, helps only an attacker.',
  help: 'Set the flag as the CIS Kubernetes Benchmark asks.',
  references: ['CIS Kubernetes Benchmark 1.10'],
  tags: ['nsa-k8s:auth'],
  check,
} as const satisfies SystemRule;

function* check({ system }: ScanContext): Generator<Hit> {
  yield* flagHits(system, 'kube-controller-manager', MANAGER);
  yield* flagHits(system, 'kube-scheduler', SCHEDULER);
}
