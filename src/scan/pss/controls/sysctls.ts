import { listAt, textAt } from '#base/raw.ts';
import type { Control } from '../control.ts';

/** The minor version since which each one counts as safe (https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/). */
const SAFE: ReadonlyMap<string, number> = new Map([
  ['kernel.shm_rmid_forced', 0],
  ['net.ipv4.ip_local_port_range', 0],
  ['net.ipv4.tcp_syncookies', 0],
  ['net.ipv4.ping_group_range', 0],
  ['net.ipv4.ip_unprivileged_port_start', 0],
  ['net.ipv4.ip_local_reserved_ports', 27],
  ['net.ipv4.tcp_keepalive_time', 29],
  ['net.ipv4.tcp_fin_timeout', 29],
  ['net.ipv4.tcp_keepalive_intvl', 29],
  ['net.ipv4.tcp_keepalive_probes', 29],
  ['net.ipv4.tcp_rmem', 32],
  ['net.ipv4.tcp_wmem', 32],
]);

export const sysctls = {
  id: 'sysctls',
  name: 'Sysctls',
  level: 'baseline',
  since: 0,
  reason: 'forbidden sysctls',
  check: (pod, minor) =>
    listAt(pod.securityContext, 'sysctls').flatMap((each, index) => {
      const name = textAt(each, 'name') ?? '';
      const since = SAFE.get(name);
      if (since !== undefined && since <= minor) return [];
      return [
        { path: ['spec', 'securityContext', 'sysctls', index, 'name'], text: `the pod sets the kernel parameter \`${name}\`` },
      ];
    }),
} as const satisfies Control;
