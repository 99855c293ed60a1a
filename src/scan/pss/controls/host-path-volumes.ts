import { listAt, objectAt, textAt } from '#base/raw.ts';
import type { Control } from '../control.ts';

export const hostPathVolumes = {
  id: 'hostPathVolumes',
  name: 'HostPath volumes',
  level: 'baseline',
  since: 0,
  reason: 'hostPath volumes',
  check: (pod) =>
    listAt(pod.spec, 'volumes').flatMap((volume, index) => {
      const hostPath = objectAt(volume, 'hostPath');
      if (!hostPath) return [];
      const text = `volume \`${textAt(volume, 'name') ?? index}\` is \`${textAt(hostPath, 'path') ?? ''}\` of the node`;
      return [{ path: ['spec', 'volumes', index, 'hostPath'], text }];
    }),
} as const satisfies Control;
