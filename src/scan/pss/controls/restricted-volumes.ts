import { asObject, listAt, memberOf, textAt } from '#base/raw.ts';
import type { Control } from '../control.ts';

const ALLOWED = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
] as const;

export const restrictedVolumes = {
  id: 'restrictedVolumes',
  name: 'Volume types',
  level: 'restricted',
  since: 0,
  covers: ['hostPathVolumes'],
  reason: 'restricted volume types',
  check: (pod) =>
    listAt(pod.spec, 'volumes').flatMap((volume, index) => {
      if (ALLOWED.some((type) => (memberOf(volume, type) ?? undefined) !== undefined)) return [];
      const members = Object.keys(asObject(volume) ?? {});
      // A volume without a source is an emptyDir (core/v1 defaulting).
      if (members.every((member) => member === 'name')) return [];
      const type = members.find((member) => member !== 'name') ?? '';
      const text = `volume \`${textAt(volume, 'name') ?? index}\` is of the type \`${type}\``;
      return [{ path: ['spec', 'volumes', index, type], text }];
    }),
} as const satisfies Control;
