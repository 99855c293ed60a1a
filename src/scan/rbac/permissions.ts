// What each service account may do at the Kubernetes API: bindings, aggregation and scope put together, with the places it rests on.
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { System } from '#model/system.ts';
import { bindingsOf, subjectHolds } from './bindings.ts';
import type { Binding, Subject } from './bindings.ts';
import type { PolicyRule } from './builtin.ts';
import { rolesOf } from './roles.ts';
import type { Roles } from './roles.ts';

/** One rule that reaches a subject by one binding. */
export interface Grant extends PolicyRule {
  /** Where it holds; undefined for the whole cluster, objects outside namespaces included. */
  readonly namespace: string | undefined;
  /** `ClusterRole cluster-admin`, `Role shop/reader` */
  readonly role: string;
  /** Where the rule is written; undefined for a rule of a built-in role. */
  readonly place?: { readonly resource: Resource; readonly path: Path };
  readonly binding: Resource;
  /** The subject inside the binding. */
  readonly subjectPath: Path;
}

/** The RBAC of one system, worked out once. */
export interface Rbac {
  readonly roles: Roles;
  readonly bindings: readonly Binding[];
  /** The bindings that give what a written role says, also by a ClusterRole that takes it in. */
  readonly bindingsTo: (role: Resource) => readonly Binding[];
  /** By `namespace/name`, every service account that is declared, used by a workload or bound. */
  readonly accounts: ReadonlyMap<string, readonly Grant[]>;
}

const worked = new WeakMap<System, Rbac>();

/** The RBAC of a system; asking again costs nothing. */
export function rbacOf(system: System): Rbac {
  const known = worked.get(system);
  if (known) return known;
  const roles = rolesOf(system);
  const bindings = bindingsOf(system, roles);
  const rbac = { roles, bindings, bindingsTo: bindingsByRole(bindings), accounts: grantsByAccount(system, bindings) };
  worked.set(system, rbac);
  return rbac;
}

function bindingsByRole(bindings: readonly Binding[]): Rbac['bindingsTo'] {
  const byRole = new Map<Resource, Set<Binding>>();
  for (const binding of bindings) {
    const { role } = binding;
    const carried = [role?.resource, ...(role?.rules.map(({ place }) => place?.resource) ?? [])];
    for (const resource of carried) {
      if (!resource) continue;
      const known = byRole.get(resource);
      if (known) known.add(binding);
      else byRole.set(resource, new Set([binding]));
    }
  }
  return (role) => [...(byRole.get(role) ?? [])];
}

/**
 * What every service account may do.
 * @returns by `namespace/name`; an account that nothing is granted has an empty list
 * @example permissionsOf(system).get('shop/cart')?.some((grant) => permits(grant, { verb: 'list', resource: 'secrets' }))
 */
export function permissionsOf(system: System): ReadonlyMap<string, readonly Grant[]> {
  return rbacOf(system).accounts;
}

/** What one binding gives to one of its subjects. */
export function grantsOf(binding: Binding, subject: Subject): readonly Grant[] {
  const role = `${binding.roleKind} ${binding.roleKind === 'Role' ? `${binding.namespace}/` : ''}${binding.roleName}`;
  return (binding.role?.rules ?? []).map((rule) => ({
    ...rule,
    // A RoleBinding gives nothing outside its namespace, URLs of the API server included.
    nonResourceUrls: binding.namespace === undefined ? rule.nonResourceUrls : [],
    namespace: binding.namespace,
    role,
    binding: binding.resource,
    subjectPath: subject.path,
  }));
}

function grantsByAccount(system: System, bindings: readonly Binding[]): ReadonlyMap<string, readonly Grant[]> {
  const accounts = new Map<string, Grant[]>();
  const add = (namespace: string, name: string): void => {
    const id = `${namespace}/${name}`;
    if (!accounts.has(id)) accounts.set(id, []);
  };
  for (const { kind, apiVersion, metadata } of system.resources) {
    if (kind === 'ServiceAccount' && apiVersion === 'v1') add(metadata.namespace, metadata.name);
  }
  for (const { namespace, serviceAccount } of system.workloads) add(namespace, serviceAccount);
  for (const { subjects } of bindings) {
    for (const each of subjects) if (each.kind === 'ServiceAccount') add(each.namespace, each.name);
  }
  for (const binding of bindings) {
    for (const subject of binding.subjects) {
      const grants = grantsOf(binding, subject);
      if (subject.kind === 'ServiceAccount') {
        accounts.get(`${subject.namespace}/${subject.name}`)!.push(...grants);
      } else if (subject.kind === 'Group' && subject.name.startsWith('system:')) {
        for (const [id, list] of accounts) {
          const slash = id.indexOf('/');
          if (subjectHolds(subject, id.slice(0, slash), id.slice(slash + 1))) list.push(...grants);
        }
      }
    }
  }
  return accounts;
}
