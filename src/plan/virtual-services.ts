// VirtualServices in the plan: which one holds for a caller and a service, and its rules as route rules.
import type { HttpRouteFilter } from '#model/gateway.ts';
import type {
  VirtualDestination,
  VirtualHeaders,
  VirtualHttpRoute,
  VirtualMatch,
  VirtualRetries,
  VirtualService,
} from '#model/istio-routing.ts';
import { formatLocation, originOf, type Path } from '#model/origin.ts';
import { labelsMatch } from '#model/resource.ts';
import type { System } from '#model/system.ts';
import type { Clusters } from './clusters.ts';
import { type Caller, exportedTo } from './destination-rules.ts';
import { hostMatches, isWildcard, resolveHost } from './hosts.ts';
import type { BackendPlan, GatewayListenerPlan, GatewayPlan, RetryPolicy, RouteRulePlan, VirtualHost } from './plan.ts';
import { clusterId } from './services.ts';
import { refusedPattern } from './virtual-routes.ts';

type Closed = { what: string; why: string; at: string }[];

const MESH = 'mesh';
const RETRY_ON = ['connect-failure', 'refused-stream', 'reset-before-request', 'unavailable', 'cancelled'];
const RETRY_WORDS: ReadonlySet<string> = new Set([
  ...RETRY_ON,
  '5xx',
  'gateway-error',
  'reset',
  'retriable-4xx',
  'retriable-status-codes',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
]);
/** Envoy's words that name something this data plane has not: they make nothing be sent again. */
const UNKNOWN_HERE: ReadonlySet<string> = new Set(['retriable-headers', 'envoy-ratelimited', 'http3-post-connect-failure']);
const BACKOFF_MS = 25;

/** Who asks for rules: a sidecar at one port of a service, or a gateway. */
interface Asker extends Caller {
  readonly gateway: string;
  readonly port: number | undefined;
}

export class VirtualServices {
  readonly #system: System;
  readonly #clusters: Clusters;
  readonly #closed: Closed;
  readonly #told = new Set<string>();
  readonly #sorted: readonly VirtualService[];

  constructor(system: System, clusters: Clusters, closed: Closed) {
    this.#system = system;
    this.#clusters = clusters;
    this.#closed = closed;
    this.#sorted = [...system.virtualServices].sort(byAge);
    for (const service of this.#sorted) this.#tellUnserved(service);
  }

  /** The rules for calls of a workload to one port of a service; undefined when no VirtualService concerns them. */
  forCall(caller: Caller, host: string, port: number): readonly VirtualHost[] | undefined {
    if (this.#sorted.length === 0) return undefined;
    const found = this.#sorted
      .filter(
        (one) =>
          one.spec.http.length > 0 && isBoundTo(one, MESH) && exportedTo(one.spec.exportTo, one.namespace, caller.namespace),
      )
      .flatMap((one) => this.#hostsOf(one).flatMap((pattern) => (hostMatches(pattern, host) ? [{ one, pattern }] : [])))
      // The most specific host, then the caller's own namespace, then age, which the list is sorted by.
      .sort(
        (a, b) =>
          specificity(b.pattern) - specificity(a.pattern) ||
          Number(b.one.namespace === caller.namespace) - Number(a.one.namespace === caller.namespace),
      );
    const service = found[0]?.one;
    if (!service) return undefined;
    return [{ hostnames: ['*'], rules: this.#rules(service, { ...caller, gateway: MESH, port }) }];
  }

  /** A gateway with the rules that are bound to it, behind those of its own routes. */
  withBound(gateway: GatewayPlan): GatewayPlan {
    const bound = this.#sorted.filter((one) => one.spec.http.length > 0 && isBoundTo(one, gateway.id));
    if (bound.length === 0) return gateway;
    const listeners = gateway.listeners.map((listener): GatewayListenerPlan => {
      const virtualServices = bound.flatMap((one): VirtualHost[] => {
        const hostnames = this.#hostsOf(one).flatMap((host) => common(listener.hostname.toLowerCase(), host));
        if (hostnames.length === 0) return [];
        const asker = { namespace: gateway.namespace, labels: gateway.labels, gateway: gateway.id, port: listener.port };
        return [{ hostnames, rules: this.#rules(one, asker) }];
      });
      return virtualServices.length > 0 ? { ...listener, virtualServices } : listener;
    });
    return { ...gateway, listeners };
  }

  #hostsOf(service: VirtualService): readonly string[] {
    return service.spec.hosts.map((host) => resolveHost(host, service.namespace, this.#system.mesh.clusterDomain));
  }

  #rules(service: VirtualService, asker: Asker): RouteRulePlan[] {
    return service.spec.http.flatMap((route, index) => {
      const when = route.match.filter((match) => concerns(match, service, asker));
      // All of its matches are for others.
      if (route.match.length > 0 && when.length === 0) return [];
      return [this.#rule(service, route, index, when, asker)];
    });
  }

  #rule(
    service: VirtualService,
    route: VirtualHttpRoute,
    index: number,
    when: readonly VirtualMatch[],
    asker: Asker,
  ): RouteRulePlan {
    const path = ['spec', 'http', index];
    const tell = (why: string, part: Path = []): void => this.#tell(service, [...path, ...part], why);
    for (const part of route.unsupported) tell(`\`${part}\` is not served, so the rule answers 500`);
    for (const source of patternsOf(when)) {
      const why = refusedPattern(source);
      if (why !== undefined) tell(`the pattern \`${source}\` never matches: ${why}`, ['match']);
    }
    const clusterOf = (destination: VirtualDestination, part: Path): string =>
      this.#cluster(service, destination, asker, (why) => tell(why, part));
    const backends = route.route.map(({ destination, weight, headers }, i): BackendPlan => {
      const filters = headerFilters(headers);
      return { cluster: clusterOf(destination, ['route', i]), weight, ...(filters.length > 0 && { filters }) };
    });
    const mirrors = route.mirrors.flatMap(({ destination, percent }, i) => {
      const cluster = clusterOf(destination, ['mirrors', i]);
      return cluster === '' ? [] : [{ cluster, fraction: { numerator: percent * 10_000, denominator: 1_000_000 } }];
    });
    const retry = route.retries && retryPolicy(route.retries, (why) => tell(why, ['retries']));
    const { fault, directResponse } = route;
    return {
      id: `${service.namespace}/${service.name}#${route.name === '' ? index : route.name}`,
      rule: {
        matches: [],
        filters: [...route.unsupported.map((name) => ({ type: 'Unsupported' as const, name })), ...filtersOf(route)],
        backendRefs: [],
        ...(route.timeoutMs !== undefined && route.timeoutMs > 0 && { timeouts: { requestMs: route.timeoutMs } }),
      },
      backends,
      ...(mirrors.length > 0 && { mirrors }),
      ...(retry && { retry }),
      virtual: { when, ...(fault && { fault }), ...(directResponse && { direct: directResponse }) },
      at: formatLocation(originOf(service.resource, path)),
    };
  }

  #cluster(service: VirtualService, destination: VirtualDestination, asker: Asker, tell: (why: string) => void): string {
    const host = resolveHost(destination.host, service.namespace, this.#system.mesh.clusterDomain);
    const target = this.#clusters.service(host);
    if (!target) {
      tell(`no service here has the host \`${destination.host}\``);
      return '';
    }
    const ports = target.ports.filter(({ protocol }) => protocol !== 'udp');
    const port = destination.port ?? (ports.length === 1 ? ports[0]!.port : asker.port);
    const cluster = port === undefined ? '' : this.#clusters.for(asker, clusterId(target, port), destination.subset);
    if (cluster === '')
      tell(
        destination.subset !== undefined && port !== undefined && this.#clusters.has(clusterId(target, port))
          ? `no DestinationRule in force gives \`${target.id}\` a subset \`${destination.subset}\``
          : `\`${target.id}\` has no port ${port ?? 'that could be meant'}`,
      );
    return cluster;
  }

  #tellUnserved(service: VirtualService): void {
    const { tlsRoutes, tcpRoutes, gateways } = service.spec;
    if (tlsRoutes > 0)
      this.#tell(service, ['spec', 'tls'], '`tls` routes of a VirtualService are not served: calls go to the service itself');
    if (tcpRoutes > 0)
      this.#tell(service, ['spec', 'tcp'], '`tcp` routes of a VirtualService are not served: calls go to the service itself');
    const known = new Set(this.#system.gateways.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`));
    for (const gateway of gateways)
      if (gateway !== MESH && !known.has(qualified(gateway, service.namespace)))
        this.#tell(
          service,
          ['spec', 'gateways'],
          `the gateway \`${gateway}\` is none that is served here (Gateway API), so its rules are not served there`,
        );
  }

  #tell(service: VirtualService, path: Path, why: string): void {
    const what = `VirtualService ${service.namespace}/${service.name}`;
    const key = `${what} ${why}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#closed.push({ what, why, at: formatLocation(originOf(service.resource, path)) });
  }
}

function byAge(a: VirtualService, b: VirtualService): number {
  const left = a.resource.metadata.creationTimestamp ?? '';
  const right = b.resource.metadata.creationTimestamp ?? '';
  if (left !== right) return left === '' ? 1 : right === '' || left < right ? -1 : 1;
  const names = [`${a.namespace}/${a.name}`, `${b.namespace}/${b.name}`] as const;
  return names[0] < names[1] ? -1 : names[0] > names[1] ? 1 : 0;
}

const specificity = (pattern: string): number => (isWildcard(pattern) ? pattern.length : 1000 + pattern.length);
const qualified = (gateway: string, namespace: string): string => (gateway.includes('/') ? gateway : `${namespace}/${gateway}`);

function isBoundTo({ namespace, spec }: VirtualService, gateway: string): boolean {
  if (spec.gateways.length === 0) return gateway === MESH;
  return spec.gateways.some((one) => (one === MESH ? one === gateway : qualified(one, namespace) === gateway));
}

function concerns(match: VirtualMatch, service: VirtualService, asker: Asker): boolean {
  if (
    match.gateways.length > 0 &&
    !match.gateways.some((one) => one === asker.gateway || qualified(one, service.namespace) === asker.gateway)
  )
    return false;
  if (match.port !== undefined && match.port !== asker.port) return false;
  if (asker.gateway !== MESH) return true;
  if (match.sourceNamespace !== undefined && match.sourceNamespace !== asker.namespace) return false;
  return labelsMatch(match.sourceLabels, asker.labels);
}

/** Host names that a listener and a rule have in common. */
function common(listener: string, host: string): string[] {
  if (listener === '' || listener === '*' || hostMatches(listener, host)) return [host];
  return hostMatches(host, listener) ? [listener] : [];
}

function patternsOf(when: readonly VirtualMatch[]): string[] {
  return when.flatMap(({ uri, scheme, method, authority, headers, withoutHeaders, queryParams }) =>
    [uri, scheme, method, authority, ...[headers, withoutHeaders, queryParams].flatMap((each) => Object.values(each))].flatMap(
      (text) => (text?.kind === 'regex' ? [text.value] : []),
    ),
  );
}

function headerFilters(headers: VirtualHeaders | undefined): HttpRouteFilter[] {
  return [
    ...(headers?.request ? [{ type: 'RequestHeaderModifier' as const, change: headers.request }] : []),
    ...(headers?.response ? [{ type: 'ResponseHeaderModifier' as const, change: headers.response }] : []),
  ];
}

const SCHEMES: readonly string[] = ['http', 'https'];

function filtersOf({ redirect, rewrite, headers, match }: VirtualHttpRoute): HttpRouteFilter[] {
  const filters = headerFilters(headers);
  if (rewrite) {
    // With a prefix the prefix is replaced, with anything else the whole path.
    const byPrefix = match.some(({ uri }) => uri?.kind === 'prefix') || match.every(({ uri }) => uri === undefined);
    const type = byPrefix ? ('ReplacePrefixMatch' as const) : ('ReplaceFullPath' as const);
    filters.push({
      type: 'URLRewrite',
      ...(rewrite.authority !== undefined && { hostname: rewrite.authority }),
      ...(rewrite.uri !== undefined && { path: { type, value: rewrite.uri } }),
    });
  }
  if (redirect) {
    const { uri, authority, port, derivePort, scheme, redirectCode } = redirect;
    const own = scheme !== undefined && SCHEMES.includes(scheme) ? (scheme as 'http' | 'https') : undefined;
    const derived = derivePort === 'FROM_PROTOCOL_DEFAULT' ? (own === 'https' ? 443 : 80) : undefined;
    filters.push({
      type: 'RequestRedirect',
      ...(own !== undefined && { scheme: own }),
      ...(authority !== undefined && { hostname: authority }),
      ...((port ?? derived) !== undefined && { port: (port ?? derived)! }),
      ...(uri !== undefined && { path: { type: 'ReplaceFullPath' as const, value: uri } }),
      statusCode: redirectCode as 301 | 302 | 303 | 307 | 308,
    });
  }
  return filters;
}

function retryPolicy(retries: VirtualRetries, tell: (why: string) => void): RetryPolicy {
  const words = retries.retryOn ?? RETRY_ON;
  const statuses = words.filter((word) => /^\d{3}$/.test(word)).map(Number);
  const on = words.filter((word) => RETRY_WORDS.has(word));
  for (const word of words)
    if (!RETRY_WORDS.has(word) && !/^\d{3}$/.test(word))
      tell(
        `\`${word}\` in \`retryOn\` ${UNKNOWN_HERE.has(word) ? 'means nothing here' : 'is no condition'}: nothing is sent again for it`,
      );
  const firstMs = retries.backoffMs ?? BACKOFF_MS;
  return {
    attempts: retries.attempts,
    perTryTimeoutMs: retries.perTryTimeoutMs ?? 0,
    on: statuses.length > 0 && !on.includes('retriable-status-codes') ? [...on, 'retriable-status-codes'] : on,
    statuses,
    backoffMs: firstMs,
    backoffMaxMs: 10 * firstMs,
  };
}
