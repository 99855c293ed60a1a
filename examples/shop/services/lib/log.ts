// One JSON line per fact on stdout, and the same lines shipped to the logging service in small batches. Shipping never holds up a request:
// what does not fit in the queue is dropped and counted.
import { request as httpRequest } from 'node:http';
import { carriedHeaders } from './context.ts';

const QUEUE_MAX = 1_000;
const BATCH_MAX = 100;
const SHIP_EVERY_MS = 250;

type Level = 'info' | 'warning' | 'error';

const shipping: { name: string; queue: string[]; dropped: number; busy: boolean; timer: NodeJS.Timeout | undefined } = {
  name: '',
  queue: [],
  dropped: 0,
  busy: false,
  timer: undefined,
};

/** Writes a line; the request it belongs to is named by its id. */
export function log(level: Level, message: string, fields: Readonly<Record<string, string | number>> = {}): void {
  const requestId = carriedHeaders()['x-request-id'];
  const line = JSON.stringify({ time: new Date().toISOString(), level, message, ...(requestId ? { requestId } : {}), ...fields });
  process.stdout.write(`${line}\n`);
  if (!shipping.timer) return;
  if (shipping.queue.length < QUEUE_MAX) shipping.queue.push(line);
  else shipping.dropped++;
}

/** Begins to ship lines to `LOGGING_URL`; without that variable they stay on stdout. */
export function startShipping(name: string): void {
  const target = process.env['LOGGING_URL'];
  if (!target) return;
  shipping.name = name;
  const url = new URL('/ingest', target.includes('://') ? target : `http://${target}`);
  shipping.timer = setInterval(() => ship(url), SHIP_EVERY_MS);
  shipping.timer.unref();
}

export function stopShipping(): void {
  clearInterval(shipping.timer);
  shipping.timer = undefined;
}

function ship(url: URL): void {
  if (shipping.busy || shipping.queue.length === 0) return;
  shipping.busy = true;
  const lines = shipping.queue.splice(0, BATCH_MAX);
  const dropped = shipping.dropped;
  shipping.dropped = 0;
  const payload = JSON.stringify({ service: shipping.name, dropped, lines });
  const settle = (shipped: boolean): void => {
    shipping.busy = false;
    if (!shipped) shipping.dropped += lines.length + dropped;
  };
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) };
  const request = httpRequest(url, { method: 'POST', headers, timeout: 2_000 }, (response) => {
    response.resume();
    response.on('end', () => settle(response.statusCode === 202));
  });
  request.on('timeout', () => request.destroy(new Error('timeout')));
  request.on('error', () => settle(false));
  request.end(payload);
}
