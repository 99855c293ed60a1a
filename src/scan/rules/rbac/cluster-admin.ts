import { originOf } from '#model/origin.ts';
import { rbacOf } from '../../rbac/permissions.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { RBAC_GOOD_PRACTICE, givesEverything, subjectText } from './role-hits.ts';

export const clusterAdmin = {
  id: 'rbac.cluster-admin',
  name: 'Bound to cluster-admin',
  severity: 'high',
  cwe: [250, 269],
  why: 'Whoever takes over this subject has the whole cluster: every secret, every node, every other namespace.',
  help: 'Bind a role with the permissions that are used, in the namespaces where they are used.',
  references: [RBAC_GOOD_PRACTICE],
  tags: ['cis-k8s:5.1.1', 'nsa-k8s:auth', 'pci-dss:7.2.5'],
  check,
} as const satisfies SystemRule;

function* check({ system }: ScanContext): Generator<Hit> {
  const users = Map.groupBy(system.workloads, ({ namespace, serviceAccount }) => `${namespace}/${serviceAccount}`);
  for (const binding of rbacOf(system).bindings) {
    const everything = givesEverything(binding.role);
    if (!everything || binding.roleName.startsWith('system:')) continue;
    for (const subject of binding.subjects) {
      // People and their groups are named once in every cluster; groups that hold everyone have their own rule.
      if (subject.kind === 'Group' && subject.name.startsWith('system:')) continue;
      const account = subject.kind === 'ServiceAccount';
      const wide = binding.namespace === undefined;
      const used = account ? (users.get(`${subject.namespace}/${subject.name}`) ?? []) : [];
      const where = wide ? 'the whole cluster' : `namespace \`${binding.namespace}\``;
      const document = originOf(binding.resource);
      yield {
        title: `${subjectText(subject)} has every permission in ${where} by ${binding.roleKind} \`${binding.roleName}\`${
          used.length > 0
            ? `, and runs as ${used
                .slice(0, 3)
                .map(({ id }) => `\`${id}\``)
                .join(', ')}`
            : ''
        }`,
        severity: account ? (wide ? 'high' : 'medium') : wide ? 'medium' : 'low',
        at: { resource: binding.resource, path: subject.path },
        ...(document &&
          binding.subjects.length > 1 && {
            fix: {
              text: `Take ${subjectText(subject)} out, and bind it to a role with what it uses.`,
              edits: [{ op: 'remove' as const, document, path: subject.path }],
            },
          }),
      };
    }
  }
}
