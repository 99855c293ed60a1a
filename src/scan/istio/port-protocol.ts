// What flows on a Service port, as Istio decides it: appProtocol, the name's prefix, the number; sniffed when none says.
import { numberAt, textAt } from '#base/raw.ts';

const PREFIXES: ReadonlySet<string> = new Set([
  'grpc',
  'http',
  'http2',
  'http3',
  'https',
  'hbone',
  'mongo',
  'mysql',
  'redis',
  'tcp',
  'tls',
  'udp',
]);
/** The server speaks first, so that sniffing would wait: SMTP, DNS, MySQL, MongoDB. */
const BY_NUMBER: ReadonlyMap<number, string> = new Map([
  [25, 'tcp'],
  [53, 'tcp'],
  [3306, 'tcp'],
  [27_017, 'tcp'],
]);
const BY_APP_PROTOCOL: ReadonlyMap<string, string> = new Map([
  ['kubernetes.io/h2c', 'http2'],
  ['kubernetes.io/ws', 'http'],
  ['kubernetes.io/wss', 'https'],
]);

/** In lower case; undefined where Istio has to guess from the first bytes. @param raw one of a Service's `spec.ports` */
export function protocolOf(raw: unknown): string | undefined {
  if (textAt(raw, 'protocol') === 'UDP') return 'udp';
  const said = textAt(raw, 'appProtocol');
  const byField = said === undefined ? undefined : (BY_APP_PROTOCOL.get(said) ?? prefix(said));
  return byField ?? prefix(textAt(raw, 'name') ?? '') ?? BY_NUMBER.get(numberAt(raw, 'port') ?? 0);
}

function prefix(name: string): string | undefined {
  const lower = name.toLowerCase();
  if (lower === 'grpc-web' || lower.startsWith('grpc-web-')) return 'grpc-web';
  const dash = lower.indexOf('-');
  const word = dash === -1 ? lower : lower.slice(0, dash);
  return PREFIXES.has(word) ? word : undefined;
}
