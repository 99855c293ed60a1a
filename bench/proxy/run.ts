// `node bench/proxy/run.ts`: the same job by every contender, one after another in one run, each alone on one core; load and origin share the
// other. Jobs stand in jobs.ts. Prints rates, latency, processor time per request and what bound them, for small answers over HTTP/1 also what is added
// to the p99 of the origin itself at half of the contender's own maximum; at the end one table of ratios. What others disturb is measured again.
// Options: --seconds N, --connections N, --only NAME[,NAME], --jobs NAME[,NAME], --tries N, --no-pace, --profile FOLDER (V8 profiles of the product), --json.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CONTENDERS, type Contender } from './contenders.ts';
import { USUAL_JOBS, type Job, jobNamed } from './jobs.ts';
import { awaitPort, measure, warmUp } from './load.ts';
import { originArgs } from './origin.ts';
import { pace } from './paced.ts';
import { type Certificates, LOAD_CORE, PROXY_CORE, Stand, freePort, undisturbed, versionOf } from './stand.ts';
import { type Result, line, ratios } from './table.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    connections: { type: 'string' },
    only: { type: 'string' },
    jobs: { type: 'string', default: USUAL_JOBS },
    tries: { type: 'string', default: '5' },
    'no-pace': { type: 'boolean', default: false },
    profile: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);
const say = (text: string): void => (values.json ? undefined : console.log(text));

const stand = new Stand();

/** V8 writes a profile there when the process ends. */
function profileFlags(folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  return ['--cpu-prof', '--allow-inspector', `--cpu-prof-dir=${folder}`, `--allow-fs-write=${folder}`];
}

async function contend(contender: Contender, job: Job, origin: number, pem: Certificates): Promise<Result> {
  const ports = { origin, entry: await freePort(), inner: await freePort() };
  const { program, args, env } = contender.command(stand, job.shape, ports, pem);
  const profile = contender.name === 'cullis' && values.profile !== undefined ? profileFlags(join(values.profile, job.name)) : [];
  const child = stand.start(PROXY_CORE, program, [...profile, ...args], env);
  try {
    await awaitPort(ports.entry);
    const tries = Number(values.tries);
    await warmUp(stand, job, ports.entry);
    const full = await undisturbed(tries, () => measure(stand, child.pid!, job, ports.entry, seconds));
    if (values['no-pace'] || job.client !== 'http1' || job.secure || job.bodyBytes > 0)
      return { ...full.value, disturbed: full.disturbed };
    // Half of what it can do, at a steady pace, beside the same pace without a proxy.
    const load = { port: ports.entry, connections: job.connections, seconds, rate: Math.floor(full.value.requestsPerSecond / 2) };
    const half = await undisturbed(tries, () => pace(stand, load));
    const direct = await undisturbed(tries, () => pace(stand, { ...load, port: origin }));
    const disturbed = Math.max(full.disturbed, half.disturbed, direct.disturbed);
    return { ...full.value, half: half.value, direct: direct.value, disturbed };
  } finally {
    await stand.stop(child);
  }
}

/** Why a job is left out; undefined when it is not. */
const lacking = (job: Job): string | undefined =>
  job.client === 'http2' && versionOf('h2load', ['--version'], /nghttp2\/(\S+)/) === ''
    ? 'h2load (package nghttp2-client) is not installed'
    : undefined;

try {
  const only = values.only?.split(',');
  const contenders = CONTENDERS.filter(({ name }) => !only || only.includes(name));
  for (const { name, version, missing } of contenders) if (version === '') say(`${name} skipped: ${missing}`);
  const jobs = values.jobs.split(',').map(jobNamed);
  const pem = stand.certificates();
  const origin = { http1: await freePort(), http2: await freePort() };
  stand.start(LOAD_CORE, 'nginx', originArgs(stand, origin));
  await awaitPort(origin.http1);
  const report: Record<string, Record<string, Result>> = {};
  for (const given of jobs) {
    const job = values.connections === undefined ? given : { ...given, connections: Number(values.connections) };
    const without = lacking(job);
    say(`${job.name}: ${job.what}, ${job.connections} connections${without === undefined ? '' : `; skipped: ${without}`}`);
    if (without !== undefined) continue;
    const results: Record<string, Result> = (report[job.name] = {});
    for (const contender of contenders) {
      if (contender.version === '' || (contender.shapes && (!contender.shapes.includes(job.shape) || job.bodyBytes > 0)))
        continue;
      const one = await contend(contender, job, job.shape === 'grpc' ? origin.http2 : origin.http1, pem);
      results[contender.name] = one;
      say(line(`${contender.name} ${contender.version}`, job, one));
    }
  }
  const peers = contenders.filter(({ name, version }) => name !== 'cullis' && version !== '').map(({ name }) => name);
  if (values.json) console.log(JSON.stringify(report, null, 1));
  else if (peers.length > 0)
    say(`\ncullis to the others: rate, and work done by a second of processor time\n${ratios(report, peers)}`);
} finally {
  await stand.close();
}
