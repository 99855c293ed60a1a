import type { Path } from '#model/origin.ts';
import { objectAt, textsAt } from '#base/raw.ts';
import type { Control, Offence } from '../control.ts';
import type { Pod } from '../pod.ts';

/** What container runtimes give by default, NET_RAW apart (names without `CAP_`, as the field wants them). */
const DEFAULT: readonly string[] = [
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
];

function added(pod: Pod, allowed: readonly string[]): readonly Offence[] {
  return pod.containers.flatMap(({ name, path, securityContext }) =>
    textsAt(objectAt(securityContext, 'capabilities'), 'add').flatMap((capability, index) => {
      if (allowed.includes(capability)) return [];
      const at: Path = [...path, 'securityContext', 'capabilities', 'add', index];
      return [{ path: at, text: `container \`${name}\` adds the capability \`${capability}\`` }];
    }),
  );
}

export const capabilitiesBaseline = {
  id: 'capabilities_baseline',
  name: 'Capabilities',
  level: 'baseline',
  since: 0,
  reason: 'non-default capabilities',
  check: (pod) => added(pod, DEFAULT),
} as const satisfies Control;

/** Since 1.25 Windows pods are left out: they have no capabilities. */
export const capabilitiesRestricted = {
  id: 'capabilities_restricted',
  name: 'Capabilities (restricted)',
  level: 'restricted',
  since: 22,
  covers: ['capabilities_baseline'],
  reason: 'unrestricted capabilities',
  check: (pod, minor) => {
    if (minor >= 25 && pod.windows) return [];
    const kept = pod.containers
      .filter(({ securityContext }) => !textsAt(objectAt(securityContext, 'capabilities'), 'drop').includes('ALL'))
      .map(({ name, path }) => ({
        path: [...path, 'securityContext', 'capabilities', 'drop'],
        text: `container \`${name}\` must drop \`ALL\` capabilities`,
      }));
    return [...kept, ...added(pod, ['NET_BIND_SERVICE'])];
  },
} as const satisfies Control;
