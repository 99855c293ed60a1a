// Which parts of a text name a service of the mesh: `cart:7070`, `http://payment.ecommerce.svc.cluster.local/x`, comma-separated lists.
import type { Service, ServicePort } from './system.ts';

export interface MeshAddress {
  readonly service: Service;
  readonly port: ServicePort;
  /** The host (and port, when written) inside the text: `[start, end)`. */
  readonly start: number;
  readonly end: number;
}

export interface MeshNames {
  /** The service that a host name means inside `namespace`, by the search order of a pod's resolver. */
  resolve(host: string, namespace: string): Service | undefined;
  /** All mesh addresses in a text, left to right. A name counts only with a port that the service has, written or implied by the scheme. */
  find(text: string, namespace: string): MeshAddress[];
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  http: 80,
  ws: 80,
  grpc: 80,
  https: 443,
  wss: 443,
  postgres: 5432,
  postgresql: 5432,
  mysql: 3306,
  redis: 6379,
  mongodb: 27017,
  amqp: 5672,
};

// Kubernetes has no `_` in names; Compose has.
const HOST = '[a-z0-9](?:[a-z0-9_-]{0,62})(?:\\.[a-z0-9-]{1,63}){0,8}';
// Either scheme://user:password@host:port with all but scheme and host optional, or host:port on a border, so that `mycart:7070` is not `cart:7070`.
const TOKEN = new RegExp(
  `([a-z][a-z0-9+.-]{0,30})://(?:[^\\s/@]{0,256}@)?(${HOST})\\.?(?::(\\d{1,5}))?(?![\\w-])|(?<![\\w.@/-])(${HOST})\\.?:(\\d{1,5})(?![\\w-])`,
  'dgi',
);

/** @param services the System's services @param clusterDomain e.g. `cluster.local` */
export function meshNames(services: readonly Service[], clusterDomain: string): MeshNames {
  const byHost = new Map<string, Service>();
  for (const service of services) byHost.set(`${service.name}.${service.namespace}.svc.${clusterDomain}`, service);
  const suffixes = (namespace: string) => [
    '',
    `.${namespace}.svc.${clusterDomain}`,
    `.svc.${clusterDomain}`,
    `.${clusterDomain}`,
  ];
  const resolve = (host: string, namespace: string): Service | undefined => {
    const lower = host.toLowerCase();
    for (const suffix of suffixes(namespace)) {
      const service = byHost.get(lower + suffix);
      if (service) return service;
    }
    return undefined;
  };
  return {
    resolve,
    find(text, namespace) {
      const found: MeshAddress[] = [];
      if (text.length > 8192) return found;
      for (const match of text.matchAll(TOKEN)) {
        const [, scheme, urlHost, urlPort, bareHost, barePort] = match;
        const host = urlHost ?? bareHost!;
        const written = urlPort ?? barePort;
        const service = resolve(host, namespace);
        if (!service) continue;
        const number = written !== undefined ? Number(written) : DEFAULT_PORTS[scheme!.toLowerCase()];
        const port = service.ports.find((one) => one.port === number);
        if (!port) continue;
        const [start, end] = match.indices![urlHost === undefined ? 4 : 2]!;
        found.push({ service, port, start, end: Math.max(end, match.index + match[0].length) });
      }
      return found;
    },
  };
}
