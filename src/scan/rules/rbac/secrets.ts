import { verbsOn } from '../../rbac/permits.ts';
import type { PlacedRule } from '../../rbac/roles.ts';
import type { SystemRule } from '../../rule.ts';
import { RBAC_GOOD_PRACTICE, roleHits } from './role-hits.ts';

/** `list` and `watch` give the values of all, whatever `get` says. */
export function readsSecrets(rule: PlacedRule): string | undefined {
  if (rule.resourceNames.length > 0) return undefined;
  const verbs = verbsOn(rule, '', 'secrets', ['get', 'list', 'watch']);
  if (verbs.length === 0) return undefined;
  return verbs.length === 1 && verbs[0] === 'get' ? 'read any secret whose name it knows' : 'read every secret';
}

export const secrets = {
  id: 'rbac.secrets',
  name: 'Reads every secret',
  severity: 'high',
  cwe: [269, 732],
  why: 'Secrets hold the keys of everything else, tokens of other service accounts among them: whoever takes over the holder of this role has them all. `list` and `watch` answer with the values.',
  help: 'Name the secrets that are needed in `resourceNames` with the verb `get`, in a Role of the namespace; or mount them as files.',
  references: [RBAC_GOOD_PRACTICE],
  tags: ['cis-k8s:5.1.2', 'nsa-k8s:auth', 'pci-dss:7.2.5'],
  check: (context) => roleHits(context, { can: readsSecrets, severity: 'high', inNamespace: 'medium' }),
} as const satisfies SystemRule;
