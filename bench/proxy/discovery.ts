// Discovery at size: 500 services with 3 replicas each in one node proxy, with policies, a gateway with a route to each, and calls between them.
// `node bench/proxy/discovery.ts [SERVICES]`. While requests run, replicas come and go and configurations change; it prints how long each takes
// from control's first step to the worker's acknowledgement, the worker's memory, and how many requests were lost.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { ENGINE_ENV, ENGINE_FLAGS } from '#app/engine.ts';
import { readSystem } from '#ingest/read.ts';
import type { Observed, Placement } from '#model/observed.ts';
import type { System } from '#model/system.ts';
import { createIssuing, createRoot, issueSvid } from '#pki/ca.ts';
import { type Planned, planFor } from '#plan/build.ts';
import { clusterId } from '#plan/services.ts';
import { systemRandom } from '#telemetry/machine.ts';
import type { FromBenchWorker, ToBenchWorker } from './discovery-worker.ts';

const REPLICAS = 3;
const CALLS = 4;
const TURNS = 8;
const LOAD_CONNECTIONS = 16;
const RELOAD_MS_MAX = 500;
const RSS_MB_MAX = 400;
const DAY_MS = 86_400_000;

const { positionals } = parseArgs({ allowPositionals: true });
const SERVICES = Number(positionals[0] ?? 500);

/** @param salt changes every policy, so that nothing of a former configuration can be used again by accident */
function manifests(salt: string): string {
  const documents: object[] = [
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { name: 'edge', namespace: 'shop' },
      spec: { gatewayClassName: 'cullis', listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] },
    },
  ];
  for (let i = 0; i < SERVICES; i++) {
    const name = `svc-${i}`;
    const metadata = { name, namespace: 'shop' };
    const labels = { app: name };
    const env = Array.from({ length: CALLS }, (_, j) => ({ name: `PEER_${j}`, value: `svc-${(i + 7 * (j + 1)) % SERVICES}:80` }));
    const container = { name: 'main', image: `example.com/${name}:1`, ports: [{ containerPort: 8080 }], env };
    documents.push(
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata,
        spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
      },
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata,
        spec: {
          replicas: REPLICAS,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { serviceAccountName: name, containers: [container] } },
        },
      },
      { apiVersion: 'cullis.dev/v1', kind: 'Workload', metadata, spec: { command: ['node'] } },
      {
        apiVersion: 'security.istio.io/v1',
        kind: 'AuthorizationPolicy',
        metadata,
        spec: {
          selector: { matchLabels: labels },
          rules: [
            { from: [{ source: { principals: ['cluster.local/ns/shop/sa/edge-cullis'] } }] },
            { to: [{ operation: { methods: ['GET'], paths: [`/${salt}/*`] } }] },
          ],
        },
      },
      {
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind: 'HTTPRoute',
        metadata,
        spec: { parentRefs: [{ name: 'edge' }], hostnames: [`${name}.example`], rules: [{ backendRefs: [{ name, port: 80 }] }] },
      },
    );
  }
  return documents.map((document) => JSON.stringify(document)).join('\n---\n');
}

/** Every listener has an address of its own in 127.0.0.0/8, so none can be taken. */
function observedOf(system: System, origin: number, gateway: number): Observed {
  const placements: Record<string, Placement> = {};
  const app = { 8080: { ip: '127.0.0.1', port: origin } };
  let next = 0;
  const listen = (block: number): { ip: string; port: number } => {
    const n = next++;
    return { ip: `127.${block}.${(n >> 8) & 255}.${n & 255}`, port: 15_006 };
  };
  for (const { id } of system.workloads) {
    const calls = system.calls.filter(({ from }) => from === id);
    const outbound = Object.fromEntries(
      calls.map(({ to, port }) => [
        clusterId(
          system.services.find((one) => one.id === to)!,
          port,
        ),
        listen(50),
      ]),
    );
    const copy = (): Pick<Placement, 'app' | 'inbound'> => ({ app, inbound: { 8080: listen(40) } });
    placements[id] = { workload: id, ...copy(), outbound, replicas: Array.from({ length: REPLICAS - 1 }, copy) };
  }
  return { placements, gateways: { 'shop/edge/http': { ip: '127.0.0.1', port: gateway } }, isolation: 'none' };
}

class Worker {
  readonly #child: ChildProcess;
  #answer: ((message: FromBenchWorker & { type: 'answer' }) => void) | undefined;

  constructor(sign: (identity: string, csrPem: string) => string) {
    this.#child = fork(new URL('./discovery-worker.ts', import.meta.url), {
      execArgv: [...ENGINE_FLAGS],
      env: { ...process.env, ...ENGINE_ENV },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child.on('message', (message: FromBenchWorker) => {
      if (message.type === 'csr')
        this.#send({ type: 'svid', identity: message.identity, chainPem: sign(message.identity, message.csrPem) });
      else this.#answer?.(message);
    });
  }

  #send(message: ToBenchWorker): void {
    this.#child.send(message);
  }

  async ask(message: ToBenchWorker): Promise<void> {
    const answered = new Promise<FromBenchWorker & { type: 'answer' }>((resolve) => {
      this.#answer = resolve;
    });
    this.#send(message);
    const { ok, reason } = await answered;
    if (!ok) throw new Error(reason);
  }

  get rssMb(): number {
    return (Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.#child.pid}/status`, 'utf8'))![1]) * 1024) / 1e6;
  }

  close(): void {
    this.#child.disconnect();
  }
}

/** Requests for random services, one after the other on each connection. */
class Load {
  sent = 0;
  lost = 0;
  slowestMs = 0;
  #on = true;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: LOAD_CONNECTIONS });
  readonly #lanes: Promise<unknown>;

  constructor(port: number) {
    this.#lanes = Promise.all(
      Array.from({ length: LOAD_CONNECTIONS }, async () => {
        while (this.#on) await this.#one(port);
      }),
    );
  }

  async #one(port: number): Promise<void> {
    const startMs = performance.now();
    const status = await new Promise<number>((resolve) => {
      const host = `svc-${Math.floor(Math.random() * SERVICES)}.example`;
      get({ port, agent: this.#agent, path: '/x', headers: { host } }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0));
        response.on('error', () => resolve(0));
      }).on('error', () => resolve(0));
    });
    this.sent++;
    if (status !== 200) this.lost++;
    this.slowestMs = Math.max(this.slowestMs, performance.now() - startMs);
  }

  async stop(): Promise<void> {
    this.#on = false;
    await this.#lanes;
    this.#agent.destroy();
  }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;
const shown = (name: string, values: readonly number[]): string =>
  `  ${name.padEnd(58)} ${median(values).toFixed(0).padStart(5)} ms, at most ${Math.max(...values).toFixed(0)} ms`;

const nowMs = Date.now();
const root = createRoot({ trustDomain: 'cluster.local', nowMs, ttlMs: 3650 * DAY_MS, random: systemRandom });
const issuing = createIssuing(root, { nowMs, ttlMs: 90 * DAY_MS, random: systemRandom });
const worker = new Worker(
  (identity, csrPem) => issueSvid(issuing, csrPem, identity, { nowMs: Date.now(), ttlMs: DAY_MS, random: systemRandom }).chainPem,
);
const origin = createServer((_, response) => response.end('ok')).listen(0, '127.0.0.1');
const free = createServer().listen(0, '127.0.0.1');
try {
  await Promise.all([once(origin, 'listening'), once(free, 'listening')]);
  const gatewayPort = (free.address() as AddressInfo).port;
  await new Promise((resolve) => free.close(resolve));
  const originPort = (origin.address() as AddressInfo).port;

  const timed = async <T>(work: () => T | Promise<T>): Promise<[T, number]> => {
    const startMs = performance.now();
    const value = await work();
    return [value, performance.now() - startMs];
  };
  let observed: Observed | undefined;
  let system: System | undefined;
  let planned: Planned | undefined;
  const read = (salt: string): void => {
    const { system: found, diagnostics } = readSystem([{ file: 'all.yaml', text: manifests(salt) }]);
    const error = diagnostics.find(({ severity }) => severity === 'error');
    if (error) throw new Error(error.message);
    system = found;
    observed ??= observedOf(found, originPort, gatewayPort);
  };
  const distribute = async (): Promise<number> => {
    const { plan } = planned!;
    const snapshot = {
      version: plan.version,
      plan,
      bundle: { roots: { 'cluster.local': [root.certificatePem] } },
      sessionKey: Buffer.alloc(32, 7).toString('base64'),
      expiresAtMs: Date.now() + DAY_MS,
    };
    const text = JSON.stringify(snapshot);
    await worker.ask({ type: 'snapshot', text });
    return text.length;
  };

  read('a');
  planned = planFor(system!, observed!);
  const [bytes, firstMs] = await timed(distribute);
  const { workloads, clusters } = planned.plan;
  const listeners = workloads.reduce((sum, one) => sum + one.inbound.length + one.outbound.length, 1);
  console.log(
    `discovery: ${clusters.length} services, ${clusters.reduce((sum, one) => sum + one.endpoints.length, 0)} endpoints, ${listeners} listeners, snapshot ${(bytes / 1e6).toFixed(1)} MB; first in force after ${firstMs.toFixed(0)} ms, certificates included`,
  );

  const load = new Load(gatewayPort);
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      setTimeout(resolve, ms);
    });
  await pause(2000);
  const figures = {
    read: [] as number[],
    build: [] as number[],
    whole: [] as number[],
    again: [] as number[],
    endpoints: [] as number[],
  };
  let peakMb = 0;
  for (let turn = 0; turn < TURNS; turn++) {
    // One replica in ten goes, and comes back in the next turn.
    const health = Object.fromEntries(
      Object.keys(observed!.placements).flatMap((id, i) =>
        turn % 2 === 0 && i % 10 === 0 ? [[`${id}~1`, 'down' as const]] : [],
      ),
    );
    const [change, againMs] = await timed(() => planned!.again({ ...observed!, health }, []));
    const [, endpointsMs] = await timed(() =>
      worker.ask({ type: 'endpoints', from: change.from, version: change.plan.version, changes: change.changes }),
    );
    figures.again.push(againMs);
    figures.endpoints.push(againMs + endpointsMs);
    await pause(300);
    const [, readMs] = await timed(() => read(`b${turn}`));
    const [made, buildMs] = await timed(() => planFor(system!, observed!));
    planned = made;
    const [, wholeMs] = await timed(distribute);
    figures.read.push(readMs);
    figures.build.push(buildMs);
    figures.whole.push(buildMs + wholeMs);
    await pause(300);
    peakMb = Math.max(peakMb, worker.rssMb);
  }
  await load.stop();
  console.log(shown('reading all manifests (control, not counted below)', figures.read));
  console.log(shown('plan (control)', figures.build));
  console.log(shown('every policy changed: plan, sent, compiled, in force', figures.whole));
  console.log(shown('replicas changed (control)', figures.again));
  console.log(shown('replicas changed: found, sent, in force', figures.endpoints));
  console.log(
    `  worker: ${peakMb.toFixed(0)} MB; ${load.sent} requests meanwhile, ${load.lost} lost, slowest ${load.slowestMs.toFixed(0)} ms`,
  );
  const late = Math.max(median(figures.whole), median(figures.endpoints)) > RELOAD_MS_MAX;
  if (late || peakMb > RSS_MB_MAX || load.lost > 0) process.exitCode = 1;
} finally {
  worker.close();
  origin.close();
  origin.closeAllConnections();
}
