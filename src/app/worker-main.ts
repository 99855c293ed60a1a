// A proxy worker process: everything from outside passes here, so it holds leaf keys only and may touch nothing but its journal.
import { Portions } from '#base/portions.ts';
import { createFetch } from '#connect/fetch.ts';
import { handleNetwork } from '#host/handles.ts';
import { socketBelongsTo } from '#host/sockets.ts';
import { workloadOf } from '#model/observed.ts';
import { createProxy } from '#proxy/worker.ts';
import { type EndpointChanges, withEndpoints } from '#plan/endpoints.ts';
import type { NodePlan } from '#plan/plan.ts';
import { openJournal } from '#telemetry/journal.ts';
import { createLogger } from '#telemetry/log.ts';
import { systemClock, systemRandom } from '#telemetry/machine.ts';
import { Metrics } from '#telemetry/metrics.ts';
import { measureProcess } from '#telemetry/process-metrics.ts';
import { machineNetwork } from '#wire/network.ts';
import { meshFetch } from './mesh-fetch.ts';
import { outsidePorts } from './outside.ts';
import type { FromWorkerProcess, ToWorker, WorkerStart } from './messages.ts';
import { readStart } from './start-document.ts';
import { connectControl } from './worker-channel.ts';

/** The one that is there from the start. */
const FIRST_WORKER = 'proxy/1';
const REPORT_EVERY_MS = 1000;
const DRAIN_MS = 1000;
const CONNECTIONS_MAX = 10_000;
/** Beyond the drain. */
const STOP_TIMEOUT_MS = 2000;

const start = await readStart<WorkerStart>(process.stdin);
const log = createLogger({ name: start.name, level: 'warn', format: 'human' });
const metrics = new Metrics();
const journal = await openJournal(start.journalDir, {
  node: start.name,
  clock: systemClock,
  random: systemRandom,
  metrics,
  onError: (error) => log.error({ err: error }, 'journal write failed'),
});

let plan: NodePlan | undefined;
/** Where peers and the world connect: these sockets are the supervisor's, so that they outlive this process. */
let heldBy: ReadonlySet<string> = new Set();
let pids: Readonly<Record<string, number>> = {};
const portions = new Portions(
  start.workers,
  start.anew,
  (message) => process.send?.(message satisfies FromWorkerProcess) ?? false,
);
const proxy = createProxy({
  portions,
  network: handleNetwork(process, {
    ...(start.handles ? {} : { plain: machineNetwork({ connectionsMax: CONNECTIONS_MAX }) }),
    held: ({ ip, port }) => heldBy.has(`${ip}:${port}`),
    connectionsMax: CONNECTIONS_MAX,
  }),
  emit: journal,
  metrics,
  clock: systemClock,
  random: systemRandom,
  fetch: meshFetch(() => plan, createFetch(), createFetch({ allowPrivate: ['127.0.0.1/32'] })),
  outside: outsidePorts(),
  first: start.name === FIRST_WORKER,
  requestSvid: (identity, csrPem) => channel.requestSvid(identity, csrPem),
  // In a namespace only the workload itself can reach its listeners; on plain loopback the socket's owner is looked up.
  ownsSocket: (workload, socket) => {
    if (start.handles) return true;
    const { localAddress, localPort, remoteAddress, remotePort } = socket;
    if (!localAddress || !localPort || !remoteAddress || !remotePort) return false;
    const ends = { localAddress, localPort, remoteAddress, remotePort };
    return Object.keys(pids).some((id) => workloadOf(id) === workload && pids[id]! > 0 && socketBelongsTo(pids[id]!, ends));
  },
  node: start.name,
  log: (level, message, fields) => log[level](fields, message),
});
measureProcess(metrics, systemClock);

const channel = connectControl({
  socketPath: start.socketPath,
  token: start.token,
  name: start.name,
  random: systemRandom,
  async onSnapshot(message) {
    const offered = message.plan as NodePlan;
    const listeners = [
      ...offered.gateways.flatMap((one) => one.listeners),
      ...offered.workloads.flatMap(({ inbound }) => inbound),
      ...(start.shared ? offered.workloads.flatMap(({ outbound }) => outbound) : []),
    ];
    heldBy = new Set(listeners.map(({ listen }) => `${listen.ip}:${listen.port}`));
    const result = await proxy.apply({ ...message, plan: offered });
    if (result.ok) {
      plan = offered;
      process.send?.({ type: 'ready' } satisfies FromWorkerProcess);
    }
    return result;
  },
  onEndpoints(message) {
    const result = proxy.replaceEndpoints(message.from, message.version, message.changes as EndpointChanges, message.expiresAtMs);
    if (result.ok && plan) plan = withEndpoints(plan, message.version, message.changes as EndpointChanges);
    return result;
  },
  onLease: (expiresAtMs) => proxy.lease(expiresAtMs),
  onTrust: (state) => proxy.trust(state),
  trustVersion: () => proxy.trustVersion,
  onRenew: (identities) => proxy.renew(identities),
  onReportNow: () => channel.sendReport(proxy.report()),
});
const reports = setInterval(() => {
  channel.sendReport(proxy.report());
  portions.expire();
}, REPORT_EVERY_MS);

let stopping = false;
async function stop(graceMs: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  clearInterval(reports);
  setTimeout(() => process.exit(1), graceMs + STOP_TIMEOUT_MS).unref();
  await proxy.drain(graceMs);
  channel.close();
  await journal.close();
  process.exit(0);
}
process.on('message', (message: ToWorker) => {
  if (!('type' in message)) return;
  if (message.type === 'pids') pids = message.pids;
  else if (message.type === 'ping') process.send?.({ type: 'pong' } satisfies FromWorkerProcess);
  else if (message.type === 'portion-grant' || message.type === 'portion-yield') portions.receive(message);
  else if (message.type === 'stop') void stop(message.graceMs);
});
// Without a supervisor nobody would end it.
process.on('disconnect', () => void stop(DRAIN_MS));
process.on('SIGTERM', () => void stop(DRAIN_MS));
if (!process.connected) void stop(0);
