import { objectAt, memberOf } from '#base/raw.ts';
import type { Control } from '../control.ts';
import { securityContexts } from '../pod.ts';
import { shown } from '../../shown.ts';

const ANNOTATION = 'container.apparmor.security.beta.kubernetes.io/';
const TYPES: readonly unknown[] = ['RuntimeDefault', 'Localhost'];

export const appArmorProfile = {
  id: 'appArmorProfile',
  name: 'AppArmor',
  level: 'baseline',
  since: 0,
  reason: 'forbidden AppArmor profile',
  check: (pod) => [
    ...securityContexts(pod)
      .map(({ owner, context, path }) => ({ owner, path, profile: objectAt(context, 'appArmorProfile') }))
      .filter(({ profile }) => profile && !TYPES.includes(memberOf(profile, 'type')))
      .map(({ owner, path, profile }) => ({
        path: [...path, 'appArmorProfile', 'type'],
        text: `${owner} sets the AppArmor profile \`${shown(memberOf(profile, 'type'))}\``,
      })),
    ...Object.entries(pod.annotations)
      .filter(([key, value]) => key.startsWith(ANNOTATION) && !allowed(value))
      .map(([key, value]) => ({
        path: ['metadata', 'annotations', key],
        text: `the annotation of container \`${key.slice(ANNOTATION.length)}\` sets the AppArmor profile \`${value}\``,
      })),
  ],
} as const satisfies Control;

function allowed(profile: string): boolean {
  return profile === '' || profile === 'runtime/default' || profile.startsWith('localhost/');
}
