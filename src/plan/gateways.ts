// Gateways and the routes attached to them (Gateway API): which listener takes which route, and where its rules lead.
import type { Gateway, GatewayListener, Route } from '#model/gateway.ts';
import type { Address, Observed } from '#model/observed.ts';
import { formatLocation, originOf } from '#model/origin.ts';
import type { System } from '#model/system.ts';
import { ForeignPolicies } from './foreign-policies.ts';
import { attach, byAge, namesGateway, namesListener } from './gateway-attach.ts';
import { certificateOf, conflictsOf, setUp, type ListenerFault, type ListenerSetup } from './gateway-listeners.ts';
import { gatewayStatus, listenerStatus, routeStatus } from './gateway-status.ts';
import type {
  Cluster,
  GatewayListenerPlan,
  GatewayPlan,
  ResourceStatus,
  RouteRulePlan,
  StreamRoutePlan,
  VirtualHost,
} from './plan.ts';
import { httpRules, streamRule, type RuleContext } from './route-rules.ts';
import { ENTRY_KIND } from './egress-gateway.ts';
import { policiesFor } from './select.ts';
import { telemetryFor } from './telemetry.ts';

type Closed = { what: string; why: string; at: string }[];

/** Annotation by which a Gateway names the service account its proxy runs as. */
const ACCOUNT_ANNOTATION = 'gateway.istio.io/service-account';
/** Label that Istio puts on the pods of a gateway, so that selectors written for it work here. */
const GATEWAY_NAME_LABEL = 'gateway.networking.k8s.io/gateway-name';

/** A listener while routes are attached to it. */
interface Draft {
  readonly id: string;
  readonly gateway: Gateway;
  readonly listener: GatewayListener;
  readonly setup: ListenerSetup;
  readonly listen: Address | undefined;
  readonly virtualHosts: VirtualHost[];
  readonly streams: StreamRoutePlan[];
  /** Host names taken, with the kind of route that has them. */
  readonly taken: Map<string, Route['kind']>;
  attached: number;
}

/**
 * Builds the plans of all gateways, with the listeners that have a place.
 * @param closed takes what could not be honoured @param status takes the conditions of Gateways, listeners and routes
 */
export function buildGateways(
  system: System,
  observed: Observed,
  clusters: readonly Cluster[],
  closed: Closed,
  status: ResourceStatus[] = [],
  outside?: RuleContext['outside'],
): GatewayPlan[] {
  for (const resource of system.resources) {
    if (resource.kind !== 'ListenerSet' && resource.kind !== 'XListenerSet') continue;
    const { namespace, name } = resource.metadata;
    const why = 'its listeners are not opened: write them into the Gateway';
    closed.push({ what: `${resource.kind} ${namespace}/${name}`, why, at: formatLocation(originOf(resource)) });
  }
  const known = new Set(clusters.map((cluster) => cluster.id));
  const drafts = system.gateways.map((gateway) => draftsOf(system, gateway, observed, closed));
  const routes: readonly Route[] = [...system.httpRoutes, ...system.grpcRoutes, ...system.streamRoutes].sort(byAge);
  const foreignPolicies = new ForeignPolicies(system.resources);
  const routeStatuses = routes.flatMap((route) =>
    attachRoute(system, route, drafts.flat(), known, closed, foreignPolicies, outside),
  );
  const plans = system.gateways.map((gateway, i): GatewayPlan => {
    const { name, namespace } = gateway.metadata;
    const id = `${namespace}/${name}`;
    const labels = { ...gateway.metadata.labels, [GATEWAY_NAME_LABEL]: name };
    const account = gateway.metadata.annotations[ACCOUNT_ANNOTATION] ?? `${name}-${gateway.spec.gatewayClassName}`;
    const own = drafts[i]!;
    const listeners = own.flatMap((draft) => (draft.listen ? [listenerPlan(draft, draft.listen)] : []));
    status.push(gatewayStatus(gateway, listeners.filter((one) => one.closed === undefined).length));
    for (const { listener, setup, listen, attached } of own)
      status.push(listenerStatus(gateway, listener, setup.ok ? undefined : setup.fault, listen !== undefined, attached));
    const { backendCertificate: ref } = gateway.spec;
    const backendCertificate = ref && certificateOf({ system, gateway, material: observed.tls }, ref);
    if (typeof backendCertificate === 'string')
      closed.push({ what: `gateway ${id}`, why: backendCertificate, at: formatLocation(originOf(gateway, ['spec', 'tls'])) });
    const point = { namespace, labels, gateway: { name, className: gateway.spec.gatewayClassName } };
    const telemetry = telemetryFor(system, point, 'CLIENT');
    return {
      id,
      namespace,
      name,
      labels,
      identity: `spiffe://${system.mesh.trustDomain}/ns/${namespace}/sa/${account}`,
      listeners,
      ...(typeof backendCertificate === 'object' && { backendCertificate: backendCertificate.certificate }),
      policies: policiesFor(system, point),
      ...(telemetry && { telemetry }),
    };
  });
  status.push(...routeStatuses);
  return plans;
}

function draftsOf(system: System, gateway: Gateway, observed: Observed, closed: Closed): Draft[] {
  const gatewayId = `${gateway.metadata.namespace}/${gateway.metadata.name}`;
  const conflicts = conflictsOf(gateway);
  return gateway.spec.listeners.map((listener, i) => {
    const id = `${gatewayId}/${listener.name}`;
    const listen = observed.gateways[id];
    const setup = setUp(system, gateway, listener, conflicts.get(listener), observed.tls);
    if (!setup.ok && (listen || listener.protocol === 'UDP'))
      closed.push({
        what: `gateway ${gatewayId} listener ${listener.name}`,
        why: setup.fault.message,
        at: formatLocation(originOf(gateway, ['spec', 'listeners', i])),
      });
    return { id, gateway, listener, setup, listen, virtualHosts: [], streams: [], taken: new Map(), attached: 0 };
  });
}

function listenerPlan({ id, listener, setup, virtualHosts, streams }: Draft, listen: Address): GatewayListenerPlan {
  const stream = listener.protocol === 'TLS' || listener.protocol === 'TCP';
  return {
    id,
    listen,
    port: listener.port,
    hostname: listener.hostname?.toLowerCase() ?? '',
    tls: (listener.protocol === 'HTTPS' || listener.protocol === 'TLS') && listener.tls?.mesh !== true,
    ...(listener.tls?.mesh && { mesh: true as const }),
    virtualHosts,
    ...(setup.ok && setup.secure && { secure: setup.secure }),
    ...(stream && { streams }),
    ...(!setup.ok && { closed: setup.fault.message }),
  };
}

/** Attaches a route to every listener that it names and that takes it. @returns its conditions at each parent */
function attachRoute(
  system: System,
  route: Route,
  drafts: readonly Draft[],
  known: ReadonlySet<string>,
  closed: Closed,
  foreignPolicies: ForeignPolicies,
  outside: RuleContext['outside'],
): ResourceStatus[] {
  let unresolved: ListenerFault | undefined;
  const context: RuleContext = {
    system,
    known,
    closed,
    ...(outside && { outside }),
    fault: (reason, message) => (unresolved ??= { type: 'ResolvedRefs', reason, message }),
  };
  let closedBy = '';
  const where = (path: readonly (string | number)[]): string => formatLocation(originOf(route, path));
  const tell = (why: string): void =>
    void closed.push({
      what: `route ${route.metadata.namespace}/${route.metadata.name}`,
      why,
      at: where(['spec', 'parentRefs']),
    });
  for (const kind of new Set(route.spec.parentRefs.map((parent) => parent.kind)))
    if (kind !== 'Gateway' && kind !== ENTRY_KIND)
      tell(`a parent of kind \`${kind}\` is not served: the route does nothing there`);
  const served = new Set<Draft>();
  const judged = route.spec.parentRefs.flatMap((parent) => {
    const candidates = drafts.filter(({ gateway }) => namesGateway(parent, route, gateway));
    if (candidates.length === 0) return [];
    const named = candidates.filter(({ listener }) => namesListener(parent, listener));
    let refusal: ListenerFault | undefined;
    let taken = false;
    const refuse = (reason: string, message: string): void => {
      refusal ??= { type: 'Accepted', reason, message };
    };
    if (named.length === 0) refuse('NoMatchingParent', 'the Gateway has no such listener');
    for (const draft of named) {
      if (!draft.setup.ok) {
        refuse(
          draft.listener.protocol === 'UDP' ? 'UnsupportedProtocol' : 'NotAllowedByListeners',
          `listener \`${draft.listener.name}\` is closed`,
        );
        continue;
      }
      const attachment = attach(system, draft.gateway, draft.listener, route);
      if (!attachment.ok) refuse(attachment.reason, attachment.message);
      else if (served.has(draft)) taken = true;
      else {
        const free = claim(draft, route, attachment.hostnames);
        if (free.length === 0) {
          refuse('Conflicted', 'an older route of another kind, or for the same connections, has the listener');
          continue;
        }
        served.add(draft);
        taken = true;
        draft.attached++;
        const foreign = foreignPolicies.of(draft.gateway, route);
        if (foreign && closedBy === '') {
          const { policy, demand } = foreign;
          closedBy = `SecurityPolicy \`${policy.metadata.name}\` demands \`${demand}\`, which is not served: write RequestAuthentication and AuthorizationPolicy`;
          context.fault('UnsupportedValue', closedBy);
          closed.push({
            what: `route ${route.metadata.namespace}/${route.metadata.name}`,
            why: closedBy,
            at: formatLocation(originOf(policy)),
          });
        }
        serve(draft, route, free, context, foreign !== undefined);
      }
    }
    return [{ parent, refusal: taken ? undefined : refusal }];
  });
  for (const { refusal } of judged) if (refusal) tell(refusal.message);
  return judged.map(({ parent, refusal }) => routeStatus(route, parent, refusal, unresolved));
}

/**
 * Takes host names for a route. One host name has rules of HTTPRoutes or of GRPCRoutes, never of both (GRPCRouteSpec.hostnames); a server name or a TCP
 * port leads to one route. The older route has it.
 */
function claim({ taken }: Draft, route: Route, hostnames: readonly string[]): readonly string[] {
  const free = hostnames.filter((name) => {
    const owner = taken.get(name);
    if (owner === undefined) return true;
    return owner === route.kind && (route.kind === 'HTTPRoute' || route.kind === 'GRPCRoute');
  });
  for (const name of free) taken.set(name, route.kind);
  return free;
}

/** @param shut nobody may pass: rules answer 500, connections are refused */
function serve(draft: Draft, route: Route, hostnames: readonly string[], context: RuleContext, shut: boolean): void {
  if (route.kind === 'HTTPRoute' || route.kind === 'GRPCRoute') {
    const rules = httpRules(route, context);
    draft.virtualHosts.push({ hostnames, rules: shut ? rules.map(shutRule) : rules });
  } else if (!shut) draft.streams.push(streamRule(route, hostnames, context));
}

function shutRule(plan: RouteRulePlan): RouteRulePlan {
  return { ...plan, rule: { ...plan.rule, filters: [{ type: 'Unsupported', name: 'SecurityPolicy' }] } };
}
