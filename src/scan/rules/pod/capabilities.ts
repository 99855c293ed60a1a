import type { FindingSeverity } from '#model/finding.ts';
import { originOf } from '#model/origin.ts';
import { memberOf } from '#base/raw.ts';
import type { SystemRule } from '../../rule.ts';
import { PSS, controlHits, offenceText } from './control-hits.ts';

/** Each of these alone leads out of the container (capabilities(7)). */
const ESCAPES: readonly string[] = [
  'ALL',
  'BPF',
  'DAC_READ_SEARCH',
  'SYS_ADMIN',
  'SYS_BOOT',
  'SYS_MODULE',
  'SYS_PTRACE',
  'SYS_RAWIO',
];
const NETWORK: readonly string[] = ['NET_ADMIN', 'PERFMON', 'SYSLOG', 'CHECKPOINT_RESTORE', 'MAC_ADMIN', 'MAC_OVERRIDE'];

export const capabilities = {
  id: 'pod.capabilities',
  name: 'Capabilities beyond the default',
  severity: 'medium',
  cwe: [250],
  why: "A capability is a piece of root. `SYS_ADMIN`, `SYS_PTRACE`, `SYS_MODULE` and `DAC_READ_SEARCH` lead out of the container by themselves; `NET_ADMIN` and `NET_RAW` let a foothold rewrite and forge traffic of the pod's network.",
  help: 'Drop `ALL` and add only what the program needs; `NET_BIND_SERVICE` is allowed at every level.',
  references: [PSS, 'https://man7.org/linux/man-pages/man7/capabilities.7.html'],
  tags: ['cis-k8s:5.2.8', 'cis-k8s:5.2.9', 'nsa-k8s:pod'],
  check: (context) =>
    controlHits(context, ['capabilities_baseline'], ({ resource, pod, at }, verdict) => {
      // A privileged container has them all; that is told once, by its own rule.
      const offences = verdict.offences.filter(({ path }) => {
        const container = pod.containers.find((each) => each.path[1] === path[1] && each.path[2] === path[2]);
        return memberOf(container?.securityContext, 'privileged') !== true;
      });
      if (offences.length === 0) return undefined;
      const names = offences.map(({ path }) => nameAt(pod.spec, path));
      const document = originOf(resource);
      const severity: FindingSeverity = names.some((name) => ESCAPES.includes(name))
        ? 'high'
        : names.some((name) => NETWORK.includes(name))
          ? 'medium'
          : 'low';
      return {
        title: offenceText({ offences }),
        severity,
        fix: {
          text: 'Drop `ALL`, add back single capabilities where the program fails without them.',
          yaml: 'securityContext:\n  capabilities:\n    drop: ["ALL"]',
          // From the last to the first, so that indexes stay right.
          ...(document && {
            edits: offences.toReversed().map(({ path }) => ({ op: 'remove' as const, document, path: at(path) })),
          }),
        },
      };
    }),
} as const satisfies SystemRule;

function nameAt(spec: unknown, path: readonly (string | number)[]): string {
  let value: unknown = { spec };
  for (const key of path) value = Array.isArray(value) ? (value as unknown[])[Number(key)] : memberOf(value, String(key));
  return typeof value === 'string' ? value.toUpperCase().replace(/^CAP_/, '') : '';
}
