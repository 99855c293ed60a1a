import { rbacOf } from '../../rbac/permissions.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { RBAC_GOOD_PRACTICE, givesEverything } from './role-hits.ts';

export const defaultAccount = {
  id: 'rbac.default-account',
  name: 'Permissions of the default service account',
  severity: 'medium',
  cwe: [269, 1188],
  why: 'Every pod that names no service account runs as `default` and carries its token: what is bound to it is bound to pods that nobody thought of.',
  help: 'Make a service account for the workload, bind the role to it and name it in the pod.',
  references: [RBAC_GOOD_PRACTICE],
  tags: ['cis-k8s:5.1.5', 'nsa-k8s:auth'],
  check,
} as const satisfies SystemRule;

function* check({ system }: ScanContext): Generator<Hit> {
  const onDefault = Map.groupBy(
    system.workloads.filter(({ serviceAccount }) => serviceAccount === 'default'),
    ({ namespace }) => namespace,
  );
  for (const { resource, subjects, roleKind, roleName, role } of rbacOf(system).bindings) {
    for (const subject of subjects) {
      if (subject.kind !== 'ServiceAccount' || subject.name !== 'default') continue;
      const users = onDefault.get(subject.namespace) ?? [];
      const who =
        users.length > 0
          ? `: ${users
              .slice(0, 3)
              .map(({ id }) => `\`${id}\``)
              .join(', ')}${users.length > 3 ? ` and ${users.length - 3} more` : ''}`
          : '';
      yield {
        title: `${roleKind} \`${roleName}\` is bound to the \`default\` service account of \`${subject.namespace}\`, which every pod there has${who}`,
        severity: givesEverything(role) && users.length > 0 ? 'high' : 'medium',
        at: { resource, path: subject.path },
      };
    }
  }
}
