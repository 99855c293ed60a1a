import { rbacOf } from '../../rbac/permissions.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { RBAC_GOOD_PRACTICE } from './role-hits.ts';

export const masters = {
  id: 'rbac.masters',
  name: 'Group system:masters used',
  severity: 'medium',
  cwe: [269],
  why: 'Members of `system:masters` pass by RBAC altogether: no binding gives it, so no removed binding takes it away, and a certificate that names the group stays good until it expires.',
  help: 'Bind people to `cluster-admin` by a group of your own, and keep `system:masters` for a sealed emergency credential.',
  references: [RBAC_GOOD_PRACTICE],
  tags: ['cis-k8s:5.1.7', 'nsa-k8s:auth'],
  check,
} as const satisfies SystemRule;

function* check({ system }: ScanContext): Generator<Hit> {
  for (const { resource, subjects, roleName, roleKind } of rbacOf(system).bindings) {
    // The binding that every cluster starts with.
    if (resource.metadata.name === 'cluster-admin' && roleName === 'cluster-admin') continue;
    for (const subject of subjects) {
      if (subject.kind !== 'Group' || subject.name !== 'system:masters') continue;
      yield {
        title: `${roleKind} \`${roleName}\` is bound to \`system:masters\`, which has every permission whatever RBAC says`,
        at: { resource, path: subject.path },
      };
    }
  }
}
