// `trafficPolicy` of a DestinationRule, a subset, or a port (istio/api networking/v1 TrafficPolicy).
import type {
  ClientTls,
  ConnectionPool,
  ConsistentHash,
  HashKey,
  HttpPool,
  LoadBalancer,
  LocalitySetting,
  OutlierDetection,
  TcpPool,
  TrafficPolicy,
  TrafficPolicyPart,
  Warmup,
} from '#model/istio-traffic.ts';
import { CLIENT_TLS_MODES } from '#model/istio-traffic.ts';
import { anyText, anything, flag, list, object, oneOf, optional, port, record, required, word } from '../check.ts';
import type { Check } from '../check.ts';
import type { Scope } from '../scope.ts';
import { count, defined, duration, fraction, percent, percentValue } from './values.ts';

const RING_SIZE = 1024;
const RING_SIZE_MAX = 8_388_608;
const MAGLEV_SIZE = 65_537;
const MAGLEV_SIZE_MAX = 5_000_011;

const keepalive = object({ probes: optional(count), time: optional(duration()), interval: optional(duration()) });
const tcp = object({
  maxConnections: optional(count),
  connectTimeout: optional(duration()),
  tcpKeepalive: optional(keepalive),
  maxConnectionDuration: optional(duration()),
  idleTimeout: optional(duration(0)),
});
const http = object({
  http1MaxPendingRequests: optional(count),
  http2MaxRequests: optional(count),
  maxRequestsPerConnection: optional(count),
  maxRetries: optional(count),
  idleTimeout: optional(duration(0)),
  h2UpgradePolicy: optional(oneOf(['DEFAULT', 'DO_NOT_UPGRADE', 'UPGRADE'])),
  useClientProtocol: optional(flag),
  maxConcurrentStreams: optional(count),
});

/** Istio takes a zero for "not set" in these, as protobuf does. */
const orUnset = (value: number | undefined): number | undefined => (value === 0 ? undefined : value);

export const connectionPool: Check<ConnectionPool> = (value, scope) => {
  const read = object({ tcp: optional(tcp), http: optional(http) })(value, scope);
  if (!read) return undefined;
  const { tcp: t, http: h } = read;
  return defined<ConnectionPool>({
    tcp:
      t &&
      defined<TcpPool>({
        maxConnections: orUnset(t.maxConnections),
        connectTimeoutMs: t.connectTimeout,
        idleTimeoutMs: t.idleTimeout,
        maxConnectionDurationMs: t.maxConnectionDuration,
        keepalive:
          t.tcpKeepalive &&
          defined({ probes: t.tcpKeepalive.probes, timeMs: t.tcpKeepalive.time, intervalMs: t.tcpKeepalive.interval }),
      }),
    http:
      h &&
      defined<HttpPool>({
        http1MaxPendingRequests: orUnset(h.http1MaxPendingRequests),
        http2MaxRequests: orUnset(h.http2MaxRequests),
        maxRequestsPerConnection: h.maxRequestsPerConnection,
        maxRetries: orUnset(h.maxRetries),
        idleTimeoutMs: h.idleTimeout,
        h2UpgradePolicy: h.h2UpgradePolicy,
        useClientProtocol: h.useClientProtocol,
        maxConcurrentStreams: orUnset(h.maxConcurrentStreams),
      }),
  });
};

const outlier = object({
  consecutiveErrors: optional(count),
  splitExternalLocalOriginErrors: optional(flag),
  consecutiveLocalOriginFailures: optional(count),
  consecutiveGatewayErrors: optional(count),
  consecutive5xxErrors: optional(count),
  interval: optional(duration()),
  baseEjectionTime: optional(duration()),
  maxEjectionPercent: optional(percent),
  minHealthPercent: optional(percent),
});
export const outlierDetection: Check<OutlierDetection> = (value, scope) => {
  const read = outlier(value, scope);
  if (!read) return undefined;
  const { interval, baseEjectionTime, consecutiveErrors, ...rest } = read;
  // The old name of the count, which meant gateway errors.
  const gateway = rest.consecutiveGatewayErrors ?? consecutiveErrors;
  return defined<OutlierDetection>({
    ...rest,
    consecutiveGatewayErrors: gateway,
    intervalMs: interval,
    baseEjectionTimeMs: baseEjectionTime,
  });
};

const cookie = object({
  name: required(word),
  path: optional(anyText),
  ttl: optional(duration(0)),
  attributes: optional(anything),
});
const hash = object({
  httpHeaderName: optional(word),
  httpCookie: optional(cookie),
  useSourceIp: optional(flag),
  httpQueryParameterName: optional(word),
  ringHash: optional(object({ minimumRingSize: optional(count) })),
  maglev: optional(object({ tableSize: optional(count) })),
  minimumRingSize: optional(count),
});
const consistentHash: Check<ConsistentHash> = (value, scope) => {
  const read = hash(value, scope);
  if (!read) return undefined;
  const { httpCookie } = read;
  const keys: HashKey[] = [
    ...(read.httpHeaderName === undefined ? [] : [{ kind: 'header' as const, name: read.httpHeaderName.toLowerCase() }]),
    ...(httpCookie === undefined
      ? []
      : [
          defined<HashKey & { kind: 'cookie' }>({
            kind: 'cookie',
            name: httpCookie.name,
            path: httpCookie.path ?? '',
            ttlMs: httpCookie.ttl,
          }),
        ]),
    ...(read.useSourceIp === true ? [{ kind: 'source-ip' as const }] : []),
    ...(read.httpQueryParameterName === undefined ? [] : [{ kind: 'query' as const, name: read.httpQueryParameterName }]),
  ];
  if (keys.length !== 1)
    scope.error(
      'hash',
      'a consistent hash needs exactly one of `httpHeaderName`, `httpCookie`, `useSourceIp` and `httpQueryParameterName`',
    );
  if (read.ringHash !== undefined && read.maglev !== undefined)
    scope.error('hash', 'only one of `ringHash` and `maglev` may be set');
  const tableSize = read.maglev?.tableSize ?? MAGLEV_SIZE;
  const ringSize = read.ringHash?.minimumRingSize ?? read.minimumRingSize ?? RING_SIZE;
  if (ringSize > RING_SIZE_MAX) scope.error('range', `a ring may have at most ${RING_SIZE_MAX} points`);
  if (tableSize > MAGLEV_SIZE_MAX || !isPrime(tableSize))
    scope.error('range', `the table's size must be a prime number of at most ${MAGLEV_SIZE_MAX}`);
  const [key] = keys;
  if (!key) return undefined;
  return read.maglev ? { key, algorithm: 'maglev', size: tableSize } : { key, algorithm: 'ring', size: ringSize || RING_SIZE };
};

function isPrime(value: number): boolean {
  if (value < 2) return false;
  for (let i = 2; i * i <= value; i++) if (value % i === 0) return false;
  return true;
}

const locality = object({
  distribute: optional(list(object({ from: required(word), to: required(record(count)) }))),
  failover: optional(list(object({ from: required(word), to: required(word) }))),
  failoverPriority: optional(list(word)),
  enabled: optional(flag),
});
const localitySetting: Check<LocalitySetting> = (value, scope) => {
  const read = locality(value, scope);
  if (!read) return undefined;
  const { distribute = [], failover = [], failoverPriority = [], enabled } = read;
  if (distribute.length > 0 && failover.length + failoverPriority.length > 0)
    scope.error('locality', '`distribute` does not go with `failover` or `failoverPriority`');
  for (const { from, to } of distribute) {
    const sum = Object.values(to).reduce((total, share) => total + share, 0);
    if (sum !== 100) scope.error('locality', `the shares of \`${from}\` are ${sum} together, and must be 100`);
  }
  return defined<LocalitySetting>({ distribute, failover, failoverPriority, enabled });
};

const SIMPLE = ['UNSPECIFIED', 'LEAST_CONN', 'RANDOM', 'PASSTHROUGH', 'ROUND_ROBIN', 'LEAST_REQUEST'] as const;
const balancer = object({
  simple: optional(oneOf(SIMPLE)),
  consistentHash: optional(consistentHash),
  localityLbSetting: optional(localitySetting),
  warmupDurationSecs: optional(duration()),
  warmup: optional(
    object({ duration: required(duration()), minimumPercent: optional(fraction), aggression: optional(fraction) }),
  ),
});
const loadBalancer: Check<LoadBalancer> = (value, scope) => {
  const read = balancer(value, scope);
  if (!read) return undefined;
  if (read.simple !== undefined && read.consistentHash !== undefined)
    scope.error('balancer', 'only one of `simple` and `consistentHash` may be set');
  const { simple, warmup, warmupDurationSecs } = read;
  const lasts = warmup?.duration ?? warmupDurationSecs;
  if ((warmup?.aggression ?? 1) < 1) scope.error('range', '`aggression` must be at least 1');
  return defined<LoadBalancer>({
    simple: simple === 'LEAST_CONN' ? 'LEAST_REQUEST' : simple === 'UNSPECIFIED' ? undefined : simple,
    consistentHash: read.consistentHash,
    locality: read.localityLbSetting,
    warmup:
      lasts === undefined
        ? undefined
        : ({
            durationMs: lasts,
            aggression: warmup?.aggression ?? 1,
            minimumPercent: warmup?.minimumPercent ?? 10,
          } satisfies Warmup),
  });
};

const tls = object({
  mode: optional(oneOf(CLIENT_TLS_MODES)),
  clientCertificate: optional(anyText),
  privateKey: optional(anyText),
  caCertificates: optional(anyText),
  caCrl: optional(anyText),
  credentialName: optional(anyText),
  subjectAltNames: optional(list(anyText)),
  sni: optional(anyText),
  insecureSkipVerify: optional(flag),
});
const clientTls: Check<ClientTls> = (value, scope) => {
  const read = tls(value, scope);
  if (!read) return undefined;
  const { mode = 'DISABLE', subjectAltNames = [], caCrl: _caCrl, ...rest } = read;
  return defined<ClientTls>({ mode, subjectAltNames, ...rest });
};

const part = {
  loadBalancer: optional(loadBalancer),
  connectionPool: optional(connectionPool),
  outlierDetection: optional(outlierDetection),
  tls: optional(clientTls),
};
const portSelector = object({ number: optional(port) });
const portPart = object({ port: optional(portSelector), ...part });
const policy = object({
  ...part,
  portLevelSettings: optional(list(portPart, { max: 4096 })),
  tunnel: optional(anything),
  proxyProtocol: optional(anything),
  retryBudget: optional(object({ percent: optional(percentValue), minRetryConcurrency: optional(count) })),
});

const partOf = (read: {
  readonly loadBalancer?: LoadBalancer;
  readonly connectionPool?: ConnectionPool;
  readonly outlierDetection?: OutlierDetection;
  readonly tls?: ClientTls;
}): TrafficPolicyPart =>
  defined<TrafficPolicyPart>({
    loadBalancer: read.loadBalancer,
    connectionPool: read.connectionPool,
    outlierDetection: read.outlierDetection,
    tls: read.tls,
  });

export const trafficPolicy: Check<TrafficPolicy> = (value: unknown, scope: Scope) => {
  const read = policy(value, scope);
  if (!read) return undefined;
  const portLevelSettings = (read.portLevelSettings ?? []).flatMap((each, i) => {
    if (each.port?.number === undefined) {
      scope.at('portLevelSettings', () => scope.at(i, () => scope.error('required', 'settings of a port need `port.number`')));
      return [];
    }
    return [{ port: each.port.number, ...partOf(each) }];
  });
  const unsupported = [
    ...(read.tunnel === undefined ? [] : ['tunnel']),
    ...(read.proxyProtocol === undefined ? [] : ['proxyProtocol']),
  ];
  return defined<TrafficPolicy>({
    ...partOf(read),
    portLevelSettings,
    unsupported,
    retryBudget:
      read.retryBudget === undefined
        ? undefined
        : { percent: read.retryBudget.percent ?? 20, minRetryConcurrency: read.retryBudget.minRetryConcurrency ?? 3 },
  });
};
