// Destinations that do not exist, whose port does not exist, or that leave the choice of port open; routes that a gateway passes over.
import type { Resource } from '#model/resource.ts';
import { numberAt, textsAt } from '#base/raw.ts';
import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { messageUrl } from '../codes.ts';
import { fullName, HostIndex, isVisible, scopeOf, servicePlace, serviceOf, serviceScope } from '../hosts.ts';
import type { Scope } from '../hosts.ts';
import { itemsAt } from '../items.ts';
import type { MeshIndex } from '../mesh-index.ts';
import { destinationsOf, gatewaysOf, MESH_GATEWAY } from '../virtual-service.ts';
import type { Destination } from '../virtual-service.ts';

export const VIRTUAL_SERVICE_DESTINATION_ANALYZER = {
  id: 'istio.virtual-service-destination',
  analyzer: 'virtualservice.DestinationHostAnalyzer',
  name: 'route to nowhere',
  severity: 'low',
  cwe: [16],
  why: 'Requests on the route are answered with 503. A host that does not exist yet is given to whoever makes a ServiceEntry for it.',
  help: 'correct the host or the port, or export it to the namespace',
  references: [messageUrl('ReferencedResourceNotFound'), messageUrl('VirtualServiceDestinationPortSelectorRequired')],
  tags: [],
  *analyze(mesh: MeshIndex): Generator<MeshHit> {
    const services = mesh.istio('networking', 'VirtualService');
    const chosen = subsetsInMesh(mesh, services);
    const entries = new HostIndex<Resource>();
    for (const entry of mesh.istio('networking', 'ServiceEntry'))
      for (const host of textsAt(entry.spec, 'hosts')) entries.add(host, entry);
    for (const service of services) {
      for (const destination of destinationsOf(service)) {
        yield* judge(mesh, service, destination, entries);
        yield* atGateway(mesh, service, destination, chosen);
      }
    }
  },
} satisfies MeshAnalyzer;

interface Target {
  readonly resource: Resource;
  readonly scope: Scope;
  readonly ports: readonly number[];
}

function* judge(mesh: MeshIndex, service: Resource, destination: Destination, index: HostIndex<Resource>): Generator<MeshHit> {
  const { host, port, path } = destination;
  const { namespace, name } = service.metadata;
  const at = { resource: service, path: [...path, 'host'] };
  // Those who see the route must see where it leads.
  const scope = scopeOf(service);
  const viewers = scope === 'all' ? [namespace] : [...scope];
  const targets = targetsOf(mesh, host, namespace, index).filter((target) =>
    viewers.every((each) => isVisible(target.scope, each)),
  );
  const [target] = targets;
  if (!target) {
    if (!mesh.complete && !isKnowable(mesh, host, namespace)) return;
    yield {
      code: 'ReferencedResourceNotFound',
      at,
      title:
        host === '' ? `a route of \`${name}\` has no destination` : `there is no host \`${host}\` where \`${name}\` is in force`,
      detail: host,
    };
    return;
  }
  const ports = targets.flatMap((each) => each.ports);
  if (port === undefined) {
    if (target.ports.length < 2 || target.resource.kind !== 'Service') return;
    yield {
      code: 'VirtualServiceDestinationPortSelectorRequired',
      at,
      title: `\`${host}\` has ports ${target.ports.join(', ')}, and the route does not say which`,
      detail: host,
      fix: { text: 'name the port', yaml: `destination:\n  host: ${host}\n  port:\n    number: ${target.ports[0]}\n` },
    };
  } else if (ports.length > 0 && !ports.includes(port)) {
    yield {
      code: 'ReferencedResourceNotFound',
      at: { resource: service, path: [...path, 'port', 'number'] },
      title: `\`${host}\` has no port ${port}`,
      detail: `${host}:${port}`,
    };
  }
}

/** Services and ServiceEntries with that name. */
function targetsOf(mesh: MeshIndex, host: string, namespace: string, index: HostIndex<Resource>): readonly Target[] {
  if (host === '') return [];
  const service = serviceOf(mesh, host, namespace);
  const full = fullName(host, namespace, mesh.clusterDomain);
  const entries = new Set([...index.find(host), ...(full === host ? [] : index.find(full))]);
  return [
    ...(service ? [{ resource: service, scope: serviceScope(service), ports: portsOf(service, 'port') }] : []),
    ...[...entries].map((resource) => ({ resource, scope: scopeOf(resource), ports: portsOf(resource, 'number') })),
  ];
}

function portsOf({ spec }: Resource, field: 'port' | 'number'): readonly number[] {
  return itemsAt(spec, 'ports', ['spec']).flatMap(({ raw }) => numberAt(raw, field) ?? []);
}

/** Whether files that hold only a part of the system can show that a host does not exist. */
function isKnowable(mesh: MeshIndex, host: string, namespace: string): boolean {
  if (host === '') return true;
  const place = servicePlace(mesh, host, namespace);
  return place !== undefined && mesh.servicesIn(place.namespace).length > 0;
}

/** Hosts whose subsets only a VirtualService of the sidecars chooses. */
function subsetsInMesh(mesh: MeshIndex, services: readonly Resource[]): ReadonlySet<string> {
  const chosen = new Set<string>();
  for (const service of services) {
    if (!gatewaysOf(service).includes(MESH_GATEWAY)) continue;
    const { namespace } = service.metadata;
    const own = textsAt(service.spec, 'hosts').map((host) => fullName(host, namespace, mesh.clusterDomain));
    for (const { host, subset } of destinationsOf(service)) {
      const full = fullName(host, namespace, mesh.clusterDomain);
      if (subset !== '' && own.includes(full)) chosen.add(full);
    }
  }
  return chosen;
}

/** A gateway sends by its own route; what sidecars would choose for the host does not hold there. */
function* atGateway(
  mesh: MeshIndex,
  service: Resource,
  { host, subset, path }: Destination,
  chosen: ReadonlySet<string>,
): Generator<MeshHit> {
  if (subset !== '' || host === '' || gatewaysOf(service).includes(MESH_GATEWAY)) return;
  if (!chosen.has(fullName(host, service.metadata.namespace, mesh.clusterDomain))) return;
  yield {
    code: 'IngressRouteRulesNotAffected',
    at: { resource: service, path },
    title: `the route names no subset of \`${host}\`; what another VirtualService chooses for it does not hold at the gateway`,
    detail: `subset ${host}`,
    fix: { text: 'name the subset here too' },
  };
}
