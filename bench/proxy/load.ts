// One measurement: wrk against a contender, with what the contender's process cost meanwhile.
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { LOAD_CORE, PIN, type Stand, usageOf } from './stand.ts';

export interface Measured {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly errors: number;
  /** Processor time of the contender per request: comparable also where the load was the bottleneck. */
  readonly cpuUsPerRequest: number;
  readonly rssMiB: number;
}

const WARM_UP_SECONDS = 3;

export interface Load {
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
}

/** Waits until the port accepts. @throws Error after five seconds */
export async function awaitPort(port: number): Promise<void> {
  for (const until = performance.now() + 5000; performance.now() < until;) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
      socket.once('close', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing listens on port ${port}`);
}

/** Until a compiler that works beside the load has nothing left to do. */
export async function warmUp(stand: Stand, load: Load): Promise<void> {
  await wrk(stand, { ...load, seconds: WARM_UP_SECONDS });
}

/** @param pid process whose cost is counted */
export async function measure(stand: Stand, pid: number, load: Load): Promise<Measured> {
  const before = usageOf(pid);
  const text = await wrk(stand, load);
  const after = usageOf(pid);
  const requests = Number(/(\d+) requests in/.exec(text)?.[1] ?? 0);
  const failures = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text)?.slice(1).map(Number) ?? [];
  return {
    requestsPerSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1] ?? 0),
    p50Ms: milliseconds(/ 50%\s+(\S+)/.exec(text)?.[1]),
    p99Ms: milliseconds(/ 99%\s+(\S+)/.exec(text)?.[1]),
    errors: failures.reduce((sum, count) => sum + count, 0) + Number(/Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? 0),
    cpuUsPerRequest: requests === 0 ? 0 : ((after.cpuMs - before.cpuMs) * 1000) / requests,
    rssMiB: after.rssMiB,
  };
}

function milliseconds(text: string | undefined): number {
  const [, value, unit] = /^([\d.]+)(us|ms|s)$/.exec(text ?? '') ?? [];
  return value === undefined ? Number.NaN : Number(value) * (unit === 'us' ? 0.001 : unit === 's' ? 1000 : 1);
}

/** One run of wrk, and what it printed. @throws (rejects) Error when it fails */
export function wrk(stand: Stand, { port, connections, seconds }: Load): Promise<string> {
  return new Promise((resolve, reject) => {
    const args = [
      '-c',
      String(LOAD_CORE),
      'wrk',
      '-t1',
      `-c${connections}`,
      `-d${seconds}s`,
      '--latency',
      `http://127.0.0.1:${port}/cart?id=42`,
    ];
    const child = spawn(PIN, args, { cwd: stand.folder, stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve(text) : reject(new Error(`wrk ended with ${code}`))));
  });
}
