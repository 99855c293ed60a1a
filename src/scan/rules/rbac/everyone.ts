import type { FindingSeverity } from '#model/finding.ts';
import { originOf } from '#model/origin.ts';
import { rbacOf } from '../../rbac/permissions.ts';
import type { Binding } from '../../rbac/bindings.ts';
import type { EffectiveRole } from '../../rbac/roles.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { RBAC_GOOD_PRACTICE } from './role-hits.ts';

export const everyone = {
  id: 'rbac.everyone',
  name: 'Bound to everyone',
  severity: 'high',
  cwe: [284, 306],
  why: 'These names stand for everyone: `system:anonymous` and `system:unauthenticated` for callers without any credential, `system:authenticated` for every user and service account, also of other tenants, `system:serviceaccounts` for every pod.',
  help: 'Bind the accounts and groups that need it by name.',
  references: [RBAC_GOOD_PRACTICE, 'https://kubernetes.io/docs/reference/access-authn-authz/rbac/#discovery-roles'],
  tags: ['cis-k8s:5.1.1', 'nsa-k8s:auth', 'pci-dss:7.2.5'],
  check,
} as const satisfies SystemRule;

/** What Kubernetes itself lets everyone see. */
const PUBLIC_ROLES: readonly string[] = [
  'system:public-info-viewer',
  'system:discovery',
  'system:basic-user',
  'system:service-account-issuer-discovery',
];

const WHO: readonly (readonly [name: RegExp, text: string])[] = [
  [/^system:(?:anonymous|unauthenticated)$/, 'everyone, without any credential'],
  [/^system:authenticated$/, 'every user and service account'],
  [/^system:serviceaccounts$/, 'every pod of the cluster'],
  [/^system:serviceaccounts:/, 'every pod of the namespace'],
];

function* check({ system }: ScanContext): Generator<Hit> {
  const known = new Map<EffectiveRole, boolean>();
  for (const binding of rbacOf(system).bindings) {
    if (PUBLIC_ROLES.includes(binding.roleName)) continue;
    for (const subject of binding.subjects) {
      if (subject.kind === 'ServiceAccount') continue;
      const index = WHO.findIndex(([name]) => name.test(subject.name));
      if (index === -1) continue;
      const document = originOf(binding.resource);
      yield {
        title: `\`${subject.name}\` gives ${binding.roleKind} \`${binding.roleName}\` to ${WHO[index]![1]}`,
        severity: severityOf(index, binding, known),
        at: { resource: binding.resource, path: subject.path },
        ...(document && {
          fix: {
            text: `Remove the subject \`${subject.name}\`.`,
            edits: [{ op: 'remove' as const, document, path: subject.path }],
          },
        }),
      };
    }
  }
}

/** Verbs by which nothing is changed; secrets apart. */
const READS: readonly string[] = ['get', 'list', 'watch'];

function severityOf(index: number, { role }: Binding, known: Map<EffectiveRole, boolean>): FindingSeverity {
  let harmless = role ? known.get(role) : false;
  if (role && harmless === undefined) known.set(role, (harmless = onlyReads(role)));
  if (index === 0) return harmless ? 'high' : 'critical';
  if (index === 3) return harmless ? 'low' : 'medium';
  return harmless ? 'low' : 'high';
}

function onlyReads({ rules }: EffectiveRole): boolean {
  return rules.every(
    ({ verbs, resources }) =>
      verbs.every((verb) => READS.includes(verb)) && !resources.some((each) => each === '*' || each === 'secrets'),
  );
}
