// The product itself at the bench's jobs: `createProxy` with policy (100 AuthorizationPolicies on the workload), journal and metrics on, as a worker
// runs it. Arguments: journal folder, shape of the job, origin port, then entry and inner port of each pair (of one gateway the
// entry alone); or only `compile`, which ends as soon as the modules are loaded. Certificates come from a CA made here.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServingCertificate } from '#model/observed.ts';
import { createIssuing, createRoot, issueSvid } from '#pki/ca.ts';
import { createProxy } from '#proxy/worker.ts';
import { openJournal } from '#telemetry/journal.ts';
import { systemClock, systemRandom } from '#telemetry/machine.ts';
import { Metrics } from '#telemetry/metrics.ts';
import type { NodePlan } from '#plan/plan.ts';
import { machineNetwork } from '#wire/network.ts';
import type { Shape } from './jobs.ts';
import { gatewayPlan, pairsPlan } from './plan.ts';

if (process.argv[2] === 'compile') process.exit(0);
const [folder, shape] = process.argv.slice(2) as [string, Shape];
const [origin, ...ports] = process.argv.slice(4).map(Number) as [number, ...number[]];
const DAY_MS = 86_400_000;
/** `none`: no events are written; `events`: as without a collector, and when absent; a number: the share of traces that is recorded, percent. */
const telemetry = process.env['CULLIS_BENCH_TELEMETRY'] ?? 'events';

const random = systemRandom;
const nowMs = Date.now();
const root = createRoot({ trustDomain: 'cluster.local', nowMs, ttlMs: 3650 * DAY_MS, random });
const issuing = createIssuing(root, { nowMs, ttlMs: 90 * DAY_MS, random });

// What the gateway shows, with its key: made where the file system is open.
const edge = JSON.parse(readFileSync(join(folder, 'edge.json'), 'utf8')) as {
  readonly serving: ServingCertificate;
  readonly keys: Readonly<Record<string, string>>;
};

const metrics = new Metrics();
const journal = await openJournal(folder, { node: 'proxy/1', clock: systemClock, random, metrics });
const proxy = createProxy({
  network: machineNetwork({ connectionsMax: 10_000 }),
  emit: telemetry === 'none' ? { emit: () => {}, emitDurably: () => Promise.resolve() } : journal,
  metrics,
  clock: systemClock,
  random,
  fetch: () => Promise.reject(new Error('no fetch here')),
  outside: { resolve: async () => [], allows: () => false, findSecrets: () => [] },
  requestSvid: (identity, csrPem) =>
    Promise.resolve(issueSvid(issuing, csrPem, identity, { nowMs: Date.now(), ttlMs: DAY_MS, random }).chainPem),
  ownsSocket: () => true,
  node: 'proxy/1',
  log: (level, message, fields) => {
    if (level === 'error' || level === 'warn') process.stderr.write(`${message} ${JSON.stringify(fields)}\n`);
  },
});
/** As control plans it when a collector is named. */
function traced(plan: NodePlan): NodePlan {
  if (telemetry === 'none' || telemetry === 'events') return plan;
  const one = { tracing: { percent: Number(telemetry), floor: true, tags: {} } };
  return {
    ...plan,
    workloads: plan.workloads.map((workload) => ({ ...workload, telemetryIn: one, telemetryOut: one })),
    gateways: plan.gateways.map((gateway) => ({ ...gateway, telemetry: one })),
  };
}

const applied = await proxy.apply({
  version: '0'.repeat(64),
  plan: traced(
    shape === 'plain' || shape === 'tls'
      ? gatewayPlan(origin, ports[0]!, shape === 'tls' ? edge.serving : undefined)
      : pairsPlan(origin, ports, shape === 'grpc'),
  ),
  tlsKeys: edge.keys,
  bundle: { roots: { 'cluster.local': [root.certificatePem] } },
  sessionKey: Buffer.alloc(32, 7).toString('base64'),
  expiresAtMs: Date.now() + DAY_MS,
});
if (!applied.ok) throw new Error(applied.reason);
process.on('SIGTERM', () => {
  void proxy
    .close()
    .then(() => journal.close())
    .then(() => process.exit(0));
});
