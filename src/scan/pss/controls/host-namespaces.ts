import type { Control } from '../control.ts';

const FIELDS = ['hostNetwork', 'hostPID', 'hostIPC'] as const;

export const hostNamespaces = {
  id: 'hostNamespaces',
  name: 'Host namespaces',
  level: 'baseline',
  since: 0,
  reason: 'host namespaces',
  check: (pod) =>
    FIELDS.filter((field) => pod.spec[field] === true).map((field) => ({
      path: ['spec', field],
      text: `the pod sets \`${field}\``,
    })),
} as const satisfies Control;
