// `node bench/proxy/run.ts`: the same job by every contender, one after another in one run, each alone on one core; load and origin share the
// other. Two jobs: `plain` (a gateway) and `pair` (two sidecars with mutual TLS between them). Prints requests a second, latency, processor time
// per request and the ratio to nginx. Options: --seconds N, --connections N, --only NAME[,NAME], --jobs plain,pair, --json.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ENGINE_FLAGS } from '#app/code-cache.ts';
import { type Paced, pace } from './paced.ts';
import { type Measured, awaitPort, measure } from './load.ts';
import { type Ports, haproxyPair, haproxyPlain, nginxPair, nginxPlain, originArgs } from './rivals.ts';
import { type Certificates, LOAD_CORE, PROXY_CORE, Stand, freePort, versionOf } from './stand.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '64' },
    only: { type: 'string' },
    jobs: { type: 'string', default: 'plain,pair' },
    json: { type: 'boolean', default: false },
  },
});

type Job = 'plain' | 'pair';

interface Contender {
  readonly name: string;
  /** '' when it is not installed. */
  readonly version: string;
  /** Both when absent. */
  readonly jobs?: readonly Job[];
  command(job: Job, ports: Ports, pem: Certificates): { readonly program: string; readonly args: readonly string[] };
}

type Result = Measured & { readonly half: Paced; readonly direct: Paced };

const stand = new Stand();
const codec = (job: Job, { origin, entry, inner }: Ports, pem: Certificates) => ({
  program: process.execPath,
  args: [
    join(import.meta.dirname, 'codec.ts'),
    job,
    `${origin}`,
    `${entry}`,
    `${inner}`,
    pem.ca,
    pem.cart.cert,
    pem.cart.key,
    pem.front.cert,
    pem.front.key,
  ],
});

/** A row a contender. */
const CONTENDERS: readonly Contender[] = [
  {
    name: 'nginx',
    version: versionOf('nginx', ['-v'], /nginx\/(\S+)/),
    command: (job, ports, pem) => ({
      program: 'nginx',
      args: job === 'plain' ? nginxPlain(stand, ports) : nginxPair(stand, ports, pem),
    }),
  },
  {
    name: 'haproxy',
    version: versionOf('haproxy', ['-v'], /version (\S+)/),
    command: (job, ports, pem) => ({
      program: 'haproxy',
      args: job === 'plain' ? haproxyPlain(stand, ports) : haproxyPair(stand, ports, pem),
    }),
  },
  {
    name: 'cullis',
    version: `node ${process.versions.node}`,
    command: (job, { origin, entry, inner }) => ({
      program: process.execPath,
      args: [...ENGINE_FLAGS, join(import.meta.dirname, 'product.ts'), job, ...[origin, entry, inner].map(String)],
    }),
  },
  {
    name: 'node:http',
    version: `node ${process.versions.node}`,
    jobs: ['plain'],
    command: (_job, { origin, entry }) => ({
      program: process.execPath,
      args: [join(import.meta.dirname, 'node-http.ts'), String(origin), String(entry)],
    }),
  },
  { name: 'codec', version: `node ${process.versions.node}`, command: codec },
];

async function contend(contender: Contender, job: Job, origin: number, pem: Certificates): Promise<Result> {
  const ports = { origin, entry: await freePort(), inner: await freePort() };
  const { program, args } = contender.command(job, ports, pem);
  const child = stand.start(PROXY_CORE, program, args);
  try {
    await awaitPort(ports.entry);
    const load = { port: ports.entry, connections: Number(values.connections), seconds: Number(values.seconds) };
    const full = await measure(stand, child.pid!, load);
    // Half of what it can do, at a steady pace, beside the same pace without a proxy.
    const rate = Math.floor(full.requestsPerSecond / 2);
    const half = await pace(stand, { ...load, rate });
    return { ...full, half, direct: await pace(stand, { ...load, rate, port: origin }) };
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
    `half load p99 +${(one.half.p99Ms - one.direct.p99Ms).toFixed(2)} ms`,
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
      if ((only && !only.includes(contender.name)) || contender.jobs?.includes(job) === false) continue;
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
