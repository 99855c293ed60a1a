import { verbsOn } from '../../rbac/permits.ts';
import type { SystemRule } from '../../rule.ts';
import { RBAC_GOOD_PRACTICE, roleHits } from './role-hits.ts';

export const tokenCreate = {
  id: 'rbac.token-create',
  name: 'Makes tokens of service accounts',
  severity: 'high',
  cwe: [269],
  why: 'A token that is made for another service account is that account, until it expires, wherever it is used from.',
  help: 'Name the accounts in `resourceNames`, or use mounted tokens.',
  references: [RBAC_GOOD_PRACTICE],
  tags: ['cis-k8s:5.1.13', 'nsa-k8s:auth'],
  check: (context) =>
    roleHits(context, {
      can: (rule) =>
        rule.resourceNames.length === 0 && verbsOn(rule, '', 'serviceaccounts/token', ['create']).length > 0
          ? 'make tokens of every service account'
          : undefined,
      severity: 'high',
      inNamespace: 'medium',
    }),
} as const satisfies SystemRule;
