import { verbsOn } from '../../rbac/permits.ts';
import type { SystemRule } from '../../rule.ts';
import { RBAC_GOOD_PRACTICE, roleHits } from './role-hits.ts';

const RBAC = 'rbac.authorization.k8s.io';

export const escalate = {
  id: 'rbac.escalate',
  name: 'Gives itself permissions',
  severity: 'high',
  cwe: [269],
  why: 'Kubernetes lets nobody hand out more than he holds, except by the verbs `escalate` and `bind`: with them the holder writes himself any permission there is.',
  help: 'Remove `escalate` and `bind`, or name the roles that may be bound in `resourceNames`.',
  references: [RBAC_GOOD_PRACTICE],
  tags: ['cis-k8s:5.1.8', 'nsa-k8s:auth'],
  check: (context) =>
    roleHits(context, {
      can: (rule) => {
        // Binding a few named roles is how it is meant.
        if (rule.resourceNames.length > 0 && !rule.resourceNames.includes('cluster-admin')) return undefined;
        const verbs = ['clusterroles', 'roles'].flatMap((resource) => verbsOn(rule, RBAC, resource, ['escalate', 'bind']));
        return verbs.length === 0 ? undefined : `give itself any permission (\`${[...new Set(verbs)].join('`, `')}\`)`;
      },
      severity: 'high',
      inNamespace: 'medium',
    }),
} as const satisfies SystemRule;
