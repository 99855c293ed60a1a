// Gateways and the routes attached to them (Gateway API): which listener takes which route, and where its rules lead.
import type { Gateway, GatewayListener, HttpRoute, ParentRef } from '#model/gateway.ts';
import type { Observed } from '#model/observed.ts';
import { formatLocation, originOf } from '#model/origin.ts';
import { labelsMatch } from '#model/resource.ts';
import type { System } from '#model/system.ts';
import type { Cluster, GatewayListenerPlan, GatewayPlan, RouteRulePlan, VirtualHost } from './plan.ts';
import { RegexError } from './regex-parse.ts';
import { compileRegex } from './regex.ts';
import { policiesFor } from './select.ts';
import { telemetryFor } from './telemetry.ts';

type Closed = { what: string; why: string; at: string }[];

/** Annotation by which a Gateway names the service account its proxy runs as. */
const ACCOUNT_ANNOTATION = 'gateway.istio.io/service-account';
/** Label that Istio puts on the pods of a gateway, so that selectors written for it work here. */
const GATEWAY_NAME_LABEL = 'gateway.networking.k8s.io/gateway-name';

/** Builds the plans of all gateways that have a bound listener. */
export function buildGateways(system: System, observed: Observed, clusters: readonly Cluster[], closed: Closed): GatewayPlan[] {
  const known = new Set(clusters.map((cluster) => cluster.id));
  const routes = [...system.httpRoutes].sort(byAge);
  return system.gateways.map((gateway) => {
    const { name, namespace } = gateway.metadata;
    const id = `${namespace}/${name}`;
    const labels = { ...gateway.metadata.labels, [GATEWAY_NAME_LABEL]: name };
    const account = gateway.metadata.annotations[ACCOUNT_ANNOTATION] ?? `${name}-${gateway.spec.gatewayClassName}`;
    const listeners: GatewayListenerPlan[] = [];
    for (const listener of gateway.spec.listeners) {
      const listen = observed.gateways[`${id}/${listener.name}`];
      if (!listen) continue;
      const why = unsupported(listener);
      if (why) {
        closed.push({ what: `gateway ${id} listener ${listener.name}`, why, at: formatLocation(originOf(gateway)) });
        continue;
      }
      listeners.push({
        id: `${id}/${listener.name}`,
        listen,
        port: listener.port,
        hostname: listener.hostname ?? '',
        tls: listener.protocol === 'HTTPS',
        virtualHosts: virtualHosts(system, gateway, listener, routes, known, closed),
      });
    }
    const point = { namespace, labels, gateway: { name, className: gateway.spec.gatewayClassName } };
    const telemetry = telemetryFor(system, point, 'CLIENT');
    return {
      id,
      namespace,
      name,
      labels,
      identity: `spiffe://${system.mesh.trustDomain}/ns/${namespace}/sa/${account}`,
      listeners,
      policies: policiesFor(system, point),
      ...(telemetry && { telemetry }),
    };
  });
}

/** Why a listener stays closed, or undefined when it can be served. */
export function unsupported(listener: GatewayListener): string | undefined {
  if (listener.protocol !== 'HTTP' && listener.protocol !== 'HTTPS')
    return `protocol ${listener.protocol} is not served by this data plane`;
  if (listener.tls?.mode === 'Passthrough') return 'TLS passthrough is not served by this data plane';
  return undefined;
}

function byAge(a: HttpRoute, b: HttpRoute): number {
  const left = a.metadata.creationTimestamp ?? '';
  const right = b.metadata.creationTimestamp ?? '';
  if (left !== right) return left === '' ? 1 : right === '' || left < right ? -1 : 1;
  const names = [`${a.metadata.namespace}/${a.metadata.name}`, `${b.metadata.namespace}/${b.metadata.name}`] as const;
  return names[0] < names[1] ? -1 : names[0] > names[1] ? 1 : 0;
}

function virtualHosts(
  system: System,
  gateway: Gateway,
  listener: GatewayListener,
  routes: readonly HttpRoute[],
  known: ReadonlySet<string>,
  closed: Closed,
): VirtualHost[] {
  const hosts: VirtualHost[] = [];
  for (const route of routes) {
    if (
      !route.spec.parentRefs.some((parent) => refersTo(parent, route, gateway, listener)) ||
      !allows(system, gateway, listener, route)
    )
      continue;
    const hostnames = intersect(listener.hostname, route.spec.hostnames);
    if (hostnames.length === 0) continue;
    hosts.push({ hostnames, rules: route.spec.rules.map((_, index) => rulePlan(system, route, index, known, closed)) });
  }
  return hosts;
}

function refersTo(parent: ParentRef, route: HttpRoute, gateway: Gateway, listener: GatewayListener): boolean {
  return (
    parent.kind === 'Gateway' &&
    parent.name === gateway.metadata.name &&
    (parent.namespace ?? route.metadata.namespace) === gateway.metadata.namespace &&
    (parent.sectionName === undefined || parent.sectionName === listener.name) &&
    (parent.port === undefined || parent.port === listener.port)
  );
}

function allows(system: System, gateway: Gateway, listener: GatewayListener, route: HttpRoute): boolean {
  const from = listener.allowedRoutes?.namespaces?.from ?? 'Same';
  if (from === 'All') return true;
  if (from === 'Same') return route.metadata.namespace === gateway.metadata.namespace;
  const namespace = system.namespaces.find((one) => one.name === route.metadata.namespace);
  const wanted = listener.allowedRoutes?.namespaces?.selector ?? {};
  // Kubernetes puts this label on every namespace by itself.
  return labelsMatch(wanted, { 'kubernetes.io/metadata.name': route.metadata.namespace, ...namespace?.labels });
}

/**
 * Host names that a listener and a route have in common (gateway.networking.k8s.io/v1 HTTPRouteSpec.hostnames).
 * @returns lower-case names; `*` when neither says one
 */
export function intersect(listener: string | undefined, route: readonly string[]): string[] {
  const own = listener?.toLowerCase() ?? '';
  if (route.length === 0) return [own === '' ? '*' : own];
  const names = route.map((name) => name.toLowerCase());
  if (own === '') return names;
  return names.flatMap((name) => (covers(own, name) ? [name] : covers(name, own) ? [own] : []));
}

function covers(pattern: string, name: string): boolean {
  if (pattern === name) return true;
  return pattern.startsWith('*.') && name.endsWith(pattern.slice(1)) && name.length > pattern.length - 1;
}

function rulePlan(system: System, route: HttpRoute, index: number, known: ReadonlySet<string>, closed: Closed): RouteRulePlan {
  const rule = route.spec.rules[index]!;
  const { namespace, name } = route.metadata;
  const id = `${namespace}/${name}#${index}`;
  const backends = rule.backendRefs.map((backend, backendIndex) => {
    const target = backend.namespace ?? namespace;
    const cluster = `${target}/${backend.name}:${backend.port}`;
    const why =
      backend.kind !== 'Service'
        ? `backend kind \`${backend.kind}\` is not served`
        : target !== namespace && !granted(system, route, target, backend.name)
          ? `no ReferenceGrant in \`${target}\` lets this route use \`${backend.name}\``
          : !known.has(cluster)
            ? `no Service \`${target}/${backend.name}\` with port ${backend.port}`
            : undefined;
    if (why === undefined) return { cluster, weight: backend.weight };
    closed.push({
      what: `route ${id}`,
      why,
      at: formatLocation(originOf(route, ['spec', 'rules', index, 'backendRefs', backendIndex])),
    });
    return { cluster: '', weight: backend.weight };
  });
  for (const filter of rule.filters)
    if (filter.type === 'Unsupported')
      closed.push({
        what: `route ${id}`,
        why: `filter \`${filter.name}\` is not served, so the rule answers 500`,
        at: formatLocation(originOf(route, ['spec', 'rules', index])),
      });
  for (const source of patternsOf(rule)) {
    const why = refusedPattern(source);
    if (why)
      closed.push({
        what: `route ${id}`,
        why: `the pattern \`${source}\` never matches: ${why}`,
        at: formatLocation(originOf(route, ['spec', 'rules', index])),
      });
  }
  return { id, rule, backends, at: formatLocation(originOf(route, ['spec', 'rules', index])) };
}

function patternsOf(rule: HttpRoute['spec']['rules'][number]): string[] {
  return rule.matches.flatMap((match) => [
    ...(match.path.type === 'RegularExpression' ? [match.path.value] : []),
    ...[...match.headers, ...match.queryParams].filter((one) => one.type === 'RegularExpression').map((one) => one.value),
  ]);
}

function refusedPattern(source: string): string | undefined {
  try {
    compileRegex(source);
    return undefined;
  } catch (error) {
    if (error instanceof RegexError) return error.message;
    throw error;
  }
}

/** Whether a ReferenceGrant in the target's namespace names this kind of route and this Service (gateway.networking.k8s.io ReferenceGrant). */
function granted(system: System, route: HttpRoute, namespace: string, service: string): boolean {
  return system.resources.some((resource) => {
    if (resource.kind !== 'ReferenceGrant' || resource.metadata.namespace !== namespace) return false;
    const spec = resource.spec as GrantSpec | undefined;
    return (
      asList(spec?.from).some((from) => from.kind === 'HTTPRoute' && from.namespace === route.metadata.namespace) &&
      asList(spec?.to).some((to) => to.kind === 'Service' && (to.name === undefined || to.name === service))
    );
  });
}

interface GrantSpec {
  readonly from?: readonly { readonly kind?: string; readonly namespace?: string }[];
  readonly to?: readonly { readonly kind?: string; readonly name?: string }[];
}

/** A ReferenceGrant is held raw, so its lists are checked here. */
function asList<T>(value: readonly T[] | undefined): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]).filter((one) => typeof one === 'object' && one !== null) : [];
}
