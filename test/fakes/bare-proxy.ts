// The codec alone as a proxy: what the wire can do before policy and telemetry cost anything.
import type { Socket } from 'node:net';
import { DEFAULT_LIMITS, type Limits } from '#model/platform.ts';
import { Http1Pool } from '#wire/http1/client.ts';
import { serveHttp1 } from '#wire/http1/server.ts';
import type { UpstreamCallbacks, UpstreamError, UpstreamPool, UpstreamRequest } from '#wire/upstream-types.ts';
import { machineNetwork } from '#wire/network.ts';
import { passOn } from '#wire/passing.ts';
import { TimerWheel } from '#wire/timers.ts';
import type {
  AnswerObserver,
  AnswerSink,
  BodyReader,
  BodySink,
  ConnectionInfo,
  HeaderInput,
  HeaderList,
  ServedConnection,
  HttpRequest,
  HttpResponder,
} from '#wire/types.ts';

export const BARE_LIMITS: Limits = {
  ...DEFAULT_LIMITS,
  requestsPerConnectionMax: Number.MAX_SAFE_INTEGER,
  bodyBytesMax: 2 ** 40,
};

export const machineTimers = (): TimerWheel => new TimerWheel({ nowMs: () => Date.now(), monotonicMs: () => performance.now() });

/** Fields that end at this hop (RFC 9110 section 7.6.1), and Host, which is written from the authority. */
const HOP = new Set([
  'host',
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
  'expect',
]);

/** The fields to pass on, as names and values in turn. */
function forwarded(headers: HeaderList, flat: string[] = []): string[] {
  for (let i = 0; i < headers.length; i++) if (!HOP.has(headers.name(i))) flat.push(headers.rawName(i), headers.value(i));
  return flat;
}

class Forward implements UpstreamCallbacks, BodySink, AnswerObserver {
  readonly #responder: HttpResponder;
  readonly #request: UpstreamRequest;
  #sink: AnswerSink | undefined;

  constructor(request: HttpRequest, responder: HttpResponder, pool: UpstreamPool) {
    this.#responder = responder;
    responder.observer = this;
    this.#request = pool.request(
      {
        method: request.method,
        target: request.path,
        headers: forwarded(request.headers, ['host', request.authority]),
        bodyKind: request.body.kind,
        length: request.body.length,
      },
      request.body,
      this,
    );
  }

  onHead(status: number, headers: HeaderList, body: BodyReader): void {
    this.#sink = this.#responder.head(status, forwarded(headers), body.length);
    this.#sink.source = body;
    body.pipe(this);
  }

  answerSent(): void {}

  answerLost(): void {
    this.#request.abort('the client went away');
  }

  onError(error: UpstreamError): void {
    this.#responder.send(error.kind === 'timeout' ? 504 : 502, [], `${error.kind}\n`);
  }

  write(chunk: Buffer): boolean {
    return this.#sink!.write(chunk);
  }

  pass(view: Buffer): number {
    return passOn(this.#sink!, view);
  }

  end(trailers?: HeaderInput): void {
    this.#sink!.end(trailers);
  }

  abort(reason: string): void {
    this.#sink!.abort(reason);
  }
}

/** Serves `socket` and forwards every request to `pool`. @param serve the protocol, HTTP/1 unless said otherwise */
export function forwardAll(
  socket: Socket,
  pool: UpstreamPool,
  timers: TimerWheel,
  tls?: ConnectionInfo['tls'],
  serve: typeof serveHttp1 = serveHttp1,
): ServedConnection {
  return serve(socket, { limits: BARE_LIMITS, timers, ...(tls && { tls }) }, (request, responder) => {
    // HTTP/1.0 may come without an authority; a request of HTTP/1.1 needs one.
    if (request.authority === '') responder.send(400, [], '');
    else void new Forward(request, responder, pool);
  });
}

/** A whole proxy on a free loopback port in front of `127.0.0.1:upstreamPort`. */
export async function bareProxy(
  upstreamPort: number,
  listenPort = 0,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const network = machineNetwork({ connectionsMax: 10_000 });
  const timers = machineTimers();
  const connect = (): Promise<Socket> => network.connect({ ip: '127.0.0.1', port: upstreamPort }, BARE_LIMITS.connectTimeoutMs);
  const pool = new Http1Pool({ connect, limits: BARE_LIMITS, timers, name: 'upstream' });
  const served = new Set<ServedConnection>();
  const listener = await network.listen({ ip: '127.0.0.1', port: listenPort }, (socket) => {
    const connection = forwardAll(socket, pool, timers);
    served.add(connection);
    socket.once('close', () => served.delete(connection));
  });
  return {
    port: listener.port,
    close: async () => {
      await listener.close();
      for (const connection of served) connection.destroy();
      pool.destroy();
      timers.stop();
    },
  };
}
