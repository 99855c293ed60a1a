import { memberOf, objectAt } from '#base/raw.ts';
import type { Control } from '../control.ts';
import { securityContexts } from '../pod.ts';

export const windowsHostProcess = {
  id: 'windowsHostProcess',
  name: 'HostProcess',
  level: 'baseline',
  since: 0,
  reason: 'hostProcess',
  check: (pod) =>
    securityContexts(pod)
      .filter(({ context }) => memberOf(objectAt(context, 'windowsOptions'), 'hostProcess') === true)
      .map(({ owner, path }) => ({
        path: [...path, 'windowsOptions', 'hostProcess'],
        text: `${owner} runs as a process of the Windows node`,
      })),
} as const satisfies Control;
