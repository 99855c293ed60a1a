// wrk as load for HTTP/1.
import type { Stand } from './stand.ts';

export interface Load {
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  readonly path?: string;
  readonly secure?: boolean;
  /** Posted with every request; 0 is a GET. */
  readonly upBytes?: number;
}

/** What a tool that makes load saw. */
export interface Answers {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly errors: number;
}

/** One run of wrk, and what it printed. @throws (rejects) Error when it fails */
export function wrk(
  stand: Stand,
  { port, connections, seconds, path = '/cart?id=42', secure = false, upBytes = 0 }: Load,
): Promise<string> {
  const script =
    upBytes === 0
      ? []
      : ['-s', stand.write(`up-${upBytes}.lua`, `wrk.method = "POST"\nwrk.body = string.rep("x", ${upBytes})\n`)];
  const url = `${secure ? 'https' : 'http'}://127.0.0.1:${port}${path}`;
  return stand.run('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', ...script, url]);
}

/** Reads what wrk printed. */
export function wrkAnswers(text: string): Answers {
  const failures = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text)?.slice(1).map(Number) ?? [];
  return {
    requests: Number(/(\d+) requests in/.exec(text)?.[1] ?? 0),
    requestsPerSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1] ?? 0),
    p50Ms: milliseconds(/ 50%\s+(\S+)/.exec(text)?.[1]),
    p99Ms: milliseconds(/ 99%\s+(\S+)/.exec(text)?.[1]),
    errors: failures.reduce((sum, count) => sum + count, 0) + Number(/Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? 0),
  };
}

function milliseconds(text: string | undefined): number {
  const [, value, unit] = /^([\d.]+)(us|ms|s)$/.exec(text ?? '') ?? [];
  return value === undefined ? Number.NaN : Number(value) * (unit === 'us' ? 0.001 : unit === 's' ? 1000 : 1);
}
