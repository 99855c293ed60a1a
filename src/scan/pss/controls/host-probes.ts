import { objectAt, textAt } from '#base/raw.ts';
import type { Control } from '../control.ts';

const HANDLERS = [
  ['livenessProbe'],
  ['readinessProbe'],
  ['startupProbe'],
  ['lifecycle', 'postStart'],
  ['lifecycle', 'preStop'],
] as const;
const ACTIONS = ['httpGet', 'tcpSocket'] as const;

/** The kubelet makes these calls: a host of the manifest's choice lets it reach what the pod cannot (KEP-4940). */
export const hostProbesAndHostLifecycle = {
  id: 'hostProbesAndHostLifecycle',
  name: 'Host probes and lifecycle hooks',
  level: 'baseline',
  since: 34,
  reason: 'probe or lifecycle host',
  check: (pod) =>
    pod.containers.flatMap(({ name, path, raw }) =>
      HANDLERS.flatMap((way) => {
        const handler = way.reduce<unknown>((value, key) => objectAt(value, key), raw);
        return ACTIONS.flatMap((action) => {
          const host = textAt(objectAt(handler, action), 'host') ?? '';
          if (host === '') return [];
          const text = `the \`${way.at(-1)}\` of container \`${name}\` calls the host \`${host}\``;
          return [{ path: [...path, ...way, action, 'host'], text }];
        });
      }),
    ),
} as const satisfies Control;
