import { verbsOn } from '../../rbac/permits.ts';
import type { SystemRule } from '../../rule.ts';
import { RBAC_GOOD_PRACTICE, roleHits } from './role-hits.ts';

export const namespaceWrite = {
  id: 'rbac.namespace-write',
  name: 'Relabels namespaces',
  severity: 'medium',
  cwe: [269],
  why: 'The labels of a namespace decide what runs in it and who reaches it: Pod Security level, NetworkPolicy selectors, mesh injection. Whoever changes them switches these off.',
  help: 'Leave namespaces to administrators; name them in `resourceNames` where a controller needs to patch them.',
  references: [RBAC_GOOD_PRACTICE],
  tags: ['cis-k8s:5.2.1', 'nsa-k8s:auth'],
  check: (context) =>
    roleHits(context, {
      can: (rule) =>
        rule.resourceNames.length === 0 && verbsOn(rule, '', 'namespaces', ['patch', 'update']).length > 0
          ? 'change the labels of every namespace'
          : undefined,
      severity: 'medium',
      inNamespace: 'low',
    }),
} as const satisfies SystemRule;
