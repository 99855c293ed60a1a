// `node bench/proxy/telemetry.ts`: what telemetry costs a proxy. The same job with no events at all, with events, metrics and links as always, and with
// spans of 1 % and of every request besides; in turn, several times over, so that what disturbs one disturbs the others too. Sending to a collector
// is another process' work. Prints requests a second and processor time per request, as ratios to `events`. Options: --seconds N, --rounds N,
// --connections N, --jobs plain,pair.
import { parseArgs } from 'node:util';
import { productCommand } from './contenders.ts';
import { type Job, jobNamed } from './jobs.ts';
import { type Measured, awaitPort, measure, warmUp } from './load.ts';
import { originArgs } from './origin.ts';
import { LOAD_CORE, PROXY_CORE, Stand, freePort } from './stand.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '64' },
    jobs: { type: 'string', default: 'plain,pair' },
  },
});

const WAYS = [
  ['none', 'no events'],
  ['events', 'events, metrics, links'],
  ['1', 'and spans of 1 %'],
  ['100', 'and spans of all'],
] as const;
type Way = (typeof WAYS)[number][0];

const stand = new Stand();

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

async function compare(job: Job, origin: number): Promise<void> {
  const running = [];
  for (const [way] of WAYS) {
    const [entry, inner] = [await freePort(), await freePort()];
    const { program, args, env } = productCommand(stand, [job.shape, origin, entry, inner], way);
    const child = stand.start(PROXY_CORE, program, args, { ...env, CULLIS_BENCH_TELEMETRY: way });
    await awaitPort(entry);
    await warmUp(stand, job, entry);
    running.push({ way, child, entry });
  }
  const found = new Map<Way, Measured[]>(WAYS.map(([way]) => [way, []]));
  for (let round = 0; round < Number(values.rounds); round++)
    for (const { way, child, entry } of running)
      found.get(way)!.push(await measure(stand, child.pid!, job, entry, Number(values.seconds)));
  const of = (way: Way, member: 'requestsPerSecond' | 'cpuUsPerRequest'): number =>
    median(found.get(way)!.map((one) => one[member]));
  console.log(`${job.name}, ${values.connections} connections, median of ${values.rounds}`);
  for (const [way, title] of WAYS) {
    const [rate, cpu] = [of(way, 'requestsPerSecond'), of(way, 'cpuUsPerRequest')];
    console.log(
      `  ${title.padEnd(24)}${String(Math.round(rate)).padStart(7)} rps  ${cpu.toFixed(1).padStart(5)} us cpu/request` +
        `  rps/events ${(rate / of('events', 'requestsPerSecond')).toFixed(3)}  cpu/events ${(cpu / of('events', 'cpuUsPerRequest')).toFixed(3)}`,
    );
  }
  for (const { child } of running) await stand.stop(child);
}

try {
  const origin = await freePort();
  stand.start(LOAD_CORE, 'nginx', originArgs(stand, { http1: origin, http2: await freePort() }));
  await awaitPort(origin);
  for (const name of values.jobs.split(','))
    await compare({ ...jobNamed(name), connections: Number(values.connections) }, origin);
} finally {
  await stand.close();
}
