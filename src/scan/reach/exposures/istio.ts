// Istio Gateway and VirtualService: what a gateway's proxy sends to pods.
import { meshNames } from '#model/mesh-names.ts';
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import { labelsMatch } from '#model/resource.ts';
import type { System, Workload } from '#model/system.ts';
import { PUBLIC } from '../address.ts';
import { listAt, memberOf, numberAt, objectAt, recordAt, textAt, textsAt } from '#base/raw.ts';
import type { RawObject } from '#base/raw.ts';
import { reasonOf, resourceName } from '../reasons.ts';
import type { RequestJudge } from '../requests.ts';
import { backendsOf } from './backends.ts';
import type { ExposureDraft } from './drafts.ts';
import { frontDoorOf, gatewayProxies } from './proxies.ts';

const GROUP = 'networking.istio.io/';
const DELEGATES_MAX = 100;

interface IstioRoute {
  readonly destination: RawObject;
  readonly hosts: readonly string[];
  readonly paths: readonly string[];
  readonly by: Resource;
  readonly path: Path;
}

/** @param openings what Services, pods and Ingresses open, for how the gateway's own proxy is reached */
export function istioDrafts(system: System, judge: RequestJudge, openings: readonly ExposureDraft[]): readonly ExposureDraft[] {
  const of = (kind: string): readonly Resource[] =>
    system.resources.filter((resource) => resource.kind === kind && resource.apiVersion.startsWith(GROUP));
  const gateways = of('Gateway');
  if (gateways.length === 0) return [];
  const services = of('VirtualService');
  const rules = of('DestinationRule');
  const names = meshNames(system.services, system.mesh.clusterDomain);
  return gateways.flatMap((gateway) => {
    const id = `${gateway.metadata.namespace}/${gateway.metadata.name}`;
    const proxies = gatewayProxies(system, recordAt(gateway.spec, 'selector'));
    const bound = services.filter(({ spec, metadata }) =>
      textsAt(spec, 'gateways').some((name) => (name.includes('/') ? name : `${metadata.namespace}/${name}`) === id),
    );
    return listAt(gateway.spec, 'servers').flatMap((server, s) =>
      bound.flatMap((service) =>
        (proxies.length === 0 ? [undefined] : proxies).flatMap((proxy) =>
          draftsOf({ system, judge, openings, gateway, server, index: s, service, services, rules, names, proxy }),
        ),
      ),
    );
  });
}

interface Context {
  readonly system: System;
  readonly judge: RequestJudge;
  readonly openings: readonly ExposureDraft[];
  readonly gateway: Resource;
  readonly server: unknown;
  readonly index: number;
  readonly service: Resource;
  readonly services: readonly Resource[];
  readonly rules: readonly Resource[];
  readonly names: ReturnType<typeof meshNames>;
  readonly proxy: Workload | undefined;
}

function draftsOf(context: Context): readonly ExposureDraft[] {
  const { system, gateway, server, index, service, proxy } = context;
  const door = frontDoorOf(system, proxy, context.openings);
  const hosts = commonHosts(textsAt(server, 'hosts'), textsAt(service.spec, 'hosts'), gateway, service);
  // A server that only redirects to HTTPS leads nowhere.
  const redirects = memberOf(objectAt(server, 'tls'), 'httpsRedirect') === true;
  if (hosts.length === 0 || door.open === false || redirects) return [];
  const listen = objectAt(server, 'port');
  const port = numberAt(listen, 'number') ?? 0;
  const mode = textAt(objectAt(server, 'tls'), 'mode');
  const edge = judgeEdge(context, numberAt(listen, 'targetPort') ?? port);
  if (edge.closed) return [];
  const mutual = mode === 'MUTUAL' || mode === 'OPTIONAL_MUTUAL' || mode === 'ISTIO_MUTUAL';
  const certificate = mode === 'MUTUAL' || mode === 'ISTIO_MUTUAL';
  return routesOf(service, context.services).flatMap((route) => {
    const to = context.names.resolve(textAt(route.destination, 'host') ?? '', route.by.metadata.namespace);
    if (!to) return [];
    const narrow = subsetOf(textAt(route.destination, 'subset'), to.host, context);
    const wanted = numberAt(objectAt(route.destination, 'port'), 'number');
    return backendsOf(system, to.id, wanted, narrow).map(({ target, port: at, transport, service: behind }): ExposureDraft => ({
      target,
      port: at,
      transport,
      service: behind,
      through: 'gateway',
      by: [gateway, route.by, ...door.by],
      path: ['spec', 'servers', index],
      hosts: route.hosts.length > 0 ? route.hosts : hosts.filter((host) => host !== '*'),
      paths: route.paths,
      tls: mode !== undefined,
      sources: door.sources,
      edge: [
        reasonOf(true, `${resourceName(gateway)} listens on ${port} (${textAt(listen, 'protocol') ?? ''})`, gateway, [
          'spec',
          'servers',
          index,
        ]),
        reasonOf(
          true,
          `${resourceName(route.by)} sends ${hosts.join(', ')} to ${behind.id}:${behind.port}`,
          route.by,
          route.path,
        ),
        ...(mutual
          ? [
              reasonOf(
                false,
                `${resourceName(gateway)} ${certificate ? 'demands' : 'asks for'} a client's certificate`,
                gateway,
                ['spec', 'servers', index, 'tls'],
              ),
            ]
          : []),
        ...edge.reasons,
        ...door.edge,
      ],
      edgeAuthenticates: certificate || edge.authenticates || door.edgeAuthenticates,
      sender: {
        kind: 'proxy',
        name: resourceName(gateway),
        ...(proxy ? { workload: proxy, identity: proxy.identity } : { identity: defaultIdentity(system) }),
      },
    }));
  });
}

/** Istio's own default gateway, when the one of the System is not in it. */
function defaultIdentity({ mesh }: System): string {
  return `spiffe://${mesh.trustDomain}/ns/${mesh.rootNamespace}/sa/istio-ingressgateway-service-account`;
}

function judgeEdge(
  { judge, proxy, gateway, system }: Context,
  port: number,
): {
  readonly closed: boolean;
  readonly authenticates: boolean;
  readonly reasons: readonly ReturnType<typeof reasonOf>[];
} {
  const labels = proxy?.labels ?? recordAt(gateway.spec, 'selector');
  // A proxy that is not in the System is taken to run where its Gateway is, or in the root namespace.
  const namespace = proxy?.namespace ?? (Object.keys(labels).length > 0 ? system.mesh.rootNamespace : gateway.metadata.namespace);
  const key = `istio ${namespace} ${JSON.stringify(labels)}`;
  const ask = (token: 'none' | 'any') =>
    judge.judge(key, { namespace, labels }, 'http', port, { identity: undefined, addresses: PUBLIC, token });
  const [anonymous, withToken] = [ask('none'), ask('any')];
  return {
    closed: withToken.requests === 'none',
    authenticates: anonymous.requests === 'none' || (anonymous.external && anonymous.requests !== 'all'),
    reasons: withToken.reasons,
  };
}

/** Hosts of a server may name a namespace before a slash: `*`, `.` (the Gateway's own) or a name. */
function commonHosts(
  server: readonly string[],
  route: readonly string[],
  gateway: Resource,
  service: Resource,
): readonly string[] {
  const common = new Set<string>();
  for (const written of server) {
    const slash = written.indexOf('/');
    const namespace = slash < 0 ? '*' : written.slice(0, slash);
    const own = namespace === '.' ? gateway.metadata.namespace : namespace;
    if (own !== '*' && own !== service.metadata.namespace) continue;
    const pattern = written.slice(slash + 1).toLowerCase();
    for (const host of route.map((each) => each.toLowerCase())) {
      if (coversHost(pattern, host)) common.add(host);
      else if (coversHost(host, pattern)) common.add(pattern);
    }
  }
  return [...common];
}

function coversHost(pattern: string, name: string): boolean {
  if (pattern === '*' || pattern === name) return true;
  return pattern.startsWith('*.') && name.endsWith(pattern.slice(1)) && name.length > pattern.length - 1;
}

function routesOf(service: Resource, all: readonly Resource[], followed = false): readonly IstioRoute[] {
  const { spec, metadata } = service;
  const http = listAt(spec, 'http').flatMap((route, i) => {
    const paths = listAt(route, 'match').flatMap((match) => uriOf(match) ?? []);
    const delegate = objectAt(route, 'delegate');
    if (delegate && !followed) {
      const namespace = textAt(delegate, 'namespace') ?? metadata.namespace;
      const to = all.find((each) => each.metadata.namespace === namespace && each.metadata.name === textAt(delegate, 'name'));
      return to ? routesOf(to, all, true).slice(0, DELEGATES_MAX) : [];
    }
    return destinationsOf(route).map(({ destination, at }): IstioRoute => ({
      destination,
      hosts: [],
      paths,
      by: service,
      path: ['spec', 'http', i, 'route', at],
    }));
  });
  const lower = (['tls', 'tcp'] as const).flatMap((kind) =>
    listAt(spec, kind).flatMap((route, i) => {
      const hosts = listAt(route, 'match').flatMap((match) => textsAt(match, 'sniHosts'));
      return destinationsOf(route).map(({ destination, at }): IstioRoute => ({
        destination,
        hosts,
        paths: [],
        by: service,
        path: ['spec', kind, i, 'route', at],
      }));
    }),
  );
  return [...http, ...lower];
}

function destinationsOf(route: unknown): readonly { readonly destination: RawObject; readonly at: number }[] {
  return listAt(route, 'route').flatMap((each, at) => {
    const destination = objectAt(each, 'destination');
    return destination && memberOf(each, 'weight') !== 0 ? [{ destination, at }] : [];
  });
}

function uriOf(match: unknown): string | undefined {
  const uri = objectAt(match, 'uri');
  return textAt(uri, 'exact') ?? textAt(uri, 'prefix') ?? textAt(uri, 'regex');
}

/** Workloads of a subset: those with the labels that a DestinationRule gives it. */
function subsetOf(name: string | undefined, host: string, { rules, names }: Context): (workload: Workload) => boolean {
  if (name === undefined) return () => true;
  for (const { spec, metadata } of rules) {
    if (names.resolve(textAt(spec, 'host') ?? '', metadata.namespace)?.host !== host) continue;
    const subset = listAt(spec, 'subsets').find((each) => textAt(each, 'name') === name);
    if (subset !== undefined) {
      const labels = recordAt(subset, 'labels');
      return (workload) => labelsMatch(labels, workload.labels);
    }
  }
  return () => true;
}
