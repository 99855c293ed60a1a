// `node bench/proxy/run.ts`: the same job by every contender, one after another in one run, each alone on one core; load and origin share the
// other. Two jobs: `plain` (a gateway) and `pair` (two sidecars with mutual TLS between them). Prints requests a second, latency, processor time
// per request, the ratio to nginx, and what is added to the p99 of the origin itself at half of the contender's own maximum. What others disturb is
// measured again. Options: --seconds N, --connections N, --only NAME[,NAME], --jobs plain,pair, --tries N, --json.
import { parseArgs } from 'node:util';
import { CONTENDERS, type Contender, type Job } from './contenders.ts';
import { type Paced, pace } from './paced.ts';
import { type Measured, awaitPort, measure, warmUp } from './load.ts';
import { originArgs } from './rivals.ts';
import { type Certificates, LOAD_CORE, PROXY_CORE, Stand, freePort, undisturbed } from './stand.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '64' },
    only: { type: 'string' },
    jobs: { type: 'string', default: 'plain,pair' },
    tries: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
});

type Result = Measured & { readonly half: Paced; readonly direct: Paced; readonly disturbed: number };

const stand = new Stand();

async function contend(contender: Contender, job: Job, origin: number, pem: Certificates): Promise<Result> {
  const ports = { origin, entry: await freePort(), inner: await freePort() };
  const { program, args, env } = contender.command(stand, job, ports, pem);
  const child = stand.start(PROXY_CORE, program, args, env);
  try {
    await awaitPort(ports.entry);
    const load = { port: ports.entry, connections: Number(values.connections), seconds: Number(values.seconds) };
    const tries = Number(values.tries);
    await warmUp(stand, load);
    const full = await undisturbed(tries, () => measure(stand, child.pid!, load));
    // Half of what it can do, at a steady pace, beside the same pace without a proxy.
    const rate = Math.floor(full.value.requestsPerSecond / 2);
    const half = await undisturbed(tries, () => pace(stand, { ...load, rate }));
    const direct = await undisturbed(tries, () => pace(stand, { ...load, rate, port: origin }));
    const disturbed = Math.max(full.disturbed, half.disturbed, direct.disturbed);
    return { ...full.value, half: half.value, direct: direct.value, disturbed };
  } finally {
    await stand.stop(child);
  }
}

function show(name: string, version: string, one: Result, nginx: Measured | undefined): string {
  const ratio = (value: number, base: number | undefined): string =>
    base === undefined || base === 0 ? '   -' : (value / base).toFixed(2);
  return [
    `  ${`${name} ${version}`.padEnd(24)}`,
    `${Math.round(one.requestsPerSecond).toString().padStart(7)} rps`,
    `p50 ${one.p50Ms.toFixed(2)} ms  p99 ${one.p99Ms.toFixed(2)} ms`,
    `${one.cpuUsPerRequest.toFixed(1).padStart(5)} us cpu/request`,
    `${Math.round(one.rssMiB)} MiB`,
    `rps/nginx ${ratio(one.requestsPerSecond, nginx?.requestsPerSecond)}  cpu/nginx ${ratio(one.cpuUsPerRequest, nginx?.cpuUsPerRequest)}`,
    `half load p99 ${one.half.p99Ms.toFixed(2)} ms, direct ${one.direct.p99Ms.toFixed(2)} ms`,
    one.disturbed > 0.05 ? `(others used ${(one.disturbed * 100).toFixed(0)} % of a core)` : '',
    one.errors + one.half.errors > 0 ? `${one.errors + one.half.errors} ERRORS` : '',
  ].join('  ');
}

try {
  const only = values.only?.split(',');
  const pem = stand.certificates();
  const origin = await freePort();
  stand.start(LOAD_CORE, 'nginx', originArgs(stand, origin));
  await awaitPort(origin);
  const report: Record<string, Record<string, Result>> = {};
  for (const job of values.jobs.split(',') as Job[]) {
    if (!values.json)
      console.log(
        `${job === 'plain' ? 'plain: client > proxy > origin' : 'pair: client > proxy > mTLS > proxy > origin'}, ${values.connections} connections`,
      );
    const results: Record<string, Result> = (report[job] = {});
    for (const contender of CONTENDERS) {
      if (only && !only.includes(contender.name)) continue;
      if (contender.version === '') {
        if (!values.json) console.log(`  ${contender.name}: not installed`);
        continue;
      }
      const one = await contend(contender, job, origin, pem);
      results[contender.name] = one;
      if (!values.json) console.log(show(contender.name, contender.version, one, results['nginx']));
    }
  }
  if (values.json) console.log(JSON.stringify(report, null, 1));
} finally {
  await stand.close();
}
