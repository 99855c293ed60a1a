import { verbsOn } from '../../rbac/permits.ts';
import type { SystemRule } from '../../rule.ts';
import { RBAC_GOOD_PRACTICE, roleHits } from './role-hits.ts';

export const persistentVolume = {
  id: 'rbac.persistent-volume',
  name: 'Makes persistent volumes',
  severity: 'medium',
  cwe: [269],
  why: 'A PersistentVolume can be a `hostPath`: whoever makes one reads and writes any folder of a node, past the Pod Security level of the namespace.',
  help: 'Leave PersistentVolumes to a provisioner; users need claims only.',
  references: [RBAC_GOOD_PRACTICE],
  tags: ['cis-k8s:5.1.9', 'nsa-k8s:auth'],
  check: (context) =>
    roleHits(context, {
      can: (rule) =>
        verbsOn(rule, '', 'persistentvolumes', ['create']).length > 0
          ? 'make PersistentVolumes of any folder of a node'
          : undefined,
      severity: 'medium',
      inNamespace: 'low',
    }),
} as const satisfies SystemRule;
