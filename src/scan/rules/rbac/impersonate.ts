import { verbsOn } from '../../rbac/permits.ts';
import type { SystemRule } from '../../rule.ts';
import { RBAC_GOOD_PRACTICE, roleHits } from './role-hits.ts';

export const impersonate = {
  id: 'rbac.impersonate',
  name: 'Acts as others',
  severity: 'high',
  cwe: [269],
  why: 'Whoever may impersonate users or groups is all of them; a header with the group `system:masters` is enough for the whole cluster.',
  help: 'Remove `impersonate`, or name the users in `resourceNames`.',
  references: [RBAC_GOOD_PRACTICE, 'https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation'],
  tags: ['cis-k8s:5.1.8', 'nsa-k8s:auth'],
  check: (context) =>
    roleHits(context, {
      can: (rule) => {
        if (rule.resourceNames.length > 0 && !rule.resourceNames.includes('system:masters')) return undefined;
        const kinds = ['users', 'groups', 'serviceaccounts'].filter(
          (each) => verbsOn(rule, '', each, ['impersonate']).length > 0,
        );
        return kinds.length === 0 ? undefined : `act as any of the ${kinds.join(', ')}`;
      },
      severity: 'high',
      inNamespace: 'medium',
    }),
} as const satisfies SystemRule;
