// Rate limits that EnvoyFilters bring, where they really limit: on the right proxies, in the right direction, switched on.
import { listAt, memberOf, objectAt, recordAt, textAt } from '#base/raw.ts';
import { labelsMatch } from '#model/resource.ts';
import type { Resource } from '#model/resource.ts';

/** Proxies that a filter may be meant for. */
export interface ProxyGroup {
  readonly role: 'gateway' | 'sidecar';
  /** Undefined where the proxies run is not known. */
  readonly namespaces: readonly string[] | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** `namespace/name` of a Gateway of the Gateway API. */
  readonly gateway?: string;
}

const DEPTH_MAX = 30;

/** Whether some EnvoyFilter limits requests or connections at these proxies. */
export function isLimitedByFilter(filters: readonly Resource[], proxies: ProxyGroup, rootNamespace: string): boolean {
  const patches = filters
    .filter((filter) => appliesTo(filter, proxies, rootNamespace))
    .flatMap(({ spec }) => listAt(spec, 'configPatches'))
    .filter((patch) => inDirection(patch, proxies.role) && isApplied(patch));
  const kinds = new Set(patches.flatMap(limitOf));
  return kinds.has('local') || (kinds.has('global') && kinds.has('actions'));
}

function appliesTo({ spec, metadata }: Resource, proxies: ProxyGroup, root: string): boolean {
  const refs = listAt(spec, 'targetRefs');
  if (refs.length > 0)
    return refs.some(
      (ref) => proxies.gateway === `${metadata.namespace}/${textAt(ref, 'name') ?? ''}` && textAt(ref, 'kind') === 'Gateway',
    );
  const home = metadata.namespace === root || (proxies.namespaces?.includes(metadata.namespace) ?? true);
  return home && labelsMatch(recordAt(objectAt(spec, 'workloadSelector'), 'labels'), proxies.labels);
}

function inDirection(patch: unknown, role: ProxyGroup['role']): boolean {
  const context = textAt(objectAt(patch, 'match'), 'context') ?? 'ANY';
  return context === 'ANY' || context === (role === 'gateway' ? 'GATEWAY' : 'SIDECAR_INBOUND');
}

/** What Istio passes over limits nothing: adding to routes, removing. */
function isApplied(patch: unknown): boolean {
  const operation = textAt(objectAt(patch, 'patch'), 'operation') ?? '';
  const where = textAt(patch, 'applyTo') ?? '';
  if (operation === 'REMOVE' || operation === '') return false;
  return !(operation === 'ADD' && (where === 'HTTP_ROUTE' || where === 'ROUTE_CONFIGURATION'));
}

type LimitPart = 'local' | 'global' | 'actions';

function limitOf(patch: unknown): readonly LimitPart[] {
  const value = memberOf(objectAt(patch, 'patch'), 'value');
  const where = textAt(patch, 'applyTo') ?? '';
  if (where === 'HTTP_FILTER' || where === 'NETWORK_FILTER') {
    const named = `${textAt(value, 'name') ?? ''} ${typeOf(value)}`;
    if (/local_?rate_?limit/i.test(named)) return isSwitchedOn(value, where) ? ['local'] : [];
    return /(?:^|[./])(?:rate_?limit|RateLimit)\b/i.test(named) ? ['global'] : [];
  }
  const parts: LimitPart[] = [];
  if (hasActions(value, 0)) parts.push('actions');
  for (const config of ['typed_per_filter_config', 'typedPerFilterConfig']) {
    for (const [name, own] of Object.entries(objectAt(value, config) ?? {}))
      if (/local_?rate_?limit/i.test(name) && isSwitchedOn({ typed_config: own }, 'HTTP_FILTER')) parts.push('local');
  }
  return parts;
}

function typeOf(value: unknown): string {
  const config = objectAt(value, 'typed_config') ?? objectAt(value, 'typedConfig');
  return `${textAt(config, '@type') ?? ''} ${textAt(config, 'type_url') ?? ''}`;
}

/** Envoy's local limit needs a bucket, and does nothing unless it is enabled and enforced for some of the requests. */
function isSwitchedOn(value: unknown, where: string): boolean {
  const config = objectAt(value, 'typed_config') ?? objectAt(value, 'typedConfig');
  const inner = objectAt(config, 'value') ?? config;
  if (!objectAt(inner, 'token_bucket') && !objectAt(inner, 'tokenBucket')) return false;
  if (where === 'NETWORK_FILTER') return true;
  return [
    ['filter_enabled', 'filterEnabled'],
    ['filter_enforced', 'filterEnforced'],
  ].every((names) => names.some((name) => isSome(objectAt(inner, name))));
}

function isSome(fraction: unknown): boolean {
  const value = objectAt(fraction, 'default_value') ?? objectAt(fraction, 'defaultValue');
  const numerator = memberOf(value, 'numerator');
  return typeof numerator === 'number' && numerator > 0;
}

/** `rate_limits` with at least one action, wherever the route has them. */
function hasActions(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null || depth > DEPTH_MAX) return false;
  if (Array.isArray(value)) return value.some((item) => hasActions(item, depth + 1));
  return Object.entries(value).some(([name, member]) =>
    name === 'rate_limits' || name === 'rateLimits'
      ? Array.isArray(member) && member.some((each) => listAt(each, 'actions').length > 0)
      : hasActions(member, depth + 1),
  );
}
