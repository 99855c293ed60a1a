import { objectAt, textAt } from '#base/raw.ts';
import type { Control } from '../control.ts';
import { securityContexts } from '../pod.ts';

const TYPES: readonly string[] = ['', 'container_t', 'container_init_t', 'container_kvm_t'];

/** `container_engine_t` since 1.31. */
export const seLinuxOptions = {
  id: 'seLinuxOptions',
  name: 'SELinux',
  level: 'baseline',
  since: 0,
  reason: 'seLinuxOptions',
  check: (pod, minor) =>
    securityContexts(pod).flatMap(({ owner, context, path }) => {
      const options = objectAt(context, 'seLinuxOptions');
      const at = [...path, 'seLinuxOptions'];
      const type = textAt(options, 'type') ?? '';
      const typeAllowed = TYPES.includes(type) || (minor >= 31 && type === 'container_engine_t');
      return [
        ...(typeAllowed ? [] : [{ path: [...at, 'type'], text: `${owner} sets the SELinux type \`${type}\`` }]),
        ...(['user', 'role'] as const)
          .filter((field) => (textAt(options, field) ?? '') !== '')
          .map((field) => ({ path: [...at, field], text: `${owner} sets an SELinux ${field}` })),
      ];
    }),
} as const satisfies Control;
