import { memberOf } from '#base/raw.ts';
import type { Control, Offence } from '../control.ts';
import type { Pod } from '../pod.ts';
import { securityContexts } from '../pod.ts';

/** Since 1.35 a pod with users of its own (`hostUsers: false`) may run as its root. */
export const runAsNonRoot = {
  id: 'runAsNonRoot',
  name: 'Running as non-root',
  level: 'restricted',
  since: 0,
  reason: 'runAsNonRoot != true',
  check: (pod, minor) => (minor >= 35 && pod.ownUsers ? [] : offences(pod)),
} as const satisfies Control;

function offences(pod: Pod): readonly Offence[] {
  const refused = securityContexts(pod)
    .filter(({ context }) => memberOf(context, 'runAsNonRoot') === false)
    .map(({ owner, path }) => ({ path: [...path, 'runAsNonRoot'], text: `${owner} sets \`runAsNonRoot: false\`` }));
  if (refused.length > 0 || memberOf(pod.securityContext, 'runAsNonRoot') === true) return refused;
  return pod.containers
    .filter(({ securityContext }) => memberOf(securityContext, 'runAsNonRoot') !== true)
    .map(({ name, path }) => ({
      path: [...path, 'securityContext', 'runAsNonRoot'],
      text: `pod or container \`${name}\` must set \`runAsNonRoot: true\``,
    }));
}
