// A load that keeps its pace whatever the server does: each request has its time, and its latency counts from then, so a server that stalls
// cannot hide it by slowing its clients (coordinated omission). Arguments: port, requests a second, seconds, connections. Prints JSON.
import { connect, type Socket } from 'node:net';

const [port, rate, seconds, connections] = process.argv.slice(2).map(Number) as [number, number, number, number];
const WARM_UP_MS = 1000;
const REQUEST = Buffer.from('GET /cart?id=42 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
const latencies: number[] = [];
let errors = 0;

interface Lane {
  readonly socket: Socket;
  dueMs: number;
  text: string;
}
const free: Lane[] = [];
const due: number[] = [];

function give(lane: Lane, dueMs: number): void {
  lane.dueMs = dueMs;
  lane.text = '';
  lane.socket.write(REQUEST);
}

function answered(lane: Lane, startMs: number): void {
  if (lane.dueMs - startMs > WARM_UP_MS) latencies.push(performance.now() - lane.dueMs);
  const next = due.shift();
  if (next === undefined) free.push(lane);
  else give(lane, next);
}

/** Small answers with a length, as the bench's origin gives them. */
function complete(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = Number(/content-length: (\d+)/i.exec(text.slice(0, end))?.[1] ?? 0);
  return text.length >= end + 4 + length;
}

const startMs = performance.now();
await Promise.all(
  Array.from(
    { length: connections },
    () =>
      new Promise<void>((resolve, reject) => {
        const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => {
          free.push(lane);
          resolve();
        });
        const lane: Lane = { socket, dueMs: 0, text: '' };
        socket.setEncoding('latin1');
        socket.on('data', (chunk: string) => {
          lane.text += chunk;
          if (!complete(lane.text)) return;
          if (!lane.text.startsWith('HTTP/1.1 200')) errors++;
          answered(lane, startMs);
        });
        socket.on('error', (error) => {
          errors++;
          reject(error);
        });
      }),
  ),
);

let sent = 0;
const total = rate * (seconds + WARM_UP_MS / 1000);
await new Promise<void>((resolve) => {
  const beginMs = performance.now();
  const tick = (): void => {
    const nowMs = performance.now();
    for (const target = Math.min(total, ((nowMs - beginMs) / 1000) * rate); sent < target; sent++) {
      const dueMs = beginMs + (sent / rate) * 1000;
      const lane = free.pop();
      if (lane) give(lane, dueMs);
      else due.push(dueMs);
    }
    if (sent >= total) resolve();
    // A timer would tick once a millisecond, which would itself be the latency that is measured.
    else setImmediate(tick);
  };
  tick();
});
await new Promise((resolve) => setTimeout(resolve, 300));
// What has no answer by now counts, too.
errors += due.length + (connections - free.length);
latencies.sort((a, b) => a - b);
const at = (share: number): number =>
  latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? Number.NaN;
process.stdout.write(JSON.stringify({ count: latencies.length, p50Ms: at(0.5), p99Ms: at(0.99), p999Ms: at(0.999), errors }));
process.exit(0);
