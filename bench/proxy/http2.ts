// The serving side of HTTP/2 beside Node's own, in one run with h2load: `node bench/proxy/http2.ts [--seconds 3]`. Prints requests a second and ratios.
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { awaitPort } from './load.ts';
import { LOAD_CORE, PIN, PROXY_CORE, freePort } from './stand.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '3' } } });

const H2LOAD = 'h2load';

interface Job {
  readonly name: string;
  readonly bodyBytes: number;
  readonly args: readonly string[];
}
const JOBS: readonly Job[] = [
  { name: '10 connections, 10 streams', bodyBytes: 100, args: ['-c10', '-m10'] },
  { name: '50 connections, 1 stream', bodyBytes: 100, args: ['-c50', '-m1'] },
  { name: '5 connections, 4 streams, 1 MB', bodyBytes: 1_000_000, args: ['-c5', '-m4', '-w20', '-W22'] },
];

/** @returns requests a second, 0 when h2load could not measure */
async function measure(kind: 'own' | 'node', job: Job): Promise<number> {
  const port = await freePort();
  const server = spawn(
    PIN,
    [
      '-c',
      String(PROXY_CORE),
      process.execPath,
      join(import.meta.dirname, 'h2-server.ts'),
      kind,
      String(port),
      String(job.bodyBytes),
    ],
    { stdio: 'inherit' },
  );
  try {
    await awaitPort(port);
    const { stdout } = spawnSync(
      PIN,
      ['-c', String(LOAD_CORE), H2LOAD, '--warm-up-time=1', `-D${values.seconds}`, ...job.args, `http://127.0.0.1:${port}/`],
      { encoding: 'utf8' },
    );
    return Number(/finished in .*?, ([\d.]+) req\/s/.exec(stdout)?.[1] ?? 0);
  } finally {
    server.kill();
  }
}

if (spawnSync(H2LOAD, ['--version']).error) {
  console.log('skipped: h2load (package nghttp2-client) is not installed');
} else {
  console.log(`HTTP/2 requests a second, plaintext, node ${process.version}`);
  for (const job of JOBS) {
    const node = await measure('node', job);
    const own = await measure('own', job);
    console.log(
      `${job.name.padEnd(32)} own ${own.toFixed(0).padStart(7)}  node:http2 ${node.toFixed(0).padStart(7)}  ratio ${(own / node).toFixed(2)}`,
    );
  }
}
