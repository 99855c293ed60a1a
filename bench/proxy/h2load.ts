// h2load (nghttp2) as load for HTTP/2 and gRPC.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Job } from './jobs.ts';
import { grpcMessage } from './origin.ts';
import type { Stand } from './stand.ts';
import type { Answers } from './wrk.ts';

/** Percentiles come from its log, which has a line for each request: start, status, microseconds. @throws (rejects) Error when it fails */
export async function h2load(stand: Stand, job: Job, port: number, seconds: number): Promise<Answers> {
  const log = join(stand.folder, 'h2load.log');
  rmSync(log, { force: true });
  const message = join(stand.folder, 'message');
  if (job.upBytes > 0) writeFileSync(message, grpcMessage(job.upBytes - 5));
  const fields = job.shape === 'grpc' ? ['-H', 'content-type: application/grpc', '-H', 'te: trailers'] : [];
  const posted = job.upBytes === 0 ? [] : ['-d', message];
  // Windows of a megabyte for each stream and four for the connection, as browsers have them.
  const windows = job.bodyBytes === 0 ? [] : ['-w20', '-W22'];
  const url = `${job.secure ? 'https' : 'http'}://127.0.0.1:${port}${job.path}`;
  const text = await stand.run('h2load', [
    `-c${job.connections}`,
    `-m${job.streams}`,
    `-D${seconds}`,
    `--log-file=${log}`,
    ...posted,
    ...fields,
    ...windows,
    url,
  ]);
  const [done = 0, failed = 0, errored = 0] =
    /(\d+) done, \d+ succeeded, (\d+) failed, (\d+) errored/.exec(text)?.slice(1).map(Number) ?? [];
  const good = Number(/status codes: (\d+) 2xx/.exec(text)?.[1] ?? 0);
  const times = readFileSync(log, 'latin1')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => Number(line.split('\t')[2]))
    .toSorted((a, b) => a - b);
  const at = (share: number): number => (times[Math.floor(times.length * share)] ?? Number.NaN) / 1000;
  // What is under way when the time is up is neither.
  return {
    requests: done,
    requestsPerSecond: done / seconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    errors: Math.max(failed - errored, done - good, 0),
  };
}
