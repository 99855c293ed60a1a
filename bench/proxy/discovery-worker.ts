// The worker of bench/proxy/discovery.ts: a proxy that takes snapshots and endpoints over IPC, as JSON like the control channel's.
import { type EndpointChanges } from '#plan/endpoints.ts';
import { createProxy } from '#proxy/worker.ts';
import type { Snapshot } from '#proxy/ports.ts';
import { systemClock, systemRandom } from '#telemetry/machine.ts';
import { Metrics } from '#telemetry/metrics.ts';
import { machineNetwork } from '#wire/network.ts';

export type ToBenchWorker =
  | { readonly type: 'snapshot'; readonly text: string }
  | { readonly type: 'endpoints'; readonly from: string; readonly version: string; readonly changes: EndpointChanges }
  | { readonly type: 'svid'; readonly identity: string; readonly chainPem: string };
export type FromBenchWorker =
  | { readonly type: 'csr'; readonly identity: string; readonly csrPem: string }
  | { readonly type: 'answer'; readonly ok: boolean; readonly reason: string };

const waiting = new Map<string, (chainPem: string) => void>();
const say = (message: FromBenchWorker): void => void process.send!(message);
const proxy = createProxy({
  network: machineNetwork({ connectionsMax: 10_000 }),
  emit: { emit: () => {}, emitDurably: async () => {} },
  metrics: new Metrics(),
  clock: systemClock,
  random: systemRandom,
  fetch: () => Promise.reject(new Error('no fetch here')),
  requestSvid: (identity, csrPem) =>
    new Promise((resolve) => {
      waiting.set(identity, resolve);
      say({ type: 'csr', identity, csrPem });
    }),
  outside: { resolve: async () => [], allows: () => false, findSecrets: () => [] },
  ownsSocket: () => true,
  node: 'proxy/1',
  log: (level, message, fields) => {
    if (level === 'error' || level === 'warn') process.stderr.write(`${message} ${JSON.stringify(fields)}\n`);
  },
});

process.on('message', (message: ToBenchWorker) => {
  if (message.type === 'svid') {
    waiting.get(message.identity)?.(message.chainPem);
    waiting.delete(message.identity);
  } else if (message.type === 'endpoints') {
    const { from, version, changes } = message;
    const result = proxy.replaceEndpoints(from, version, changes, Date.now() + 3_600_000);
    say({ type: 'answer', ok: result.ok, reason: result.ok ? '' : result.reason });
  } else {
    void proxy
      .apply(JSON.parse(message.text) as Snapshot)
      .then((result) => say({ type: 'answer', ok: result.ok, reason: result.ok ? '' : result.reason }));
  }
});
process.on('disconnect', () => process.exit(0));
