// Roles as they are after aggregation: each rule with the place where it is written.
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { System } from '#model/system.ts';
import { asObject, listAt, textsAt } from '#base/raw.ts';
import { readSelector, selects } from '../reach/selector.ts';
import { BUILT_IN_ROLES } from './builtin.ts';
import type { PolicyRule } from './builtin.ts';

/** A rule, and where it stands; a rule of a built-in role stands nowhere. */
export interface PlacedRule extends PolicyRule {
  readonly place?: { readonly resource: Resource; readonly path: Path };
}

export interface EffectiveRole {
  readonly kind: 'Role' | 'ClusterRole';
  /** '' for ClusterRoles. */
  readonly namespace: string;
  readonly name: string;
  /** Undefined for a built-in role that no document writes. */
  readonly resource: Resource | undefined;
  /** Its own rules, and those of the ClusterRoles that it aggregates. */
  readonly rules: readonly PlacedRule[];
}

export interface Roles {
  readonly all: readonly EffectiveRole[];
  find(kind: string, namespace: string, name: string): EffectiveRole | undefined;
}

const RBAC_GROUP = /^rbac\.authorization\.k8s\.io\//;

/** Documents of one RBAC kind. */
export function rbacResources(system: System, ...kinds: readonly string[]): readonly Resource[] {
  return system.resources.filter((each) => kinds.includes(each.kind) && RBAC_GROUP.test(each.apiVersion));
}

/** The rules that a Role or ClusterRole writes itself. */
export function writtenRules(resource: Resource): readonly PlacedRule[] {
  return listAt(resource.body, 'rules').flatMap((raw, index) => {
    if (!asObject(raw)) return [];
    return [
      {
        verbs: textsAt(raw, 'verbs'),
        apiGroups: textsAt(raw, 'apiGroups'),
        resources: textsAt(raw, 'resources'),
        resourceNames: textsAt(raw, 'resourceNames'),
        nonResourceUrls: textsAt(raw, 'nonResourceURLs'),
        place: { resource, path: ['rules', index] },
      },
    ];
  });
}

interface ClusterNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly resource: Resource | undefined;
  readonly own: readonly PlacedRule[];
  /** The others that it takes in; equal selectors share one list. */
  readonly takes: () => readonly ClusterNode[];
}

const NO_NODES: readonly ClusterNode[] = [];
/** Rules that aggregation may copy in a whole system: a thousand times what any cluster has. Roles after that keep their own alone. */
const AGGREGATED_MAX = 1_000_000;
/** Looks at a label of a role, for all selectors of a system. */
const SELECTED_MAX = 2_000_000;

function clusterNodes(system: System): Map<string, ClusterNode> {
  const nodes = new Map<string, ClusterNode>();
  const lists = new Map<string, readonly ClusterNode[]>();
  let looked = 0;
  const taken =
    (key: string, selects: (labels: ClusterNode['labels']) => boolean): ClusterNode['takes'] =>
    () => {
      let list = lists.get(key);
      if (!list) {
        looked += nodes.size;
        list = looked > SELECTED_MAX ? NO_NODES : [...nodes.values()].filter(({ labels }) => selects(labels));
        lists.set(key, list);
      }
      return list;
    };
  const none = (): readonly ClusterNode[] => NO_NODES;
  for (const [name, role] of BUILT_IN_ROLES) {
    const { aggregates } = role;
    nodes.set(name, {
      name,
      labels: role.labels,
      resource: undefined,
      own: role.rules,
      takes: aggregates === undefined ? none : taken(aggregates, (labels) => labels[aggregates] === 'true'),
    });
  }
  for (const resource of rbacResources(system, 'ClusterRole')) {
    const { name, labels } = resource.metadata;
    const builtIn = nodes.get(name);
    const selectors = listAt(resource.body['aggregationRule'], 'clusterRoleSelectors').map(readSelector);
    nodes.set(name, {
      name,
      labels: { ...builtIn?.labels, ...labels },
      resource,
      own: writtenRules(resource),
      takes:
        selectors.length === 0
          ? none
          : taken(JSON.stringify(selectors), (candidate) => selectors.some((each) => selects(each, candidate))),
    });
  }
  return nodes;
}

/** Its own rules and those of the roles that it takes in, through any number of them. */
function withAggregated(node: ClusterNode, budget: { left: number }): readonly PlacedRule[] {
  if (node.takes().length === 0 || budget.left <= 0) return node.own;
  const rules: PlacedRule[] = [];
  const seen = new Set<ClusterNode>([node]);
  // Equal selectors give the same list: it is gone through once.
  const through = new Set<readonly ClusterNode[]>();
  // A set is gone through in the order of its members, those that join on the way included.
  for (const from of seen) {
    for (const rule of from.own) rules.push(rule);
    budget.left -= from.own.length + 1;
    const list = from.takes();
    if (budget.left <= 0) break;
    if (through.has(list)) continue;
    through.add(list);
    budget.left -= list.length;
    for (const each of list) seen.add(each);
  }
  return rules;
}

/** Every role of the system and every built-in one, with aggregation done. */
export function rolesOf(system: System): Roles {
  const nodes = clusterNodes(system);
  const budget = { left: AGGREGATED_MAX };
  const all: EffectiveRole[] = [...nodes.values()].map((node) => ({
    kind: 'ClusterRole',
    namespace: '',
    name: node.name,
    resource: node.resource,
    rules: withAggregated(node, budget),
  }));
  for (const resource of rbacResources(system, 'Role')) {
    const { namespace, name } = resource.metadata;
    all.push({ kind: 'Role', namespace, name, resource, rules: writtenRules(resource) });
  }
  const byId = new Map(all.map((role) => [`${role.kind} ${role.namespace}/${role.name}`, role]));
  return {
    all,
    find: (kind, namespace, name) => byId.get(`${kind} ${kind === 'ClusterRole' ? '' : namespace}/${name}`),
  };
}
