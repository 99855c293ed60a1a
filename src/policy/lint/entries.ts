// What of a System is open to callers from outside, and whether each of these entries limits how often they may call.
import { listAt, memberOf, objectAt, recordAt, textAt } from '#base/raw.ts';
import { labelsMatch } from '#model/resource.ts';
import type { Resource } from '#model/resource.ts';
import type { Service, System, Workload } from '#model/system.ts';
import { ingressSettings } from '#plan/ingress.ts';
import { workloadsMatching } from '#plan/matching.ts';
import { isLimitedByFilter } from './envoy-limits.ts';
import type { ProxyGroup } from './envoy-limits.ts';
import { hasKongLimit, isTargeted } from './limits.ts';
import type { Limits } from './limits.ts';

export interface EntryContext {
  readonly system: System;
  readonly limits: Limits;
  /** Istio's Gateways by `namespace/name`. */
  readonly istioGateways: ReadonlyMap<string, Resource>;
  /** Services by host. */
  readonly hosts: ReadonlyMap<string, Service>;
  /** Answers about proxies, which many routes share. */
  readonly memo: Map<string, boolean>;
}

export function entryContext(system: System, limits: Limits): EntryContext {
  const gateways = system.resources.filter(
    ({ kind, apiVersion }) => kind === 'Gateway' && apiVersion.startsWith('networking.istio.io/'),
  );
  return {
    system,
    limits,
    istioGateways: new Map(gateways.map((each) => [`${each.metadata.namespace}/${each.metadata.name}`, each])),
    hosts: new Map(system.services.map((each) => [each.host, each])),
    memo: new Map(),
  };
}

function remember(memo: Map<string, boolean>, key: string, judge: () => boolean): boolean {
  let known = memo.get(key);
  if (known === undefined) {
    known = judge();
    memo.set(key, known);
  }
  return known;
}

/** How one kind of entry is judged; undefined when it is no entry. */
export type EntryCheck = (resource: Resource, context: EntryContext) => 'limited' | 'open' | undefined;

const judged = (limited: boolean): 'limited' | 'open' => (limited ? 'limited' : 'open');

const ingress: EntryCheck = (resource, { system, limits, memo }) => {
  if (!listAt(resource.spec, 'rules').length && !objectAt(resource.spec, 'defaultBackend') && !objectAt(resource.spec, 'backend'))
    return undefined;
  const settings = ingressSettings(resource, system.resources);
  if (settings.reachableFrom?.value === 'internal') return undefined;
  // A firewall of the cloud may limit as well; what it does is not written here.
  const cloud = settings.waf?.value.on === true && settings.controllers.some((each) => each === 'alb' || each === 'gce');
  const istio = settings.className === 'istio' && isLimitedAtGateway({ system, limits, memo }, {});
  return judged(settings.rateLimits.length > 0 || cloud || istio || hasKongLimit(limits, resource));
};

const byName = new WeakMap<System['gateways'], ReadonlyMap<string, System['gateways']>>();

function gatewaysOf({ gateways }: System): ReadonlyMap<string, System['gateways']> {
  let known = byName.get(gateways);
  if (!known) byName.set(gateways, (known = Map.groupBy(gateways, ({ metadata }) => `${metadata.namespace}/${metadata.name}`)));
  return known;
}

/** HTTPRoute and GRPCRoute at a gateway; those at a Service are for the mesh. */
const route: EntryCheck = (resource, { system, limits }) => {
  const parents = listAt(resource.spec, 'parentRefs').filter((ref) => (textAt(ref, 'kind') ?? 'Gateway') === 'Gateway');
  const gateways = parents.flatMap((ref) => {
    const namespace = textAt(ref, 'namespace') ?? resource.metadata.namespace;
    return gatewaysOf(system).get(`${namespace}/${textAt(ref, 'name') ?? ''}`) ?? [];
  });
  const outer = gateways.filter(({ spec }) => !/waypoint|mesh$/.test(spec.gatewayClassName));
  const rules = listAt(resource.spec, 'rules');
  if (outer.length === 0 || (rules.length > 0 && rules.every(isRedirect))) return undefined;
  if (isTargeted(limits, resource) || hasKongLimit(limits, resource)) return 'limited';
  if (rules.length > 0 && rules.every((rule) => hasMiddleware(limits, rule, resource.metadata.namespace))) return 'limited';
  const root = system.mesh.rootNamespace;
  const all = outer.every((gateway) => {
    const { name, namespace } = gateway.metadata;
    const proxies: ProxyGroup = {
      role: 'gateway',
      namespaces: [namespace],
      labels: { 'gateway.networking.k8s.io/gateway-name': name },
      gateway: `${namespace}/${name}`,
    };
    return isTargeted(limits, gateway) || hasKongLimit(limits, gateway) || isLimitedByFilter(limits.filters, proxies, root);
  });
  return judged(all);
};

function isRedirect(rule: unknown): boolean {
  return (
    listAt(rule, 'backendRefs').length === 0 &&
    listAt(rule, 'filters').some((filter) => textAt(filter, 'type') === 'RequestRedirect')
  );
}

/** A filter that names a Middleware of Traefik. */
function hasMiddleware(limits: Limits, rule: unknown, namespace: string): boolean {
  return listAt(rule, 'filters').some((filter) => {
    const name = textAt(objectAt(filter, 'extensionRef'), 'name');
    return name !== undefined && limits.middlewares.has(`${namespace}/${name}`);
  });
}

const virtualService: EntryCheck = (resource, context) => {
  const { istioGateways } = context;
  const names = listAt(resource.spec, 'gateways').filter((name): name is string => typeof name === 'string' && name !== 'mesh');
  const rules = listAt(resource.spec, 'http').filter((rule) => !objectAt(rule, 'redirect') && !objectAt(rule, 'directResponse'));
  if (names.length === 0 || rules.length === 0) return undefined;
  const gateways = names.map((name) => istioGateways.get(name.includes('/') ? name : `${resource.metadata.namespace}/${name}`));
  const outer = gateways.filter((gateway) => !/egress|eastwest/.test(JSON.stringify(memberOf(gateway?.spec, 'selector') ?? '')));
  if (outer.length === 0) return undefined;
  const atEdge = outer.every((gateway) => isLimitedAtGateway(context, recordAt(gateway?.spec, 'selector')));
  return judged(atEdge || rules.every((rule) => isLimitedBehind(context, rule, resource.metadata.namespace)));
};

function isLimitedAtGateway(
  { system, limits, memo }: Pick<EntryContext, 'system' | 'limits' | 'memo'>,
  selector: Readonly<Record<string, string>>,
): boolean {
  return remember(memo, `gateway ${JSON.stringify(selector)}`, () =>
    isLimitedByFilter(limits.filters, gatewayProxies(system, selector), system.mesh.rootNamespace),
  );
}

/** The proxies that a Gateway selects; for labels that no workload here has, those that Istio installs. */
function gatewayProxies(system: System, selector: Readonly<Record<string, string>>): ProxyGroup {
  const pods = Object.keys(selector).length === 0 ? [] : system.workloads.filter(({ labels }) => labelsMatch(selector, labels));
  const [first] = pods;
  if (first) return { role: 'gateway', namespaces: pods.map(({ namespace }) => namespace), labels: first.labels };
  return {
    role: 'gateway',
    namespaces: undefined,
    labels: { istio: 'ingressgateway', app: 'istio-ingressgateway', ...selector },
  };
}

/** Every workload that the rule leads to is limited in its own sidecar. */
function isLimitedBehind(context: EntryContext, rule: unknown, namespace: string): boolean {
  const { system, limits, hosts } = context;
  if (limits.filters.length === 0) return false;
  const targets = listAt(rule, 'route').map((each) => textAt(objectAt(each, 'destination'), 'host') ?? '');
  return (
    targets.length > 0 &&
    targets.every((host) => {
      const service = hosts.get(host.includes('.') ? host : `${host}.${namespace}.svc.${system.mesh.clusterDomain}`);
      const workloads = service ? workloadsOf(system, service) : [];
      return workloads.length > 0 && workloads.every((workload) => isLimitedAt(context, workload));
    })
  );
}

function isLimitedAt({ system, limits, memo }: EntryContext, { id, namespace, labels }: Workload): boolean {
  return remember(memo, `workload ${id}`, () =>
    isLimitedByFilter(limits.filters, { role: 'sidecar', namespaces: [namespace], labels }, system.mesh.rootNamespace),
  );
}

const ingressRoute: EntryCheck = (resource, { limits }) => {
  const routes = listAt(resource.spec, 'routes').filter(
    (each) => !listAt(each, 'services').every((service) => textAt(service, 'name') === 'api@internal'),
  );
  if (routes.length === 0) return undefined;
  return judged(
    routes.every((each) =>
      listAt(each, 'middlewares').some((ref) =>
        limits.middlewares.has(`${textAt(ref, 'namespace') ?? resource.metadata.namespace}/${textAt(ref, 'name') ?? ''}`),
      ),
    ),
  );
};

const contourProxy: EntryCheck = ({ spec }) => {
  if (!objectAt(spec, 'virtualhost') || listAt(spec, 'routes').length === 0) return undefined;
  const each = listAt(spec, 'routes').every((one) => objectAt(one, 'rateLimitPolicy') !== undefined);
  return judged(each || objectAt(objectAt(spec, 'virtualhost'), 'rateLimitPolicy') !== undefined);
};

const openShiftRoute: EntryCheck = ({ metadata }) =>
  judged(metadata.annotations['haproxy.router.openshift.io/rate-limit-connections'] === 'true');

const virtualServer: EntryCheck = ({ spec, metadata }, { limits }) => {
  const has = (holder: unknown): boolean =>
    listAt(holder, 'policies').some((ref) =>
      limits.nginxPolicies.has(`${textAt(ref, 'namespace') ?? metadata.namespace}/${textAt(ref, 'name') ?? ''}`),
    );
  const routes = listAt(spec, 'routes');
  return judged(has(spec) || (routes.length > 0 && routes.every(has)));
};

function workloadsOf(system: System, service: Service): readonly Workload[] {
  const { namespace, selector } = service;
  if (selector === undefined) return [];
  return workloadsMatching(system, namespace, selector);
}

const PROXIES = /ingress|gateway|envoy|traefik|haproxy|kong|contour|proxyv2|istio-proxy|apisix|nginx-plus|caddy/i;
const INTERNAL: readonly (readonly [key: string, value: RegExp])[] = [
  ['service.beta.kubernetes.io/aws-load-balancer-internal', /./],
  ['service.beta.kubernetes.io/aws-load-balancer-scheme', /^internal$/],
  ['networking.gke.io/load-balancer-type', /^internal$/i],
  ['cloud.google.com/load-balancer-type', /^internal$/i],
  ['service.beta.kubernetes.io/azure-load-balancer-internal', /^true$/],
];
const HTTP: ReadonlySet<string> = new Set(['http', 'http2', 'grpc']);

const byResource = new WeakMap<readonly Service[], ReadonlyMap<Resource, Service>>();

function serviceOf({ services }: System, resource: Resource): Service | undefined {
  let known = byResource.get(services);
  if (!known) byResource.set(services, (known = new Map(services.map((service) => [service.resource, service]))));
  return known.get(resource);
}

/** A workload that stands outside by itself; in front of a proxy the routes of the proxy are the entries. */
const loadBalancer: EntryCheck = (resource, context) => {
  const { system, limits } = context;
  const service = serviceOf(system, resource);
  if (service?.type !== 'LoadBalancer' || !service.ports.some(({ protocol }) => HTTP.has(protocol))) return undefined;
  const { annotations } = resource.metadata;
  if (INTERNAL.some(([key, value]) => value.test(annotations[key] ?? ''))) return undefined;
  const ranges = listAt(resource.spec, 'loadBalancerSourceRanges');
  if (ranges.length > 0 && !ranges.includes('0.0.0.0/0') && !ranges.includes('::/0')) return undefined;
  const workloads = workloadsOf(system, service);
  if (workloads.length === 0) return undefined;
  if (workloads.some(({ name, containers }) => PROXIES.test(`${name} ${containers.map(({ image }) => image).join(' ')}`)))
    return undefined;
  return judged(hasKongLimit(limits, resource) || workloads.every((workload) => isLimitedAt(context, workload)));
};

/** By group and kind. */
export const ENTRY_CHECKS: ReadonlyMap<string, EntryCheck> = new Map([
  ['networking.k8s.io/Ingress', ingress],
  ['extensions/Ingress', ingress],
  ['gateway.networking.k8s.io/HTTPRoute', route],
  ['gateway.networking.k8s.io/GRPCRoute', route],
  ['networking.istio.io/VirtualService', virtualService],
  ['traefik.io/IngressRoute', ingressRoute],
  ['traefik.containo.us/IngressRoute', ingressRoute],
  ['projectcontour.io/HTTPProxy', contourProxy],
  ['route.openshift.io/Route', openShiftRoute],
  ['k8s.nginx.org/VirtualServer', virtualServer],
  ['/Service', loadBalancer],
]);
