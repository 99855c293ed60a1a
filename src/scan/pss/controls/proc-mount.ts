import { memberOf } from '#base/raw.ts';
import type { Control, Offence } from '../control.ts';
import type { Pod } from '../pod.ts';
import { shown } from '../../shown.ts';

function unmasked(pod: Pod): readonly Offence[] {
  return pod.containers.flatMap(({ name, path, securityContext }) => {
    const value = memberOf(securityContext, 'procMount');
    if (value === undefined || value === null || value === 'Default') return [];
    return [
      { path: [...path, 'securityContext', 'procMount'], text: `container \`${name}\` sets procMount \`${shown(value)}\`` },
    ];
  });
}

/** Since 1.35 a pod with users of its own may unmask /proc at this level. */
export const procMount = {
  id: 'procMount',
  name: '/proc mount type',
  level: 'baseline',
  since: 0,
  reason: 'procMount',
  check: (pod, minor) => (minor >= 35 && pod.ownUsers ? [] : unmasked(pod)),
} as const satisfies Control;

export const procMountRestricted = {
  id: 'procMount_restricted',
  name: '/proc mount type (restricted)',
  level: 'restricted',
  since: 35,
  covers: ['procMount'],
  reason: 'procMount',
  check: unmasked,
} as const satisfies Control;
