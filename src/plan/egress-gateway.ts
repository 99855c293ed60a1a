// Egress gateways (Istio, "Egress Gateways" with the Gateway API): a route whose parent is a ServiceEntry leads calls of its hosts to a Gateway of the mesh,
// over mutual TLS, and a route of that Gateway leads them out.
import type { Gateway, HttpRoute, StreamRoute } from '#model/gateway.ts';
import type { ServiceEntry } from '#model/istio-egress.ts';
import type { Observed } from '#model/observed.ts';
import { formatLocation, originOf } from '#model/origin.ts';
import type { System } from '#model/system.ts';
import type { Cluster } from './plan.ts';

/** Kind of a parent as the reader gives it. */
export const ENTRY_KIND = 'networking.istio.io/ServiceEntry';
/** As in gateways.ts. */
const ACCOUNT_ANNOTATION = 'gateway.istio.io/service-account';

type Through = Omit<Cluster, 'id' | 'service' | 'host' | 'port'>;

/**
 * Where calls of an entry's host go when a route leads them through a gateway. A route that leads to no listener that takes the mesh's TLS leaves the cluster
 * without endpoints: what should pass a gateway does not go past it.
 * @returns undefined when no route is for the entry
 */
export function throughGateway(
  system: System,
  entry: ServiceEntry,
  host: string,
  protocol: 'http' | 'tls' | 'tcp',
  observed: Observed | undefined,
): Through | undefined {
  const route = routeOf(system, entry, protocol === 'http' ? 'HTTPRoute' : protocol === 'tls' ? 'TLSRoute' : 'TCPRoute');
  if (!route) return undefined;
  const [ref] = route.spec.rules[0]?.backendRefs ?? [];
  const namespace = ref?.namespace ?? route.metadata.namespace;
  const gateway = system.gateways.find(
    ({ metadata, spec }) =>
      metadata.namespace === namespace &&
      (ref?.name === `${metadata.name}-${spec.gatewayClassName}` || ref?.name === metadata.name),
  );
  const listener = gateway?.spec.listeners.find(({ port, tls }) => port === ref?.port && tls?.mesh === true);
  const id = gateway && `${gateway.metadata.namespace}/${gateway.metadata.name}`;
  const address = listener && observed?.gateways[`${id}/${listener.name}`];
  return {
    protocol: protocol === 'http' ? 'http' : 'tcp',
    sni: host,
    endpoints: gateway && id !== undefined && address ? [{ workload: id, address, identity: identityOf(system, gateway) }] : [],
    external: { entry: `${entry.namespace}/${entry.name}`, at: formatLocation(originOf(route)) },
  };
}

function routeOf(system: System, entry: ServiceEntry, kind: string): HttpRoute | StreamRoute | undefined {
  const routes: readonly (HttpRoute | StreamRoute)[] = [...system.httpRoutes, ...system.streamRoutes];
  return routes.find(
    (route) =>
      route.kind === kind &&
      // Nobody leads the calls of another namespace's entry to a gateway of his own.
      route.metadata.namespace === entry.namespace &&
      route.spec.parentRefs.some(
        (parent) =>
          parent.kind === ENTRY_KIND &&
          parent.name === entry.name &&
          (parent.namespace ?? route.metadata.namespace) === entry.namespace,
      ),
  );
}

function identityOf(system: System, { metadata, spec }: Gateway): string {
  const account = metadata.annotations[ACCOUNT_ANNOTATION] ?? `${metadata.name}-${spec.gatewayClassName}`;
  return `spiffe://${system.mesh.trustDomain}/ns/${metadata.namespace}/sa/${account}`;
}
