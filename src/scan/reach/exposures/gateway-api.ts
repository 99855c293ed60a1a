// Gateway API: listeners of Gateways, and the routes that lead from them to pods.
import type { Gateway, GatewayListener } from '#model/gateway.ts';
import type { Resource } from '#model/resource.ts';
import type { System } from '#model/system.ts';
import { intersect, takesNamespace } from '#plan/gateway-attach.ts';
import { buildGateways } from '#plan/gateways.ts';
import type { GatewayPlan } from '#plan/plan.ts';
import { PUBLIC } from '../address.ts';
import type { Reason } from '../face.ts';
import { listAt, memberOf, numberAt, objectAt, textAt, textsAt } from '#base/raw.ts';
import { reasonOf, resourceName } from '../reasons.ts';
import type { RequestJudge } from '../requests.ts';
import { backendsOf } from './backends.ts';
import { INTERNAL_SOURCES } from './drafts.ts';
import type { ExposureDraft } from './drafts.ts';
import { authenticatingPolicies, demandingPolicies } from './edge-policies.ts';

const GROUP = 'gateway.networking.k8s.io';
const ROUTES: Readonly<Record<string, readonly GatewayListener['protocol'][]>> = {
  HTTPRoute: ['HTTP', 'HTTPS'],
  GRPCRoute: ['HTTP', 'HTTPS'],
  TLSRoute: ['TLS'],
  TCPRoute: ['TCP', 'TLS'],
  UDPRoute: ['UDP'],
};
/** Classes that are no way in from outside: proxies inside the mesh. */
const WAYPOINTS = new Set(['istio-waypoint', 'istio-east-west']);
/** Classes and settings of gateways that only a cloud network reaches. */
const INTERNAL_CLASS = /(?:^|-)(?:rilb|internal)(?:-|$)/;

export function gatewayDrafts(system: System, judge: RequestJudge): readonly ExposureDraft[] {
  const plans = new Map(
    buildGateways(system, { placements: {}, gateways: {}, isolation: 'none' }, [], []).map((plan) => [plan.id, plan]),
  );
  const routes = system.resources.filter(({ kind, apiVersion }) => kind in ROUTES && apiVersion.startsWith(`${GROUP}/`));
  const gateways = system.gateways.filter(
    ({ spec, metadata }) =>
      !WAYPOINTS.has(spec.gatewayClassName) && metadata.annotations['networking.istio.io/service-type'] !== 'ClusterIP',
  );
  const edge: Edge = { system, judge, demanding: demandingPolicies(system) };
  const named = new Map<string, Set<Resource>>();
  for (const route of routes)
    for (const parent of listAt(route.spec, 'parentRefs')) {
      const id = `${textAt(parent, 'namespace') ?? route.metadata.namespace}/${textAt(parent, 'name') ?? ''}`;
      const present = named.get(id);
      if (present) present.add(route);
      else named.set(id, new Set([route]));
    }
  return gateways.flatMap((gateway) => {
    const id = `${gateway.metadata.namespace}/${gateway.metadata.name}`;
    const plan = plans.get(id);
    const own = [...(named.get(id) ?? [])];
    return gateway.spec.listeners.flatMap((listener, index) =>
      own.flatMap((route) => (isAttached(system, gateway, listener, route) ? draftsOf(edge, gateway, index, plan, route) : [])),
    );
  });
}

/** Whether a route names this listener, and the listener lets it (Gateway API, route attachment). */
function isAttached(system: System, gateway: Gateway, listener: GatewayListener, route: Resource): boolean {
  if (ROUTES[route.kind]?.includes(listener.protocol) !== true) return false;
  const { namespace } = route.metadata;
  const named = listAt(route.spec, 'parentRefs').some(
    (parent) =>
      (textAt(parent, 'kind') ?? 'Gateway') === 'Gateway' &&
      textAt(parent, 'name') === gateway.metadata.name &&
      (textAt(parent, 'namespace') ?? namespace) === gateway.metadata.namespace &&
      (textAt(parent, 'sectionName') ?? listener.name) === listener.name &&
      (numberAt(parent, 'port') ?? listener.port) === listener.port,
  );
  if (!named) return false;
  const kinds = listener.allowedRoutes?.kinds ?? [];
  if (kinds.length > 0 && !kinds.some(({ kind }) => kind === route.kind)) return false;
  return takesNamespace(system, gateway, listener, namespace);
}

interface Edge {
  readonly system: System;
  readonly judge: RequestJudge;
  /** Policies by which an edge demands who calls. */
  readonly demanding: readonly Resource[];
}

function draftsOf(
  edge: Edge,
  gateway: Gateway,
  index: number,
  plan: GatewayPlan | undefined,
  route: Resource,
): readonly ExposureDraft[] {
  const { system } = edge;
  const listener = gateway.spec.listeners[index]!;
  const hosts = intersect(listener.hostname, textsAt(route.spec, 'hostnames'));
  if (hosts.length === 0) return [];
  const internal = INTERNAL_CLASS.test(gateway.spec.gatewayClassName);
  const guard = edgeOf(edge, gateway, listener, plan, route);
  if (guard.closed) return [];
  return listAt(route.spec, 'rules').flatMap((rule, r) =>
    listAt(rule, 'backendRefs').flatMap((ref, b) => {
      const name = textAt(ref, 'name');
      if (name === undefined || (textAt(ref, 'kind') ?? 'Service') !== 'Service' || numberAt(ref, 'weight') === 0) return [];
      const namespace = textAt(ref, 'namespace') ?? route.metadata.namespace;
      if (namespace !== route.metadata.namespace && !isGranted(system, route, namespace, name)) return [];
      const path = ['spec', 'rules', r, 'backendRefs', b];
      return backendsOf(system, `${namespace}/${name}`, numberAt(ref, 'port')).map(
        ({ target, port, transport, service }): ExposureDraft => ({
          target,
          port,
          transport,
          service,
          through: 'gateway',
          by: [gateway, route],
          path: ['spec', 'listeners', index],
          hosts: hosts.filter((host) => host !== '*'),
          paths: pathsOf(rule),
          tls: listener.protocol === 'HTTPS' || listener.protocol === 'TLS',
          sources: internal ? INTERNAL_SOURCES : [],
          edge: [
            reasonOf(true, `${resourceName(gateway)} listens on ${listener.port} (${listener.protocol})`, gateway, [
              'spec',
              'listeners',
              index,
            ]),
            reasonOf(true, `${resourceName(route)} sends ${hosts.join(', ')} to ${service.id}:${service.port}`, route, path),
            ...guard.reasons,
          ],
          edgeAuthenticates: guard.authenticates,
          sender: { kind: 'proxy', name: resourceName(gateway), ...(plan && { identity: plan.identity }) },
        }),
      );
    }),
  );
}

/** What the gateway's own policies demand of a caller without anything to show. */
function edgeOf(
  { judge, demanding }: Edge,
  gateway: Gateway,
  listener: GatewayListener,
  plan: GatewayPlan | undefined,
  route: Resource,
): { readonly closed: boolean; readonly authenticates: boolean; readonly reasons: readonly Reason[] } {
  const policies = authenticatingPolicies(demanding, [gateway, route]);
  const reasons = policies.map((policy) => reasonOf(false, `${resourceName(policy)} demands who calls`, policy));
  if (!plan) return { closed: false, authenticates: policies.length > 0, reasons };
  const point = {
    namespace: plan.namespace,
    labels: plan.labels,
    gateway: { name: plan.name, className: gateway.spec.gatewayClassName },
  };
  const http = listener.protocol === 'HTTP' || listener.protocol === 'HTTPS';
  const ask = (token: 'none' | 'any') =>
    judge.judge(`gateway ${plan.id}`, point, http ? 'http' : 'tcp', listener.port, {
      identity: undefined,
      addresses: PUBLIC,
      token,
    });
  const [anonymous, withToken] = [ask('none'), ask('any')];
  return {
    closed: withToken.requests === 'none',
    authenticates: policies.length > 0 || anonymous.requests === 'none' || (anonymous.external && anonymous.requests !== 'all'),
    reasons: [...reasons, ...withToken.reasons],
  };
}

function pathsOf(rule: unknown): readonly string[] {
  return listAt(rule, 'matches').flatMap((match) => {
    const value = textAt(objectAt(match, 'path'), 'value');
    const method = objectAt(match, 'method');
    const service = textAt(method, 'service');
    return value !== undefined ? [value] : service !== undefined ? [`/${service}/${textAt(method, 'method') ?? '*'}`] : [];
  });
}

function isGranted(system: System, route: Resource, namespace: string, service: string): boolean {
  return system.resources.some(
    ({ kind, metadata, spec }) =>
      kind === 'ReferenceGrant' &&
      metadata.namespace === namespace &&
      listAt(spec, 'from').some(
        (from) => textAt(from, 'kind') === route.kind && textAt(from, 'namespace') === route.metadata.namespace,
      ) &&
      listAt(spec, 'to').some((to) => textAt(to, 'kind') === 'Service' && (memberOf(to, 'name') ?? service) === service),
  );
}
