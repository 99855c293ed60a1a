// Roles as they are after aggregation: each rule with the place where it is written.
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { System } from '#model/system.ts';
import { asObject, listAt, recordAt, textAt, textsAt } from '../reach/raw.ts';
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
  readonly selects: (labels: Readonly<Record<string, string>>) => boolean;
}

const NOTHING = (): boolean => false;

function clusterNodes(system: System): Map<string, ClusterNode> {
  const nodes = new Map<string, ClusterNode>();
  for (const [name, role] of BUILT_IN_ROLES) {
    const { aggregates } = role;
    nodes.set(name, {
      name,
      labels: role.labels,
      resource: undefined,
      own: role.rules,
      selects: aggregates === undefined ? NOTHING : (labels) => labels[aggregates] === 'true',
    });
  }
  for (const resource of rbacResources(system, 'ClusterRole')) {
    const { name, labels } = resource.metadata;
    const builtIn = nodes.get(name);
    const selectors = listAt(resource.body['aggregationRule'], 'clusterRoleSelectors');
    nodes.set(name, {
      name,
      labels: { ...builtIn?.labels, ...labels },
      resource,
      own: writtenRules(resource),
      selects: selectors.length === 0 ? NOTHING : (candidate) => selectors.some((each) => selectorMatches(each, candidate)),
    });
  }
  return nodes;
}

/** A metav1.LabelSelector as written; one that is empty matches everything. */
function selectorMatches(selector: unknown, labels: Readonly<Record<string, string>>): boolean {
  const wanted = recordAt(selector, 'matchLabels');
  for (const key of Object.keys(wanted)) if (labels[key] !== wanted[key]) return false;
  return listAt(selector, 'matchExpressions').every((expression) => {
    const value = labels[textAt(expression, 'key') ?? ''];
    const values = textsAt(expression, 'values');
    switch (textAt(expression, 'operator')) {
      case 'In':
        return value !== undefined && values.includes(value);
      case 'NotIn':
        return value === undefined || !values.includes(value);
      case 'Exists':
        return value !== undefined;
      case 'DoesNotExist':
        return value === undefined;
      default:
        return false;
    }
  });
}

function withAggregated(node: ClusterNode, nodes: ReadonlyMap<string, ClusterNode>): readonly PlacedRule[] {
  if (node.selects === NOTHING) return node.own;
  const rules: PlacedRule[] = [];
  const seen = new Set<string>([node.name]);
  const visit = (from: ClusterNode): void => {
    rules.push(...from.own);
    if (from.selects === NOTHING) return;
    for (const each of nodes.values()) {
      if (seen.has(each.name) || !from.selects(each.labels)) continue;
      seen.add(each.name);
      visit(each);
    }
  };
  visit(node);
  return rules;
}

/** Every role of the system and every built-in one, with aggregation done. */
export function rolesOf(system: System): Roles {
  const nodes = clusterNodes(system);
  const all: EffectiveRole[] = [...nodes.values()].map((node) => ({
    kind: 'ClusterRole',
    namespace: '',
    name: node.name,
    resource: node.resource,
    rules: withAggregated(node, nodes),
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
