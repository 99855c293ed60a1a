import { memberOf, objectAt } from '#base/raw.ts';
import type { Control, Offence } from '../control.ts';
import { securityContexts } from '../pod.ts';
import type { Pod } from '../pod.ts';
import { shown } from '../../shown.ts';

const TYPES: readonly unknown[] = ['RuntimeDefault', 'Localhost'];
const POD_ANNOTATION = 'seccomp.security.alpha.kubernetes.io/pod';
const CONTAINER_ANNOTATION = 'container.seccomp.security.alpha.kubernetes.io/';

/** Before 1.19 the profile was an annotation. */
export const seccompProfileBaseline = {
  id: 'seccompProfile_baseline',
  name: 'Seccomp',
  level: 'baseline',
  since: 0,
  reason: 'seccompProfile',
  check: (pod, minor) => (minor < 19 ? annotated(pod) : written(pod)),
} as const satisfies Control;

/** Since 1.25 Windows pods are left out: they have no seccomp. */
export const seccompProfileRestricted = {
  id: 'seccompProfile_restricted',
  name: 'Seccomp (restricted)',
  level: 'restricted',
  since: 19,
  covers: ['seccompProfile_baseline'],
  reason: 'seccompProfile',
  check: (pod, minor) => {
    if (minor >= 25 && pod.windows) return [];
    const refused = written(pod);
    if (refused.length > 0 || objectAt(pod.securityContext, 'seccompProfile')) return refused;
    return pod.containers
      .filter(({ securityContext }) => !objectAt(securityContext, 'seccompProfile'))
      .map(({ name, path }) => ({
        path: [...path, 'securityContext', 'seccompProfile'],
        text: `pod or container \`${name}\` must set the seccompProfile \`RuntimeDefault\` or \`Localhost\``,
      }));
  },
} as const satisfies Control;

function written(pod: Pod): readonly Offence[] {
  return securityContexts(pod).flatMap(({ owner, context, path }) => {
    const profile = objectAt(context, 'seccompProfile');
    if (!profile || TYPES.includes(memberOf(profile, 'type'))) return [];
    const text = `${owner} sets the seccompProfile \`${shown(memberOf(profile, 'type'))}\``;
    return [{ path: [...path, 'seccompProfile', 'type'], text }];
  });
}

function annotated(pod: Pod): readonly Offence[] {
  const keys = [POD_ANNOTATION, ...pod.containers.map(({ name }) => `${CONTAINER_ANNOTATION}${name}`)];
  return keys.flatMap((key) => {
    const value = Object.hasOwn(pod.annotations, key) ? pod.annotations[key]! : undefined;
    if (value === undefined || value === 'runtime/default' || value === 'docker/default' || value.startsWith('localhost/'))
      return [];
    return [{ path: ['metadata', 'annotations', key], text: `the annotation sets the seccompProfile \`${value}\`` }];
  });
}
