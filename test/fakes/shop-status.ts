// The shop as a control plane would tell of it after some minutes, with a breach tried from `logging`.
import type { ExplainResponse, IdentitiesResponse, StatusResponse } from '#api/control.ts';
import type { ExchangeEvent } from '#model/event.ts';
import { latencyBucket } from '#model/latency.ts';
import type { LinkStats } from '#model/snapshot.ts';
import type { FakeAnswers } from './control-api.ts';

export const NOW_MS = Date.UTC(2026, 10, 24, 9, 30, 0);
const HOUR_MS = 3_600_000;
const identityOf = (account: string): string => `spiffe://cluster.local/ns/ecommerce/sa/${account}`;

const WORKLOADS = [
  ['cart', 7070, 'http'],
  ['customer-database', 5432, 'tcp'],
  ['frontend', 8080, 'http'],
  ['logging', 8080, 'http'],
  ['payment-processing', 8080, 'http'],
  ['user-service', 8080, 'http'],
] as const;

function link(source: string, destination: string, requests: number, p99Ms: number, more: Partial<LinkStats> = {}): LinkStats {
  const port = WORKLOADS.find(([name]) => name === destination)?.[1] ?? 8080;
  return {
    source: source === 'client' ? 'client' : identityOf(source),
    destination: `ecommerce/${destination}`,
    port,
    protocol: destination === 'customer-database' ? 'tcp' : 'http',
    requests,
    denied: 0,
    failed: 0,
    mtls: source !== 'client',
    tlsProtocol: source === 'client' ? '' : 'TLSv1.3',
    cipher: source === 'client' ? '' : 'TLS_AES_128_GCM_SHA256',
    peerSerial: source === 'client' ? '' : '4a0b1c2d3e4f5061728394a5b6c7d8e9',
    peerNotBeforeMs: source === 'client' ? 0 : NOW_MS - HOUR_MS,
    peerNotAfterMs: source === 'client' ? 0 : NOW_MS + 23 * HOUR_MS,
    connections: 2,
    oldestConnectionMs: NOW_MS - 700_000,
    mode: source === 'client' ? 'DISABLE' : 'STRICT',
    modeAt: source === 'client' ? '' : 'examples/shop/manifests/security.yaml:4:5',
    mtlsDenied: 0,
    policyDenied: more.denied ?? 0,
    latency: { first: latencyBucket(p99Ms) - 2, counts: [Math.ceil(requests * 0.95), 0, requests - Math.ceil(requests * 0.95)] },
    latencySumMs: 0,
    p50Ms: p99Ms / 3,
    p90Ms: p99Ms / 2,
    p99Ms,
    lastMs: NOW_MS,
    ...more,
  };
}

const LINKS: readonly LinkStats[] = [
  link('client', 'shop', 5_212, 15),
  link('shop-gateway', 'frontend', 5_210, 10),
  link('frontend', 'user-service', 6_011, 4),
  link('frontend', 'cart', 2_874, 4),
  link('frontend', 'logging', 812, 1.5),
  link('user-service', 'cart', 1_102, 1),
  link('user-service', 'customer-database', 8, 0),
  link('user-service', 'logging', 640, 1.5),
  link('cart', 'payment-processing', 611, 6),
  link('cart', 'logging', 598, 1.5),
  link('payment-processing', 'customer-database', 6, 0),
  link('payment-processing', 'logging', 402, 1.5),
  link('logging', 'payment-processing', 3, 0.6, { denied: 3 }),
];

export const SHOP_STATUS: StatusResponse = {
  version: '0.1.0',
  uptimeMs: 754_000,
  timeMs: NOW_MS,
  isolation: 'namespaces',
  ready: true,
  snapshotVersion: '5d1f0c3a9be27a44d1c09f8eab3377aa01bb5d1f0c3a9be27a44d1c09f8eab33',
  appliedMs: NOW_MS - 700_000,
  rejected: null,
  mesh: {
    trustDomain: 'cluster.local',
    rootNamespace: 'istio-system',
    clusterDomain: 'cluster.local',
    pathNormalization: 'BASE',
  },
  authority: {
    rootFingerprint: '9c:41:7e:02:aa:5b',
    rootNotAfterMs: NOW_MS + 3650 * 24 * HOUR_MS,
    issuingSerial: '4f2a',
    issuingNotAfterMs: NOW_MS + 365 * 24 * HOUR_MS,
    issued: 7,
  },
  rotation: null,
  revoked: [],
  workloads: WORKLOADS.map(([name, port, protocol], index) => ({
    id: `ecommerce/${name}`,
    identity: identityOf(name),
    state: 'ready' as const,
    pid: 4_100 + index,
    restarts: name === 'payment-processing' ? 1 : 0,
    certificate: { serial: `0a1b2c3d4e5f60${index}`, notAfterMs: NOW_MS + 23 * HOUR_MS + index * 61_000 },
    version: '1.0.0',
    replicas: [
      {
        id: `ecommerce/${name}`,
        state: 'ready' as const,
        pid: 4_100 + index,
        restarts: name === 'payment-processing' ? 1 : 0,
        version: '1.0.0',
      },
    ],
    ports: [{ port, protocol, mtls: 'STRICT' as const }],
  })),
  drift: [],
  links: LINKS,
  gateways: [{ id: 'ecommerce/shop/http', url: 'http://127.0.0.1:8080' }],
  findings: [
    {
      id: 'f1d0',
      code: 'route.no-rate-limit',
      severity: 'medium',
      title: 'route `ecommerce/shop` takes any number of requests',
      message:
        'nothing bounds how often one client may call this route, so guessing passwords and wearing the service out are both possible',
      location: { file: 'examples/shop/manifests/gateway.yaml', line: 30, column: 1 },
      fix: { text: 'attach a BackendTrafficPolicy to the route' },
      references: [],
    },
  ],
  diagnostics: [],
  resources: [],
  closed: [],
  workers: [
    {
      name: 'proxy/1',
      pid: 4_090,
      connected: true,
      snapshotVersion: '5d1f0c3a9be2',
      trustVersion: 3,
      rssBytes: 93e6,
      lastReportMs: NOW_MS - 400,
    },
  ],
  totals: { requests: 18_077, denied: 3, failed: 0 },
};

export function denial(id: string, method: string, path: string, ageMs: number): ExchangeEvent {
  return {
    id,
    type: 'exchange',
    timeMs: NOW_MS - ageMs,
    node: 'proxy/1',
    role: 'sidecar-in',
    protocol: 'http',
    workload: 'ecommerce/payment-processing',
    source: identityOf('logging'),
    sourceIp: '127.0.0.1',
    destination: 'ecommerce/payment-processing',
    destinationPort: 8080,
    method,
    host: 'payment-processing',
    path,
    status: 403,
    allowed: false,
    code: 'rbac.no-allow-match',
    reasons: [
      {
        policy: 'ecommerce/payment-processing',
        action: 'ALLOW',
        rule: 0,
        field: 'from[0].source.principals',
        wanted: ['cluster.local/ns/ecommerce/sa/cart'],
        actual: 'cluster.local/ns/ecommerce/sa/logging',
        at: 'examples/shop/manifests/payment-processing.yaml:72:28',
        text: 'rule 0 of `ecommerce/payment-processing` does not allow it: `principals` is `cluster.local/ns/ecommerce/sa/logging`',
      },
    ],
    mtls: true,
    tlsProtocol: 'TLSv1.3',
    requestId: '0d0e6b1c-5a58-4bb6-a0c2-55a5f0c9a001',
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    sessionId: '',
    durationMs: 0.4,
    bytesIn: 180,
    bytesOut: 60,
    upstreamMs: 0,
  };
}

const DENIALS = [
  denial('01a2b3c4-0000-7000-8000-000000000003', 'GET', '/api/invoices', 9_000),
  denial('01a2b3c4-0000-7000-8000-000000000002', 'GET', '/api/invoices', 9_400),
  denial('01a2b3c4-0000-7000-8000-000000000001', 'POST', '/api/charge', 10_000),
];

export const EXPLANATION: ExplainResponse = {
  event: DENIALS[2] as unknown as ExplainResponse['event'],
  summary:
    '`spiffe://cluster.local/ns/ecommerce/sa/logging` was refused `POST /api/charge` on `ecommerce/payment-processing` with `rbac.no-allow-match`',
  reasons: DENIALS[2]?.reasons ?? [],
  change: {
    text: 'add the caller to the principals of rule 0 of `ecommerce/payment-processing`',
    yaml: 'principals:\n  - cluster.local/ns/ecommerce/sa/cart\n  - cluster.local/ns/ecommerce/sa/logging\n',
    at: 'examples/shop/manifests/payment-processing.yaml:72:28',
  },
  related: [],
};

const IDENTITIES: IdentitiesResponse['identities'] = [
  ...SHOP_STATUS.workloads.map((one) => ({
    identity: one.identity,
    workloads: [one.id],
    certificate: one.certificate,
    issuedMs: NOW_MS - HOUR_MS,
    worker: 'proxy/1',
  })),
  {
    identity: identityOf('shop-gateway'),
    workloads: ['ecommerce/shop'],
    certificate: { serial: '77', notAfterMs: NOW_MS + 22 * HOUR_MS },
    issuedMs: NOW_MS - HOUR_MS,
    worker: 'proxy/1',
  },
];

export const SHOP_ANSWERS: FakeAnswers = {
  status: SHOP_STATUS,
  identities: IDENTITIES,
  denials: DENIALS,
  explanations: { [DENIALS[2]?.id ?? '']: EXPLANATION },
};
