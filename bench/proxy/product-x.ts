// The product itself at the bench's jobs: `createProxy` with policy (100 AuthorizationPolicies on the workload), journal and metrics on, as a worker
// runs it. Arguments: job, origin port, entry port, inner port. Certificates come from a CA made here.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_MESH, type AuthorizationPolicy } from '#model/istio.ts';
import { DEFAULT_LIMITS } from '#model/platform.ts';
import { createIssuing, createRoot, issueSvid } from '#pki/ca.ts';
import type { NodePlan } from '#plan/plan.ts';
import { createProxy } from '#proxy/worker.ts';
import { openJournal } from '#telemetry/journal.ts';
import { systemClock, systemRandom } from '#telemetry/machine.ts';
import { Metrics } from '#telemetry/metrics.ts';
import { machineNetwork } from '#wire/network.ts';

const [job, origin, entry, inner] = [process.argv[2], ...process.argv.slice(3).map(Number)] as [string, number, number, number];
const POLICIES = 100;
const DAY_MS = 86_400_000;
const IP = '127.0.0.1';
const FRONT = 'spiffe://cluster.local/ns/shop/sa/front';
const CART = 'spiffe://cluster.local/ns/shop/sa/cart';

const random = systemRandom;
const nowMs = Date.now();
const root = createRoot({ trustDomain: 'cluster.local', nowMs, ttlMs: 3650 * DAY_MS, random });
const issuing = createIssuing(root, { nowMs, ttlMs: 90 * DAY_MS, random });

/** 99 policies about others, and the one that lets the bench's request through. */
function policies(): NodePlan['workloads'][number]['policies'] {
  const authorization = Array.from({ length: POLICIES }, (_, i) => {
    const last = i === POLICIES - 1;
    const rule = last
      ? { to: [{ operation: { methods: ['GET'], paths: ['/*'] } }] }
      : {
          from: [{ source: { principals: [`cluster.local/ns/shop/sa/caller-${i}`] } }],
          to: [{ operation: { methods: ['GET', 'POST'], paths: [`/api/v${i}/*`] } }],
        };
    const resource: AuthorizationPolicy = {
      apiVersion: 'security.istio.io/v1',
      kind: 'AuthorizationPolicy',
      metadata: { name: `policy-${i}`, namespace: 'shop', labels: {}, annotations: {} },
      spec: { action: 'ALLOW', rules: [rule] },
      body: {},
    };
    return { resource, at: {} };
  });
  return { authorization, requestAuthentication: [] };
}

function plan(): NodePlan {
  const address = (port: number) => ({ ip: IP, port });
  const base = { version: '0'.repeat(64), mesh: DEFAULT_MESH, limits: DEFAULT_LIMITS, extAuthz: [], closed: [] };
  const cluster = {
    id: 'shop/cart:80',
    service: 'shop/cart',
    host: 'cart.shop.svc.cluster.local',
    port: 80,
    protocol: 'http' as const,
    sni: 'outbound_.80_._.cart.shop.svc.cluster.local',
  };
  if (job === 'plain') {
    const rule = {
      matches: [{ path: { type: 'PathPrefix' as const, value: '/' }, headers: [], queryParams: [] }],
      filters: [],
      backendRefs: [{ kind: 'Service', name: 'cart', port: 80, weight: 1 }],
    };
    return {
      ...base,
      workloads: [],
      clusters: [{ ...cluster, endpoints: [{ workload: 'shop/cart', address: address(origin), identity: '' }] }],
      gateways: [
        {
          id: 'shop/gateway',
          namespace: 'shop',
          name: 'gateway',
          labels: {},
          identity: 'spiffe://cluster.local/ns/shop/sa/gateway',
          policies: policies(),
          listeners: [
            {
              id: 'shop/gateway/http',
              listen: address(entry),
              port: entry,
              hostname: '',
              tls: false,
              virtualHosts: [
                {
                  hostnames: ['*'],
                  rules: [{ id: 'shop/route#0', rule, backends: [{ cluster: cluster.id, weight: 1 }], at: '' }],
                },
              ],
            },
          ],
        },
      ],
    };
  }
  const workload = (name: string, identity: string) => ({
    id: `shop/${name}`,
    namespace: 'shop',
    name,
    labels: { app: name },
    identity,
  });
  return {
    ...base,
    gateways: [],
    clusters: [{ ...cluster, endpoints: [{ workload: 'shop/cart', address: address(inner), identity: CART }] }],
    workloads: [
      {
        ...workload('front', FRONT),
        inbound: [],
        outbound: [{ cluster: cluster.id, listen: address(entry), authority: 'cart:80' }],
        policies: { authorization: [], requestAuthentication: [] },
      },
      {
        ...workload('cart', CART),
        inbound: [{ port: 80, protocol: 'http', mtls: 'STRICT', mtlsAt: '', listen: address(inner), app: address(origin) }],
        outbound: [],
        policies: policies(),
      },
    ],
  };
}

const folder = mkdtempSync(join(tmpdir(), 'cullis-bench-journal-'));
const metrics = new Metrics();
const journal = await openJournal(folder, { node: 'proxy/1', clock: systemClock, random, metrics });
const proxy = createProxy({
  network: machineNetwork({ connectionsMax: 10_000 }),
  emit: process.env["NOEMIT"] === "1" ? { emit() {}, emitDurably: () => Promise.resolve() } : process.env["NOEMIT"] === "2" ? { emit(e: unknown) { if (JSON.stringify(e).length < 3) throw 1; }, emitDurably: () => Promise.resolve() } : journal,
  metrics,
  clock: systemClock,
  random,
  fetch: () => Promise.reject(new Error('no fetch here')),
  requestSvid: (identity, csrPem) =>
    Promise.resolve(issueSvid(issuing, csrPem, identity, { nowMs: Date.now(), ttlMs: DAY_MS, random }).chainPem),
  ownsSocket: () => true,
  node: 'proxy/1',
  log: (level, message, fields) => {
    if (level === 'error' || level === 'warn') process.stderr.write(`${message} ${JSON.stringify(fields)}\n`);
  },
});
const applied = await proxy.apply({
  version: '0'.repeat(64),
  plan: plan(),
  bundle: { roots: { 'cluster.local': [root.certificatePem] } },
  sessionKey: Buffer.alloc(32, 7).toString('base64'),
  expiresAtMs: Date.now() + DAY_MS,
});
if (!applied.ok) throw new Error(applied.reason);
process.on('SIGTERM', () => {
  void proxy
    .close()
    .then(() => journal.close())
    .then(() => {
      rmSync(folder, { recursive: true, force: true });
      process.exit(0);
    });
});
