// Ports that a Compose service listens on. Inside its networks all of them can be reached, whether they are written down or not.
import { isObject } from '../check.ts';
import type { Tree } from '../trace.ts';
import { textOf } from './long-form.ts';

export interface Listening {
  readonly port: number;
  readonly transport: 'TCP' | 'UDP' | 'SCTP';
  readonly name: string;
  readonly appProtocol: string;
}

/** Ports that well-known images expose, by the last part of the image's name. */
const IMAGE_PORTS: ReadonlyMap<string, readonly number[]> = new Map<string, readonly number[]>([
  ...['postgres', 'postgresql', 'postgis', 'timescaledb', 'pgvector'].map((name) => [name, [5432]] as const),
  ...['mysql', 'mysql-server', 'mariadb', 'percona'].map((name) => [name, [3306]] as const),
  ...['mongo', 'mongodb', 'mongodb-community-server'].map((name) => [name, [27_017]] as const),
  ...['redis', 'valkey', 'keydb', 'redis-stack', 'redis-stack-server'].map((name) => [name, [6379]] as const),
  ...['elasticsearch', 'opensearch'].map((name) => [name, [9200]] as const),
  ...['kafka', 'cp-kafka'].map((name) => [name, [9092]] as const),
  ...['nginx', 'httpd', 'caddy', 'traefik', 'apache'].map((name) => [name, [80]] as const),
  ['rabbitmq', [5672]],
  ['zookeeper', [2181]],
  ['memcached', [11_211]],
  ['nats', [4222]],
  ['cassandra', [9042]],
  ['vault', [8200]],
  ['openbao', [8200]],
  ['consul', [8500]],
  ['etcd', [2379]],
  ['minio', [9000]],
  ['influxdb', [8086]],
  ['clickhouse-server', [8123, 9000]],
  ['neo4j', [7474, 7687]],
  ['couchdb', [5984]],
  ['eclipse-mosquitto', [1883]],
  ['cockroach', [26_257]],
  ['keycloak', [8080]],
  ['prometheus', [9090]],
  ['grafana', [3000]],
  ['alertmanager', [9093]],
  ['node-exporter', [9100]],
]);

const SCANNED_MAX = 16 * 1024;
const ADDRESS =
  /(?:\b([a-z][a-z0-9+.]{1,20}):\/\/(?:[^\s/@"']{0,200}@)?)?(?<![\w.-])([A-Za-z0-9][\w.-]{0,62}):(\d{1,5})(?![\d.])/g;

/**
 * What the services of a project listen on: `ports`, `expose`, what other services call them at, and for a known image that says
 * nothing of it the image's own ports.
 */
export function listeningPorts(services: ReadonlyMap<string, Tree>): ReadonlyMap<string, readonly Listening[]> {
  const found = new Map([...services].map(([name, service]) => [name, declared(service)]));
  const aliases = new Map<string, string>();
  for (const [name, service] of services) {
    for (const alias of [textOf(service['hostname']), textOf(service['container_name'])])
      if (alias !== '' && !aliases.has(alias)) aliases.set(alias, name);
  }
  for (const [caller, service] of services) {
    for (const text of addressTexts(service)) {
      for (const [, scheme = '', host, port] of text.slice(0, SCANNED_MAX).matchAll(ADDRESS)) {
        const name = found.has(host!) ? host! : aliases.get(host!);
        const number = Number(port);
        if (name === undefined || name === caller || number < 1 || number > 65_535) continue;
        add(found.get(name)!, { port: number, transport: 'TCP', name: '', appProtocol: protocolOf(scheme) });
      }
    }
  }
  for (const [name, service] of services) {
    const ports = found.get(name)!;
    if (ports.size > 0) continue;
    const image =
      textOf(service['image'])
        .replace(/[:@].*$/, '')
        .split('/')
        .at(-1) ?? '';
    for (const port of IMAGE_PORTS.get(image) ?? []) add(ports, { port, transport: 'TCP', name: '', appProtocol: '' });
  }
  return new Map([...found].map(([name, ports]) => [name, [...ports.values()].sort((a, b) => a.port - b.port)]));
}

function addressTexts(service: Tree): string[] {
  const environment: unknown = service['environment'];
  const values = isObject(environment) ? Object.values(environment) : [];
  const words = [service['command'], service['entrypoint']].flatMap((list) =>
    Array.isArray(list) ? (list as readonly unknown[]) : [],
  );
  return [...values, ...words].filter((text): text is string => typeof text === 'string' && text.includes(':')).slice(0, 2000);
}

function protocolOf(scheme: string): string {
  return scheme === 'http' || scheme === 'https' || scheme === 'grpc' ? scheme : '';
}

function declared(service: Tree): Map<string, Listening> {
  const ports = new Map<string, Listening>();
  for (const item of Array.isArray(service['ports']) ? (service['ports'] as readonly Tree[]) : []) {
    const port = item['target'];
    const transport = textOf(item['protocol']).toUpperCase() as Listening['transport'];
    if (typeof port === 'number')
      add(ports, { port, transport, name: textOf(item['name']), appProtocol: textOf(item['app_protocol']) });
  }
  for (const text of Array.isArray(service['expose']) ? (service['expose'] as readonly unknown[]) : []) {
    const [port, protocol = 'tcp'] = textOf(text).split('/');
    add(ports, { port: Number(port), transport: protocol.toUpperCase() as Listening['transport'], name: '', appProtocol: '' });
  }
  return ports;
}

function add(ports: Map<string, Listening>, port: Listening): void {
  const key = `${port.transport}/${port.port}`;
  const present = ports.get(key);
  if (!present && ports.size >= 1000) return;
  if (!present || (present.appProtocol === '' && present.name === '' && port.appProtocol !== '')) ports.set(key, port);
}
