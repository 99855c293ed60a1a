import { rbacResources, writtenRules } from '../../rbac/roles.ts';
import { permits } from '../../rbac/permits.ts';
import { asObject, listAt, objectAt } from '#base/raw.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { isEverything } from './role-hits.ts';
import { readsSecrets } from './secrets.ts';

const AGGREGATE = 'rbac.authorization.k8s.io/aggregate-to-';
const RBAC = 'rbac.authorization.k8s.io';

export const aggregation = {
  id: 'rbac.aggregation',
  name: 'Permissions added to built-in roles',
  severity: 'medium',
  cwe: [269],
  why: 'A label adds this role to `view`, `edit` or `admin`: everyone who was ever bound to these has its permissions too, in every namespace, without any binding that says so.',
  help: 'Take the label away and bind the role by name; or leave out of it what the built-in role is not meant to give.',
  references: ['https://kubernetes.io/docs/reference/access-authn-authz/rbac/#aggregated-clusterroles'],
  tags: ['cis-k8s:5.1.3', 'nsa-k8s:auth'],
  check,
} as const satisfies SystemRule;

const WRITES = ['create', 'update', 'patch', 'delete', '*'];

function* check({ system }: ScanContext): Generator<Hit> {
  for (const resource of rbacResources(system, 'ClusterRole')) {
    const { name, labels } = resource.metadata;
    if (name.startsWith('system:') || labels['kubernetes.io/bootstrapping'] === 'rbac-defaults') continue;
    const selectors = listAt(objectAt(resource.body, 'aggregationRule'), 'clusterRoleSelectors');
    const open = selectors.findIndex((each) => Object.keys(asObject(each) ?? {}).length === 0);
    if (open !== -1) {
      yield {
        title: `ClusterRole \`${name}\` takes in every ClusterRole of the cluster: its selector is empty`,
        severity: 'high',
        at: { resource, path: ['aggregationRule', 'clusterRoleSelectors', open] },
      };
    }
    const into = ['view', 'edit', 'admin'].find((role) => labels[`${AGGREGATE}${role}`] === 'true');
    if (into === undefined) continue;
    for (const rule of writtenRules(resource)) {
      const what = tooMuch(rule, into);
      if (what === undefined || !rule.place) continue;
      yield {
        title: `ClusterRole \`${name}\` adds to \`${into}\`: everyone who is bound to that may ${what}`,
        severity: isEverything(rule) ? 'high' : 'medium',
        at: { resource, path: rule.place.path },
      };
      break;
    }
  }
}

/** What the role that is added to is meant not to give (user-facing roles of the RBAC documentation). */
function tooMuch(rule: ReturnType<typeof writtenRules>[number], into: string): string | undefined {
  if (isEverything(rule)) return 'do everything';
  if (into === 'view') {
    if (readsSecrets(rule) !== undefined) return 'read secrets';
    const writes = rule.verbs.filter((verb) => WRITES.includes(verb));
    if (writes.length > 0) return `\`${writes[0]}\` ${rule.resources.map((each) => `\`${each}\``).join(', ')}`;
  }
  const anyName = { ...rule, resourceNames: [] };
  for (const [verb, group, resource] of [
    ['escalate', RBAC, 'roles'],
    ['bind', RBAC, 'roles'],
    ['impersonate', '', 'users'],
    ['impersonate', '', 'groups'],
  ] as const) {
    if (permits(anyName, { verb, group, resource })) return `\`${verb}\` ${resource}`;
  }
  if (into === 'edit' && permits(anyName, { verb: 'create', group: RBAC, resource: 'rolebindings' }))
    return 'write role bindings';
  return undefined;
}
