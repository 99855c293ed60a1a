// Which DestinationRule holds for a caller and a host (Istio, "DestinationRule": the caller's namespace, then the service's, then the root's).
import type { DestinationRule, RetryBudget, Subset, TrafficPolicy, TrafficPolicyPart } from '#model/istio-traffic.ts';
import { labelsMatch } from '#model/resource.ts';
import type { System } from '#model/system.ts';
import { hostMatches, isWildcard, resolveHost } from './hosts.ts';

/** Who calls: its rules and its labels count. */
export interface Caller {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Rules of one namespace for one host, as one. */
export interface EffectiveRule {
  /** `namespace/name` of the oldest. */
  readonly id: string;
  readonly rules: readonly DestinationRule[];
  readonly trafficPolicy: TrafficPolicy | undefined;
  readonly subsets: readonly Subset[];
}

interface HostRules {
  readonly host: string;
  readonly rules: readonly DestinationRule[];
}

const indexes = new WeakMap<readonly DestinationRule[], ReadonlyMap<string, readonly HostRules[]>>();

/** Rules by namespace, most specific host first, so that not every rule is held against every host. */
function indexOf(system: Pick<System, 'destinationRules' | 'mesh'>): ReadonlyMap<string, readonly HostRules[]> {
  const known = indexes.get(system.destinationRules);
  if (known) return known;
  const byNamespace = new Map<string, Map<string, DestinationRule[]>>();
  for (const rule of [...system.destinationRules].sort(byAge)) {
    const host = resolveHost(rule.spec.host, rule.namespace, system.mesh.clusterDomain);
    const hosts = byNamespace.get(rule.namespace) ?? new Map<string, DestinationRule[]>();
    byNamespace.set(rule.namespace, hosts);
    hosts.set(host, [...(hosts.get(host) ?? []), rule]);
  }
  const index = new Map(
    [...byNamespace].map(([namespace, hosts]) => [
      namespace,
      [...hosts].map(([host, rules]) => ({ host, rules })).sort((a, b) => specificity(b.host) - specificity(a.host)),
    ]),
  );
  indexes.set(system.destinationRules, index);
  return index;
}

/** A full name beats every wildcard, a longer wildcard a shorter. */
function specificity(host: string): number {
  return isWildcard(host) ? host.length : 1000 + host.length;
}

function byAge(a: DestinationRule, b: DestinationRule): number {
  const left = a.resource.metadata.creationTimestamp ?? '';
  const right = b.resource.metadata.creationTimestamp ?? '';
  if (left !== right) return left === '' ? 1 : right === '' || left < right ? -1 : 1;
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

/** The rule in force for calls of `caller` to a host that lives in `namespace`; undefined when there is none. */
export function effectiveRule(
  system: Pick<System, 'destinationRules' | 'mesh'>,
  caller: Caller,
  host: string,
  namespace: string,
): EffectiveRule | undefined {
  if (system.destinationRules.length === 0) return undefined;
  const { rootNamespace } = system.mesh;
  const index = indexOf(system);
  // Rules of the root namespace are for everybody and come last, for callers in that namespace too.
  const places = [...new Set([...(caller.namespace === rootNamespace ? [] : [caller.namespace]), namespace, rootNamespace])];
  for (const place of places) {
    for (const { host: pattern, rules } of index.get(place) ?? []) {
      if (!hostMatches(pattern, host)) continue;
      const visible = rules.filter((rule) => isVisible(rule, caller, place));
      // A rule for chosen workloads wins over one for all of them.
      const chosen = visible.filter(({ spec }) => spec.workloadSelector !== undefined);
      const found = chosen.length > 0 ? chosen.slice(0, 1) : visible;
      if (found.length > 0) return merged(found);
    }
  }
  return undefined;
}

function isVisible(rule: DestinationRule, caller: Caller, place: string): boolean {
  const { exportTo, workloadSelector } = rule.spec;
  if (workloadSelector) return place === caller.namespace && labelsMatch(workloadSelector.matchLabels, caller.labels);
  if (place === caller.namespace) return !exportTo.includes('~') || exportTo.includes('.');
  return exportedTo(exportTo, rule.namespace, caller.namespace);
}

/** @param exportTo empty means everybody */
export function exportedTo(exportTo: readonly string[], own: string, namespace: string): boolean {
  if (exportTo.length === 0) return true;
  return exportTo.some((one) => one === '*' || one === namespace || (one === '.' && own === namespace));
}

/** Several rules for one host: the oldest one's policy, everybody's subsets, of one name the oldest. */
function merged(rules: readonly DestinationRule[]): EffectiveRule {
  const [first] = rules as [DestinationRule];
  const subsets = new Map<string, Subset>();
  for (const { spec } of rules)
    for (const subset of spec.subsets) if (!subsets.has(subset.name)) subsets.set(subset.name, subset);
  return {
    id: `${first.namespace}/${first.name}`,
    rules,
    trafficPolicy: rules.find(({ spec }) => spec.trafficPolicy !== undefined)?.spec.trafficPolicy,
    subsets: [...subsets.values()],
  };
}

export interface PolicyForPort {
  readonly part: TrafficPolicyPart;
  readonly retryBudget: RetryBudget | undefined;
}

/**
 * What holds for one port and one subset: a subset's parts replace the host's one by one, settings of the port replace all of them at once
 * and take defaults for what they do not say (Istio, TrafficPolicy.PortTrafficPolicy).
 */
export function policyForPort(rule: EffectiveRule, port: number, subset?: Subset): PolicyForPort {
  const base = rule.trafficPolicy;
  const own = subset?.trafficPolicy;
  const levels = own?.portLevelSettings.some((one) => one.port === port) === true ? own : base;
  const level = levels?.portLevelSettings.find((one) => one.port === port);
  const retryBudget = own?.retryBudget ?? base?.retryBudget;
  if (level) {
    const { port: _port, ...part } = level;
    return { part, retryBudget };
  }
  return { part: { ...partOf(base), ...partOf(own) }, retryBudget };
}

function partOf(policy: TrafficPolicy | undefined): TrafficPolicyPart {
  if (!policy) return {};
  const { portLevelSettings: _ports, retryBudget: _budget, unsupported: _unsupported, ...part } = policy;
  return part;
}
