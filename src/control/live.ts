import type { ServerResponse } from 'node:http';
import type { StatusResponse } from '#api/control.ts';
import { SECURITY_HEADERS } from './answer.ts';

const STREAMS_MAX = 32;
const EVERY_MS = 1000;
const HEARTBEAT_TICKS = 15;
const UNSENT_BYTES_MAX = 4 * 1024 * 1024;
/** Change by themselves each second and say nothing new. */
const RESTLESS: readonly (keyof StatusResponse)[] = ['uptimeMs', 'timeMs'];

interface Stream {
  readonly response: ServerResponse;
  readonly mayStay: () => boolean;
}

/**
 * The page's live feed (server-sent events): `status` with the whole status first, then each second a `delta` with the members that changed.
 * The status is put together once a second for all streams, and not at all while there are none.
 */
export class LiveFeed {
  readonly #status: () => StatusResponse;
  readonly #everyMs: number;
  readonly #streams = new Set<Stream>();
  #sent = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;
  #ticks = 0;

  constructor(status: () => StatusResponse, everyMs = EVERY_MS) {
    this.#status = status;
    this.#everyMs = everyMs;
  }

  /** @param mayStay asked each second, so that a stream ends with its token @returns false when there are too many streams */
  add(response: ServerResponse, mayStay: () => boolean): boolean {
    if (this.#streams.size >= STREAMS_MAX) return false;
    response.writeHead(200, {
      ...SECURITY_HEADERS,
      'content-type': 'text/event-stream; charset=utf-8',
      'x-accel-buffering': 'no',
    });
    const members = this.#members();
    if (this.#streams.size === 0) this.#sent = members;
    const stream = { response, mayStay };
    this.#streams.add(stream);
    response.on('close', () => {
      this.#streams.delete(stream);
      if (this.#streams.size === 0) this.#stop();
    });
    write(response, 'status', members);
    this.#timer ??= setInterval(() => this.tick(), this.#everyMs).unref();
    return true;
  }

  tick(): void {
    this.#ticks++;
    const members = this.#members();
    const changed = new Map([...members].filter(([key, text]) => this.#sent.get(key) !== text));
    const news = [...changed.keys()].some((key) => !RESTLESS.includes(key as keyof StatusResponse));
    for (const { response, mayStay } of this.#streams) {
      if (!mayStay()) response.end();
      // A reader that does not read must not hold memory here; it connects again.
      else if (response.writableLength > UNSENT_BYTES_MAX) response.destroy();
      else if (news) write(response, 'delta', changed);
      else if (this.#ticks % HEARTBEAT_TICKS === 0) response.write(':\n\n');
    }
    if (news) this.#sent = members;
  }

  close(): void {
    for (const { response } of this.#streams) response.destroy();
    this.#streams.clear();
    this.#stop();
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #members(): Map<string, string> {
    return new Map(Object.entries(this.#status()).map(([key, value]) => [key, JSON.stringify(value)]));
  }
}

/** JSON has no line ends in it, so one data line is enough. */
function write(response: ServerResponse, event: string, members: ReadonlyMap<string, string>): void {
  const body = [...members].map(([key, text]) => `${JSON.stringify(key)}:${text}`).join(',');
  response.write(`event: ${event}\ndata: {${body}}\n\n`);
}
