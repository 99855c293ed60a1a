// A load that keeps its pace whatever the server does: each request has its time, and its latency counts from then, so a server that stalls
// cannot hide it by slowing its clients (coordinated omission). It makes next to no garbage: its own collections would count as the server's.
// Arguments: port, requests a second, seconds, connections. Prints JSON.
import { connect, type Socket } from 'node:net';

const [port, rate, seconds, connections] = process.argv.slice(2).map(Number) as [number, number, number, number];
const WARM_UP_MS = 1500;
const REQUEST = Buffer.from('GET /cart?id=42 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
const STATUS_OK = Buffer.from('HTTP/1.1 200');
const HEAD_END = Buffer.from('\r\n\r\n');
const LENGTH = /content-length: (\d+)/i;
const RESPONSE_MAX = 16 * 1024;

const total = Math.floor(rate * (seconds + WARM_UP_MS / 1000));
const firstCounted = Math.floor((rate * WARM_UP_MS) / 1000);
const latencies = new Float64Array(total - firstCounted);
let counted = 0;
let errors = 0;

class Lane {
  /** The request that waits here for its answer. */
  request = 0;
  readonly #memory = Buffer.allocUnsafeSlow(RESPONSE_MAX);
  #filled = 0;
  /** Where an answer ends when its head is as long as the last one. */
  #expected = 0;
  #headEnd = 0;
  readonly socket: Socket;

  constructor(onConnect: () => void, onError: (error: Error) => void) {
    this.socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: Buffer.allocUnsafeSlow(RESPONSE_MAX),
        callback: (length, buffer) => this.#received(length, buffer as Buffer),
      },
    });
    this.socket.once('connect', onConnect);
    this.socket.on('error', onError);
  }

  give(request: number): void {
    this.request = request;
    this.#filled = 0;
    this.socket.write(REQUEST);
  }

  #received(length: number, buffer: Buffer): boolean {
    buffer.copy(this.#memory, this.#filled, 0, length);
    this.#filled += length;
    if (this.#complete()) {
      if (this.#memory.compare(STATUS_OK, 0, STATUS_OK.length, 0, STATUS_OK.length) !== 0) errors++;
      answered(this);
    }
    return true;
  }

  /** Small answers with a length, as the bench's origin gives them. */
  #complete(): boolean {
    const end = this.#memory.indexOf(HEAD_END);
    if (end < 0 || end > this.#filled) return false;
    if (end !== this.#headEnd || this.#expected === 0) {
      this.#headEnd = end;
      this.#expected = end + HEAD_END.length + Number(LENGTH.exec(this.#memory.toString('latin1', 0, end))?.[1] ?? 0);
    }
    return this.#filled >= this.#expected;
  }
}

const free: Lane[] = [];
/** Requests whose time has come while no connection was free: from `waiting` up to `sent`. */
let waiting = 0;
let sent = 0;
let beginMs = 0;
const dueMs = (request: number): number => beginMs + (request / rate) * 1000;

function answered(lane: Lane): void {
  if (lane.request >= firstCounted) latencies[counted++] = performance.now() - dueMs(lane.request);
  if (waiting < sent) lane.give(waiting++);
  else free.push(lane);
}

await Promise.all(
  Array.from(
    { length: connections },
    () =>
      new Promise<void>((resolve, reject) => {
        const lane = new Lane(
          () => {
            free.push(lane);
            resolve();
          },
          (error) => {
            errors++;
            reject(error);
          },
        );
      }),
  ),
);

await new Promise<void>((resolve) => {
  beginMs = performance.now();
  const tick = (): void => {
    for (const nowMs = performance.now(); sent < total && dueMs(sent) <= nowMs; sent++)
      if (waiting === sent && free.length > 0) free.pop()!.give(waiting++);
    if (sent >= total) resolve();
    // A timer would tick once a millisecond, which would itself be the latency that is measured.
    else setImmediate(tick);
  };
  tick();
});
await new Promise((resolve) => setTimeout(resolve, 300));
// What has no answer by now counts, too.
errors += latencies.length - counted;
const sorted = latencies.subarray(0, counted).sort();
const at = (share: number): number => sorted[Math.min(counted - 1, Math.floor(counted * share))] ?? Number.NaN;
process.stdout.write(JSON.stringify({ count: counted, p50Ms: at(0.5), p99Ms: at(0.99), p999Ms: at(0.999), errors }));
process.exit(0);
