// Which listeners take which routes (Gateway API, "attaching routes"): parents, kinds, namespaces, host names.
import type { Gateway, GatewayListener, LabelExpression, ParentRef, Route } from '#model/gateway.ts';
import { labelsMatch } from '#model/resource.ts';
import type { System } from '#model/system.ts';

const GATEWAY_GROUP = 'gateway.networking.k8s.io';

/** Route kinds that a protocol carries. TLS that passes through is for TLSRoute alone. */
export function routeKinds(listener: GatewayListener): readonly Route['kind'][] {
  switch (listener.protocol) {
    case 'HTTP':
    case 'HTTPS':
      return ['HTTPRoute', 'GRPCRoute'];
    case 'TLS':
      return listener.tls?.mode === 'Passthrough' ? ['TLSRoute'] : ['TLSRoute', 'TCPRoute'];
    case 'TCP':
      return ['TCPRoute'];
    case 'UDP':
      return ['UDPRoute'];
  }
}

export type Attachment =
  | { readonly ok: true; /** Names that both have. */ readonly hostnames: readonly string[] }
  /** Condition `Accepted` is false for this reason. */
  | { readonly ok: false; readonly reason: string; readonly message: string };

/** Whether a parent reference means this Gateway at all. */
export function namesGateway(parent: ParentRef, route: Route, gateway: Gateway): boolean {
  return (
    parent.kind === 'Gateway' &&
    parent.name === gateway.metadata.name &&
    (parent.namespace ?? route.metadata.namespace) === gateway.metadata.namespace
  );
}

/** Whether a parent reference to a Gateway means this listener of it. */
export function namesListener(parent: ParentRef, listener: GatewayListener): boolean {
  return (
    (parent.sectionName === undefined || parent.sectionName === listener.name) &&
    (parent.port === undefined || parent.port === listener.port)
  );
}

/** Whether a listener that a route names takes it, and for which host names. */
export function attach(
  system: Pick<System, 'namespaces'>,
  gateway: Gateway,
  listener: GatewayListener,
  route: Route,
): Attachment {
  const { kinds } = listener.allowedRoutes ?? {};
  if (!routeKinds(listener).includes(route.kind)) return notAllowed(`protocol ${listener.protocol} carries no ${route.kind}`);
  if (kinds && !kinds.some(({ group, kind }) => group === GATEWAY_GROUP && kind === route.kind))
    return notAllowed(`the listener allows no ${route.kind}`);
  if (!takesNamespace(system, gateway, listener, route.metadata.namespace))
    return notAllowed(`the listener allows no routes of namespace \`${route.metadata.namespace}\``);
  const hostnames =
    route.kind === 'TCPRoute' || route.kind === 'UDPRoute' ? ['*'] : intersect(listener.hostname, route.spec.hostnames);
  if (hostnames.length > 0) return { ok: true, hostnames };
  const message = `no host name of the route is one of the listener's \`${listener.hostname ?? '*'}\``;
  return { ok: false, reason: 'NoMatchingListenerHostname', message };
}

function notAllowed(message: string): Attachment {
  return { ok: false, reason: 'NotAllowedByListeners', message };
}

/** Whether routes of a namespace may attach to a listener (`allowedRoutes.namespaces`; the Gateway's own when it says nothing). */
export function takesNamespace(
  system: Pick<System, 'namespaces'>,
  gateway: Gateway,
  listener: GatewayListener,
  namespace: string,
): boolean {
  const { from, selector, expressions } = listener.allowedRoutes?.namespaces ?? { from: 'Same' as const };
  switch (from) {
    case 'All':
      return true;
    case 'None':
      return false;
    case 'Same':
      return namespace === gateway.metadata.namespace;
    case 'Selector': {
      // Kubernetes puts this label on every namespace by itself.
      const own = system.namespaces.find((one) => one.name === namespace)?.labels;
      const labels = { 'kubernetes.io/metadata.name': namespace, ...own };
      return labelsMatch(selector ?? {}, labels) && (expressions ?? []).every((one) => expressionHolds(one, labels));
    }
  }
}

function expressionHolds({ key, operator, values }: LabelExpression, labels: Readonly<Record<string, string>>): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
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

/** Older routes first, then by namespace and name (Gateway API, "conflict resolution"). */
export function byAge(a: Route, b: Route): number {
  const left = a.metadata.creationTimestamp ?? '';
  const right = b.metadata.creationTimestamp ?? '';
  if (left !== right) return left === '' ? 1 : right === '' || left < right ? -1 : 1;
  const names = [`${a.metadata.namespace}/${a.metadata.name}`, `${b.metadata.namespace}/${b.metadata.name}`] as const;
  return names[0] < names[1] ? -1 : names[0] > names[1] ? 1 : 0;
}
