import { memberOf } from '#base/raw.ts';
import type { Control } from '../control.ts';

/** Since 1.25 Windows pods are left out: the field has no meaning there. */
export const allowPrivilegeEscalation = {
  id: 'allowPrivilegeEscalation',
  name: 'Privilege escalation',
  level: 'restricted',
  since: 8,
  reason: 'allowPrivilegeEscalation != false',
  check: (pod, minor) => {
    if (minor >= 25 && pod.windows) return [];
    return pod.containers
      .filter(({ securityContext }) => memberOf(securityContext, 'allowPrivilegeEscalation') !== false)
      .map(({ name, path }) => ({
        path: [...path, 'securityContext', 'allowPrivilegeEscalation'],
        text: `container \`${name}\` must set \`allowPrivilegeEscalation: false\``,
      }));
  },
} as const satisfies Control;
