import type { FindingSeverity } from '#model/finding.ts';
import { rbacOf } from '../../rbac/permissions.ts';
import { writtenRules } from '../../rbac/roles.ts';
import type { PlacedRule } from '../../rbac/roles.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { RBAC_GOOD_PRACTICE, holdersOf, isEverything, isOwnRole } from './role-hits.ts';

export const wildcard = {
  id: 'rbac.wildcard',
  name: 'Wildcard in a role',
  severity: 'medium',
  cwe: [269, 732],
  why: 'A `*` gives what exists today and whatever is installed tomorrow: secrets, roles and the permissions to change them are among it.',
  help: 'Write the API groups, resources and verbs that are used.',
  references: [RBAC_GOOD_PRACTICE],
  tags: ['cis-k8s:5.1.3', 'nsa-k8s:auth', 'pci-dss:7.2.5'],
  check,
} as const satisfies SystemRule;

const CORE: readonly string[] = ['', '*'];

/** How much a rule's wildcards give; undefined without any that matters. */
function breadth(rule: PlacedRule): { readonly severity: FindingSeverity; readonly what: string } | undefined {
  const { verbs, resources, apiGroups, resourceNames } = rule;
  if (isEverything(rule)) return { severity: 'high', what: 'do everything with everything' };
  if (resourceNames.length > 0) return undefined;
  const allVerbs = verbs.includes('*');
  if (resources.includes('*')) {
    const core = apiGroups.some((group) => CORE.includes(group));
    if (allVerbs)
      return { severity: core ? 'high' : 'low', what: `do everything with every resource of ${groupText(apiGroups)}` };
    const writes = verbs.some((verb) => ['create', 'update', 'patch', 'delete', 'deletecollection'].includes(verb));
    // Reading everything is told as reading secrets.
    return writes && core ? { severity: 'high', what: `change every resource of ${groupText(apiGroups)}` } : undefined;
  }
  if (!allVerbs) return undefined;
  const sensitive = apiGroups.some((group) => [...CORE, 'apps', 'batch', 'rbac.authorization.k8s.io'].includes(group));
  return sensitive
    ? { severity: 'low', what: `use every verb on ${resources.map((each) => `\`${each}\``).join(', ')}` }
    : undefined;
}

function groupText(groups: readonly string[]): string {
  return groups.map((group) => (group === '' ? 'the core group' : group === '*' ? 'every group' : `\`${group}\``)).join(', ');
}

const ORDER: readonly FindingSeverity[] = ['low', 'medium', 'high'];

function* check({ system }: ScanContext): Generator<Hit> {
  const rbac = rbacOf(system);
  for (const role of rbac.roles.all) {
    if (!isOwnRole(role) || !role.resource) continue;
    const found = writtenRules(role.resource).flatMap((rule) => {
      const wide = breadth(rule);
      return wide && rule.place ? [{ ...wide, place: rule.place }] : [];
    });
    const worst = found.toSorted((a, b) => ORDER.indexOf(b.severity) - ORDER.indexOf(a.severity))[0];
    if (!worst) continue;
    const { holders, wide, names } = holdersOf(rbac, role);
    const who = holders.length === 0 ? 'whoever is bound to it' : names.slice(0, 3).join(', ');
    const severity: FindingSeverity = worst.severity === 'low' || holders.length === 0 ? 'low' : wide ? worst.severity : 'medium';
    yield {
      title: `${role.kind} \`${role.name}\` lets ${who} ${worst.what}`,
      severity,
      at: { resource: role.resource, path: worst.place.path },
    };
  }
}
