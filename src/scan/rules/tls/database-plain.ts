import type { FindingSeverity } from '#model/finding.ts';
import type { System } from '#model/system.ts';
import { Memberships } from '../../reach/membership.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { settingsOf } from './connections.ts';
import type { Setting } from './connections.ts';

export const database = {
  id: 'tls.database-plain',
  name: 'Connection to a data store in clear',
  severity: 'medium',
  cwe: [319],
  why: 'Password and data pass the network in clear: whoever watches or spoofs it, another pod or a node, reads both and uses the password.',
  help: 'Ask for TLS and check the server (`sslmode=verify-full`, `rediss://`, `amqps://`, `SASL_SSL`).',
  references: ['https://www.postgresql.org/docs/current/libpq-ssl.html', 'RFC 9325'],
  tags: ['nsa-k8s:network', 'pci-dss:4.2.1', 'soc2:CC6.7'],
  check,
} as const satisfies SystemRule;

interface Plain {
  readonly what: string;
  readonly severity: FindingSeverity;
  /** Host that is talked to, when it is said. */
  readonly host?: string;
}

const LOOPBACK = /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[?::1\]?|host\.docker\.internal)$/i;

function* check({ system }: ScanContext): Generator<Hit> {
  const mesh = new Memberships(system);
  for (const setting of settingsOf(system)) {
    const plain = connection(setting.value) ?? protocolSetting(setting);
    if (!plain || (plain.host !== undefined && LOOPBACK.test(plain.host)) || encryptedByMesh(system, mesh, setting, plain.host))
      continue;
    yield {
      title: `\`${setting.name}\` ${plain.what}${plain.host === undefined ? '' : ` \`${plain.host}\``}`,
      severity: plain.severity,
      at: { resource: setting.resource, path: setting.path },
      detail: setting.name,
    };
  }
}

const STORES =
  /^(?:postgres|postgresql|mysql|mysql2|mariadb|mongodb|mongodb\+srv|sqlserver|mssql|cockroachdb|clickhouse|redis|amqp|nats|stomp|ldap|mqtt|smtp|kafka|jdbc:\w{1,30}|postgresql\+\w{1,30}|mysql\+\w{1,30})$/i;
/** Schemes that have a sibling with TLS: written without it, they are in clear. */
const PLAIN_SCHEMES = /^(?:redis|amqp|ldap|mqtt|stomp)$/i;
const OFF =
  /[?&;](?:sslmode=disable|ssl-?mode=disabled?|tls=(?:false|0)|ssl=(?:false|0)|usessl=false|encrypt=(?:false|no|optional)|ssl_?enabled=false|secure=false)(?:[&;#]|$)/i;
const UNCHECKED =
  /[?&;](?:tls=(?:skip-verify|preferred)|sslmode=(?:allow|prefer|require)|ssl-?mode=(?:preferred|required)|tlsinsecure=true|tlsallowinvalidcertificates=true|trustservercertificate=(?:true|yes)|verifyservercertificate=false|sslverify=false|insecure_?skip_?verify=true|ssl_cert_reqs=none)(?:[&;#]|$)/i;
/** These are in force only after the certificate: `require` encrypts and does not look whom to. */
const SKIPPED =
  /skip-verify|tlsinsecure=true|allowinvalidcertificates|trustservercertificate|verifyservercertificate=false|sslverify=false|skip_?verify=true|cert_reqs=none/i;

/** A connection string, without ever repeating its credentials. */
export function connection(text: string): Plain | undefined {
  if (!text.includes('://') && !/;\s{0,4}(?:encrypt|trustservercertificate|sslmode)\s?=/i.test(text)) {
    // libpq keywords: `host=db user=shop sslmode=disable`.
    const host = /(?:^|\s)host=(\S{1,253})/.exec(text)?.[1];
    return host !== undefined && /(?:^|\s)sslmode=disable(?:\s|$)/.test(text)
      ? { what: 'connects in clear to', host, severity: 'medium' }
      : undefined;
  }
  const url = /^([\w+:]{2,40}):\/\/(?:([^/?#@]{0,500})@)?(\[[\da-f:]{2,45}\]|[^:/?#,@\s]{0,253})/i.exec(text);
  const scheme = url?.[1] ?? '';
  const host = url?.[3] ?? '';
  if (url && !STORES.test(scheme)) return undefined;
  const compact = text.replaceAll(/\s?=\s?/g, '=').replaceAll(/;\s{1,4}/g, ';');
  if (OFF.test(compact)) return { what: 'connects in clear to', ...(host !== '' && { host }), severity: 'medium' };
  if (SKIPPED.test(compact) && UNCHECKED.test(compact))
    return { what: 'does not check the certificate of', ...(host !== '' && { host }), severity: 'medium' };
  if (UNCHECKED.test(compact))
    return { what: 'encrypts at best, without checking the certificate of', ...(host !== '' && { host }), severity: 'low' };
  const password = (url?.[2] ?? '').includes(':') || (url?.[2] ?? '') !== '';
  if (PLAIN_SCHEMES.test(scheme) && password)
    return {
      what: `sends a password in clear (\`${scheme.toLowerCase()}://\`) to`,
      ...(host !== '' && { host }),
      severity: 'medium',
    };
  return undefined;
}

const DISABLED = /^(?:disabled?|false|0|no|off|none)$/i;

/** Variables that programs and images agree on. */
function protocolSetting({ name, value }: Setting): Plain | undefined {
  const upper = name.toUpperCase();
  if (upper === 'PGSSLMODE' || /(?:^|_)(?:DB|DATABASE|POSTGRES\w*|PG|MYSQL|MARIADB|SQL)_?SSL_?MODE$/.test(upper)) {
    return /^disabled?$/i.test(value) ? { what: 'has connections to the database in clear', severity: 'medium' } : undefined;
  }
  if (
    /(?:^|_)(?:DB|DATABASE|POSTGRES|PG|MYSQL|MARIADB|MONGO|MONGODB|REDIS|RABBITMQ|AMQP|KAFKA|NATS|CASSANDRA|ELASTICSEARCH)_(?:USE_)?(?:SSL|TLS)(?:_ENABLED?)?$/.test(
      upper,
    )
  ) {
    return DISABLED.test(value) ? { what: `is \`${value}\`: the connection is in clear`, severity: 'medium' } : undefined;
  }
  if (/(?:^|_)(?:KAFKA_)?(?:INTER_BROKER_)?SECURITY(?:_INTER_BROKER)?_PROTOCOL$/.test(upper)) {
    if (value === 'SASL_PLAINTEXT')
      return { what: 'sends the password of Kafka in clear (`SASL_PLAINTEXT`)', severity: 'medium' };
    return value === 'PLAINTEXT' ? { what: 'talks to Kafka in clear (`PLAINTEXT`)', severity: 'low' } : undefined;
  }
  if (/KAFKA_(?:CFG_)?(?:ADVERTISED_)?LISTENERS$/.test(upper)) {
    // Without a map of its own, a listener's name is its protocol.
    const clear = value.split(',').filter((each) => /^\s{0,4}(?:SASL_)?PLAINTEXT:\/\/(?!(?:localhost|127\.0\.0\.1):)/.test(each));
    return clear.length > 0 ? { what: 'has Kafka listen in clear (`PLAINTEXT`)', severity: 'low' } : undefined;
  }
  return undefined;
}

/** Both ends in a mesh: what the program says in clear is encrypted by the proxies. */
function encryptedByMesh(system: System, mesh: Memberships, setting: Setting, host: string | undefined): boolean {
  if (setting.workloads.length === 0 || setting.workloads.some((each) => mesh.of(each).kind === 'none')) return false;
  if (host === undefined) return true;
  const [name, namespace = setting.resource.metadata.namespace] = host.split('.');
  const target = system.services.find((each) => each.name === name && each.namespace === namespace);
  if (!target) return false;
  const behind = system.workloads.filter(
    (each) =>
      each.namespace === namespace &&
      target.selector !== undefined &&
      Object.entries(target.selector).every(([key, value]) => each.labels[key] === value),
  );
  return behind.length > 0 && behind.every((each) => mesh.of(each).kind !== 'none');
}
