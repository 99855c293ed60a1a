// Memory of a proxy worker with ten workloads over a million requests: `node bench/memory.ts [REQUESTS]`. The worker is started as the supervisor
// starts one; its resident set must stay below the bound (MB of a million bytes) and must not grow with the requests.
import { awaitPort } from './proxy/load.ts';
import { productCommand } from './proxy/contenders.ts';
import { originArgs } from './proxy/origin.ts';
import { LOAD_CORE, PROXY_CORE, Stand, freePort, usageOf } from './proxy/stand.ts';
import { wrk } from './proxy/wrk.ts';

const WORKLOADS = 10;
const RSS_MB_MAX = 200;
const REQUESTS = Number(process.argv[2] ?? 1_000_000);
/** Growth from a tenth of the requests to all of them that is no more than the collector's breathing. */
const GROWTH_MB_MAX = 25;
const CONNECTIONS = 64;

const stand = new Stand();
try {
  const origin = await freePort();
  stand.start(LOAD_CORE, 'nginx', originArgs(stand, { http1: origin, http2: await freePort() }));
  // Five pairs: one workload calls, the other is called over mutual TLS.
  const ports = await Promise.all(Array.from({ length: WORKLOADS }, freePort));
  const { program, args, env } = productCommand(stand, ['pair', origin, ...ports]);
  const worker = stand.start(PROXY_CORE, program, args, env);
  const entries = ports.filter((_, i) => i % 2 === 0);
  for (const port of [origin, ...entries]) await awaitPort(port);
  const rss = (): number => usageOf(worker.pid!).rssMiB * 1.048_576;
  const seen: { readonly requests: number; readonly rssMb: number }[] = [{ requests: 0, rssMb: rss() }];
  const marks = [0.1, 0.5, 1].map((share) => share * REQUESTS);
  let requests = 0;
  let peak = 0;
  // Connections and code come with first use, and are no growth.
  for (const port of entries) await wrk(stand, { port, connections: CONNECTIONS, seconds: 1 });
  for (let turn = 0; requests < REQUESTS; turn++) {
    const port = entries[turn % entries.length]!;
    const text = await wrk(stand, { port, connections: CONNECTIONS, seconds: 1 });
    if (/Non-2xx|Socket errors/.test(text)) throw new Error(`the worker failed requests: ${text}`);
    requests += Number(/(\d+) requests in/.exec(text)?.[1] ?? 0);
    peak = Math.max(peak, rss());
    while (marks.length > 0 && requests >= marks[0]!) seen.push({ requests: marks.shift()!, rssMb: rss() });
  }
  for (const one of seen) console.log(`  ${one.requests.toLocaleString('en').padStart(9)} requests: ${one.rssMb.toFixed(0)} MB`);
  const growth = seen.at(-1)!.rssMb - seen[1]!.rssMb;
  console.log(
    `memory: ${WORKLOADS} workloads, peak ${peak.toFixed(0)} MB, ${growth.toFixed(0)} MB more at the end than after a tenth`,
  );
  if (peak > RSS_MB_MAX || growth > GROWTH_MB_MAX) process.exitCode = 1;
} finally {
  await stand.close();
}
