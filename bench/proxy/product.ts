// The product itself at the bench's jobs: `createProxy` with policy (100 AuthorizationPolicies on the workload), journal and metrics on, as a worker
// runs it. Arguments: journal folder, job, origin port, then entry and inner port of each pair (of one gateway the
// entry alone); or only `compile`, which ends as soon as the modules are loaded. Certificates come from a CA made here.
import { createIssuing, createRoot, issueSvid } from '#pki/ca.ts';
import { createProxy } from '#proxy/worker.ts';
import { openJournal } from '#telemetry/journal.ts';
import { systemClock, systemRandom } from '#telemetry/machine.ts';
import { Metrics } from '#telemetry/metrics.ts';
import { machineNetwork } from '#wire/network.ts';
import { gatewayPlan, pairsPlan } from './plan.ts';

if (process.argv[2] === 'compile') process.exit(0);
const [folder, job] = process.argv.slice(2) as [string, 'plain' | 'pair'];
const [origin, ...ports] = process.argv.slice(4).map(Number) as [number, ...number[]];
const DAY_MS = 86_400_000;

const random = systemRandom;
const nowMs = Date.now();
const root = createRoot({ trustDomain: 'cluster.local', nowMs, ttlMs: 3650 * DAY_MS, random });
const issuing = createIssuing(root, { nowMs, ttlMs: 90 * DAY_MS, random });

const metrics = new Metrics();
const journal = await openJournal(folder, { node: 'proxy/1', clock: systemClock, random, metrics });
const proxy = createProxy({
  network: machineNetwork({ connectionsMax: 10_000 }),
  emit: journal,
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
const applied = await proxy.apply({
  version: '0'.repeat(64),
  plan: job === 'plain' ? gatewayPlan(origin, ports[0]!) : pairsPlan(origin, ports),
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
