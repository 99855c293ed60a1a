// Data stores and other systems worth an attack, told by image, name and port; and whether a store asks for a password at all.
import type { Container, Workload } from '#model/system.ts';
import type { Asset } from './model.ts';

export interface StoreKind {
  /** As people call it. */
  readonly name: string;
  readonly kind: Asset['kind'];
  /** Words of an image's last segment or of a name. */
  readonly words: readonly string[];
  readonly ports: readonly number[];
  /** URL schemes of its connection strings. */
  readonly schemes: readonly string[];
  /** Whether the manifest shows that nobody is asked for a password; undefined: it does not show. */
  readonly open?: (container: Container) => OpenSign | undefined;
}

export interface OpenSign {
  readonly text: string;
  /** The environment variable that says so; undefined: what is missing says so. */
  readonly variable?: string;
}

const truthy = (value: string | undefined): boolean => value !== undefined && /^(?:1|true|yes|on)$/i.test(value.trim());

function variable(container: Container, name: string): string | undefined {
  return container.env.find((each) => each.name === name)?.value;
}

function has(container: Container, pattern: RegExp): boolean {
  return container.env.some(({ name }) => pattern.test(name));
}

function argument(container: Container, pattern: RegExp): boolean {
  return [...container.command, ...container.args].some((each) => pattern.test(each));
}

function emptyPassword(...names: readonly string[]): (container: Container) => OpenSign | undefined {
  return (container) => {
    const name = names.find((each) => truthy(variable(container, each)));
    return name === undefined ? undefined : { text: `\`${name}\` lets anyone in without a password`, variable: name };
  };
}

/** The image's own default is no password, unless a variable, an argument or a configuration file sets one. */
function openByDefault(name: string, secured: RegExp, args: RegExp): (container: Container) => OpenSign | undefined {
  return (container) =>
    has(container, secured) || argument(container, args)
      ? undefined
      : (emptyPassword('ALLOW_EMPTY_PASSWORD')(container) ?? { text: `${name} asks nobody for a password unless it is told to` });
}

export const STORES: readonly StoreKind[] = [
  {
    name: 'PostgreSQL',
    kind: 'database',
    words: ['postgres', 'postgresql', 'postgis', 'timescaledb', 'pgvector', 'cockroach', 'cockroachdb', 'spilo'],
    ports: [5432, 26257],
    schemes: ['postgres', 'postgresql'],
    open: (container) =>
      variable(container, 'POSTGRES_HOST_AUTH_METHOD') === 'trust'
        ? {
            text: '`POSTGRES_HOST_AUTH_METHOD` is `trust`: anyone who connects is believed',
            variable: 'POSTGRES_HOST_AUTH_METHOD',
          }
        : emptyPassword('ALLOW_EMPTY_PASSWORD')(container),
  },
  {
    name: 'MySQL',
    kind: 'database',
    words: ['mysql', 'mysqldb', 'mariadb', 'percona'],
    ports: [3306],
    schemes: ['mysql', 'mariadb'],
    open: emptyPassword('MYSQL_ALLOW_EMPTY_PASSWORD', 'MARIADB_ALLOW_EMPTY_ROOT_PASSWORD', 'ALLOW_EMPTY_PASSWORD'),
  },
  {
    name: 'MongoDB',
    kind: 'database',
    words: ['mongo', 'mongodb'],
    ports: [27017],
    schemes: ['mongodb', 'mongodb+srv'],
    open: openByDefault('MongoDB', /MONGO.*(?:PASSWORD|USERNAME|KEYFILE)/, /^--(?:auth|keyFile|config)\b|^-f$/),
  },
  {
    name: 'Redis',
    kind: 'cache',
    words: ['redis', 'valkey', 'keydb', 'dragonfly'],
    ports: [6379],
    schemes: ['redis', 'rediss'],
    open: openByDefault('Redis', /(?:REDIS|VALKEY).*(?:PASSWORD|ACL|ARGS|AUTH)/, /requirepass|aclfile|\.conf\b/),
  },
  {
    name: 'Memcached',
    kind: 'cache',
    words: ['memcached'],
    ports: [11211],
    schemes: ['memcached'],
    open: openByDefault('Memcached', /MEMCACHED_PASSWORD/, /^-S$|^--enable-sasl$/),
  },
  {
    name: 'Elasticsearch',
    kind: 'database',
    words: ['elasticsearch', 'opensearch'],
    ports: [9200],
    schemes: [],
    open: (container) => {
      if (variable(container, 'xpack.security.enabled') === 'false')
        return { text: '`xpack.security.enabled` is `false`: every request is answered', variable: 'xpack.security.enabled' };
      const names = ['plugins.security.disabled', 'DISABLE_SECURITY_PLUGIN'];
      return emptyPassword(...names)(container);
    },
  },
  {
    name: 'Cassandra',
    kind: 'database',
    words: ['cassandra', 'scylla', 'scylladb'],
    ports: [9042],
    schemes: ['cassandra'],
    open: openByDefault('Cassandra', /CASSANDRA.*(?:PASSWORD|AUTHENTICATOR)/, /authenticator|\.ya?ml\b/),
  },
  { name: 'SQL Server', kind: 'database', words: ['mssql'], ports: [1433], schemes: ['sqlserver', 'mssql'] },
  { name: 'Oracle Database', kind: 'database', words: ['oracle'], ports: [1521], schemes: ['oracle'] },
  { name: 'ClickHouse', kind: 'database', words: ['clickhouse'], ports: [9000, 8123], schemes: ['clickhouse'] },
  { name: 'CouchDB', kind: 'database', words: ['couchdb'], ports: [5984], schemes: [] },
  { name: 'Neo4j', kind: 'database', words: ['neo4j'], ports: [7687], schemes: ['neo4j', 'bolt'] },
  { name: 'InfluxDB', kind: 'database', words: ['influxdb'], ports: [8086], schemes: [] },
  { name: 'MinIO', kind: 'database', words: ['minio'], ports: [], schemes: ['s3'] },
  {
    name: 'etcd',
    kind: 'database',
    words: ['etcd'],
    ports: [2379],
    schemes: ['etcd'],
    open: openByDefault('etcd', /ETCD_(?:CLIENT_CERT_AUTH|ROOT_PASSWORD)/, /client-cert-auth|auth-token/),
  },
  { name: 'RabbitMQ', kind: 'broker', words: ['rabbitmq'], ports: [5672], schemes: ['amqp', 'amqps'] },
  { name: 'Kafka', kind: 'broker', words: ['kafka', 'redpanda'], ports: [9092], schemes: ['kafka'] },
  { name: 'NATS', kind: 'broker', words: ['nats'], ports: [4222], schemes: ['nats'] },
  { name: 'ActiveMQ', kind: 'broker', words: ['activemq', 'artemis'], ports: [61616], schemes: ['stomp'] },
  { name: 'Vault', kind: 'vault', words: ['vault', 'openbao', 'infisical', 'conjur'], ports: [8200], schemes: [] },
  {
    name: 'identity provider',
    kind: 'identity-provider',
    words: ['keycloak', 'hydra', 'dex', 'authentik', 'zitadel'],
    ports: [],
    schemes: [],
  },
  { name: 'database', kind: 'database', words: ['db', 'database', 'sql'], ports: [], schemes: [] },
  {
    name: 'payment',
    kind: 'payment',
    words: ['payment', 'payments', 'paymentservice', 'billing', 'ledger', 'wallet'],
    ports: [],
    schemes: [],
  },
];

/** Programs about a store that are not the store. */
const BESIDE = new Set([
  'exporter',
  'operator',
  'client',
  'proxy',
  'backup',
  'ui',
  'admin',
  'init',
  'agent',
  'injector',
  'commander',
  'express',
  'migrate',
  'migration',
  'loadgenerator',
  'webhook',
  'csi',
  'connect',
  'metrics',
  'cli',
  'pgbouncer',
  'pgadmin',
  'consumer',
  'producer',
  'test',
]);

/** `registry/team/catalogue-db:1.2@sha256:…` → `catalogue`, `db`. */
export function wordsOf(text: string): readonly string[] {
  const segment = text.slice(0, 512).split('@')[0]!.split('/').at(-1)!.split(':')[0]!;
  return segment
    .toLowerCase()
    .split(/[-_.]/)
    .filter((word) => word !== '');
}

const BY_WORD = new Map(STORES.flatMap((store) => store.words.map((word) => [word, store] as const)));
const BY_PORT = new Map(STORES.flatMap((store) => store.ports.map((port) => [port, store] as const)));

export interface StoreSign {
  readonly store: StoreKind;
  readonly container: number;
  /** What shows it. */
  readonly reason: string;
  readonly by: 'image' | 'port' | 'name';
}

function byWords(text: string): StoreKind | undefined {
  const words = wordsOf(text);
  // `redis-cart-exporter` speaks of a store and is none.
  if (words.some((word) => BESIDE.has(word))) return undefined;
  const found = words.flatMap((word) => BY_WORD.get(word) ?? []);
  // `mysqldb-database`: the particular kind says more than the general one.
  return found.find(({ name }) => name !== 'database') ?? found[0];
}

/** What a workload is by its images, its name and its ports, in this order of trust; undefined for an ordinary service. */
export function storeSign(workload: Workload): StoreSign | undefined {
  let known = signs.get(workload);
  if (!known) signs.set(workload, (known = { sign: signOf(workload) }));
  return known.sign;
}

/** Rules, the reach and the attack graph all ask for it. */
const signs = new WeakMap<Workload, { readonly sign: StoreSign | undefined }>();

function signOf(workload: Workload): StoreSign | undefined {
  const containers = workload.containers.map((each, i) => [each, i] as const).filter(([{ init }]) => !init);
  let general: StoreSign | undefined;
  for (const [container, i] of containers) {
    const store = byWords(container.image);
    if (!store) continue;
    const sign: StoreSign = {
      store,
      container: i,
      reason: `its image \`${container.image}\` is ${store.name === 'database' || store.name === 'payment' ? 'called so' : store.name}`,
      by: 'image',
    };
    if (store.name !== 'database') return sign;
    general ??= sign;
  }
  for (const [container, i] of containers)
    for (const { port } of container.ports) {
      const store = BY_PORT.get(port);
      // Ports that other programs like as well prove nothing by themselves.
      if (store && port !== 9000 && port !== 8086)
        return { store, container: i, reason: `it listens on ${port}, the port of ${store.name}`, by: 'port' };
    }
  if (general) return general;
  const store = workload.kind === 'Job' || workload.kind === 'CronJob' ? undefined : byWords(workload.name);
  // `ratings-v2-mysql` on a port of its own is a program that uses MySQL.
  const ports = containers.flatMap(([container]) => container.ports.map(({ port }) => port));
  if (store && store.ports.length > 0 && ports.length > 0 && !ports.some((port) => store.ports.includes(port))) return undefined;
  return store && { store, container: containers[0]?.[1] ?? 0, reason: `its name \`${workload.name}\` says so`, by: 'name' };
}
