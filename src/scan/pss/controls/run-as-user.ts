import { memberOf } from '#base/raw.ts';
import type { Control } from '../control.ts';
import { securityContexts } from '../pod.ts';

/** Since 1.35 a pod with users of its own (`hostUsers: false`) may run as its root. */
export const runAsUser = {
  id: 'runAsUser',
  name: 'Running as non-root user',
  level: 'restricted',
  since: 23,
  reason: 'runAsUser=0',
  check: (pod, minor) => {
    if (minor >= 35 && pod.ownUsers) return [];
    return securityContexts(pod)
      .filter(({ context }) => memberOf(context, 'runAsUser') === 0)
      .map(({ owner, path }) => ({ path: [...path, 'runAsUser'], text: `${owner} sets \`runAsUser: 0\`` }));
  },
} as const satisfies Control;
