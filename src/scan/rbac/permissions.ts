// What each service account may do at the Kubernetes API: bindings, aggregation and scope put together, with the places it rests on.
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { System } from '#model/system.ts';
import { bindingsOf } from './bindings.ts';
import type { Binding, Subject } from './bindings.ts';
import { rolesOf } from './roles.ts';
import type { EffectiveRole, PlacedRule, Roles } from './roles.ts';

/** What one binding gives to one of its subjects. */
export interface Grant {
  /** Where it holds; undefined for the whole cluster, objects outside namespaces included. In a namespace URLs of the API server are not given. */
  readonly namespace: string | undefined;
  /** `ClusterRole cluster-admin`, `Role shop/reader` */
  readonly role: string;
  /** Those of the role: one list for all who have it. */
  readonly rules: readonly PlacedRule[];
  readonly binding: Resource;
  /** The subject inside the binding. */
  readonly subjectPath: Path;
}

/** What an account may do, by itself and by the groups that hold it. Lists of groups are shared by all accounts in them. */
export type Grants = readonly (readonly Grant[])[];

/** The RBAC of one system, worked out once. */
export interface Rbac {
  readonly roles: Roles;
  readonly bindings: readonly Binding[];
  /** The bindings that give what a written role says, also by a ClusterRole that takes it in. */
  readonly bindingsTo: (role: Resource) => readonly Binding[];
  /** By `namespace/name`, every service account that is declared, used by a workload or bound. */
  readonly accounts: ReadonlyMap<string, Grants>;
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

/** Bindings that are put together from more than one role, in a whole system; what goes beyond counts for the first of them alone. */
const JOINED_MAX = 1_000_000;

function bindingsByRole(bindings: readonly Binding[]): Rbac['bindingsTo'] {
  const byRole = new Map<EffectiveRole, Binding[]>();
  for (const binding of bindings) {
    if (!binding.role) continue;
    const known = byRole.get(binding.role);
    if (known) known.push(binding);
    else byRole.set(binding.role, [binding]);
  }
  const carriers = new Map<Resource, (readonly Binding[])[]>();
  for (const [role, list] of byRole)
    for (const resource of documentsOf(role)) {
      const known = carriers.get(resource);
      if (known) known.push(list);
      else carriers.set(resource, [list]);
    }
  const joined = new Map<Resource, readonly Binding[]>();
  let left = JOINED_MAX;
  return (role) => {
    const [first = NO_BINDINGS, ...more] = carriers.get(role) ?? [];
    if (more.length === 0) return first;
    let list = joined.get(role);
    if (!list) {
      left -= more.reduce((sum, each) => sum + each.length, first.length);
      joined.set(role, (list = left < 0 ? first : [first, ...more].flat()));
    }
    return list;
  };
}

const NO_BINDINGS: readonly Binding[] = [];

/** The documents whose rules a role holds. */
function documentsOf({ resource, rules }: EffectiveRole): ReadonlySet<Resource> {
  const found = new Set<Resource>(resource ? [resource] : []);
  for (const { place } of rules) if (place) found.add(place.resource);
  return found;
}

/**
 * What every service account may do.
 * @returns by `namespace/name`; an account that nothing is granted has no lists
 * @example permissionsOf(system).get('shop/cart')?.flat().some(({ rules }) => rules.some((rule) => permits(rule, { verb: 'list', resource: 'secrets' })))
 */
export function permissionsOf(system: System): ReadonlyMap<string, Grants> {
  return rbacOf(system).accounts;
}

function grantOf({ resource, namespace, roleKind, roleName, role }: Binding, { path }: Subject): Grant | undefined {
  if (!role || role.rules.length === 0) return undefined;
  const name = `${roleKind} ${roleKind === 'Role' ? `${namespace}/` : ''}${roleName}`;
  return { namespace, role: name, rules: role.rules, binding: resource, subjectPath: path };
}

/** The groups that Kubernetes puts a service account into, by what a list of grants is kept under. */
const EVERY_ACCOUNT = 'system:serviceaccounts';

function grantsByAccount(system: System, bindings: readonly Binding[]): ReadonlyMap<string, Grants> {
  const own = new Map<string, Grant[]>();
  const groups = new Map<string, Grant[]>();
  const listIn = (lists: Map<string, Grant[]>, key: string): Grant[] => {
    const known = lists.get(key);
    if (known) return known;
    const list: Grant[] = [];
    lists.set(key, list);
    return list;
  };
  for (const { kind, apiVersion, metadata } of system.resources) {
    if (kind === 'ServiceAccount' && apiVersion === 'v1') listIn(own, `${metadata.namespace}/${metadata.name}`);
  }
  for (const { namespace, serviceAccount } of system.workloads) listIn(own, `${namespace}/${serviceAccount}`);
  for (const { subjects } of bindings) {
    for (const each of subjects) if (each.kind === 'ServiceAccount') listIn(own, `${each.namespace}/${each.name}`);
  }
  for (const binding of bindings) {
    for (const subject of binding.subjects) {
      const grant = grantOf(binding, subject);
      if (!grant) continue;
      if (subject.kind === 'ServiceAccount') listIn(own, `${subject.namespace}/${subject.name}`).push(grant);
      else if (subject.kind === 'Group' && subject.name === 'system:authenticated') listIn(groups, EVERY_ACCOUNT).push(grant);
      else if (subject.kind === 'Group' && subject.name.startsWith(EVERY_ACCOUNT)) listIn(groups, subject.name).push(grant);
    }
  }
  return new Map(
    [...own].map(([id, grants]) => {
      const ofNamespace = groups.get(`${EVERY_ACCOUNT}:${id.slice(0, id.indexOf('/'))}`);
      const lists = [grants, ofNamespace, groups.get(EVERY_ACCOUNT)];
      return [id, lists.filter((list) => list !== undefined && list.length > 0) as Grants];
    }),
  );
}
