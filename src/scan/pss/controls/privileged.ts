import { memberOf } from '#base/raw.ts';
import type { Control } from '../control.ts';

export const privileged = {
  id: 'privileged',
  name: 'Privileged containers',
  level: 'baseline',
  since: 0,
  reason: 'privileged',
  check: (pod) =>
    pod.containers
      .filter(({ securityContext }) => memberOf(securityContext, 'privileged') === true)
      .map(({ name, path }) => ({
        path: [...path, 'securityContext', 'privileged'],
        text: `container \`${name}\` runs privileged`,
      })),
} as const satisfies Control;
