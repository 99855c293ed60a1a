import { listAt, numberAt } from '#base/raw.ts';
import type { Control } from '../control.ts';

export const hostPorts = {
  id: 'hostPorts',
  name: 'Host ports',
  level: 'baseline',
  since: 0,
  reason: 'hostPort',
  check: (pod) =>
    pod.containers.flatMap(({ name, path, raw }) =>
      listAt(raw, 'ports').flatMap((port, index) => {
        const number = numberAt(port, 'hostPort') ?? 0;
        if (number === 0) return [];
        return [
          { path: [...path, 'ports', index, 'hostPort'], text: `container \`${name}\` takes port \`${number}\` of the node` },
        ];
      }),
    ),
} as const satisfies Control;
