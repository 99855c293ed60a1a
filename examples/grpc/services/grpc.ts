// gRPC over node:http2, as little of it as two services need: length-prefixed messages (JSON here, `application/grpc+json`), trailers with a status.
import { connect, createServer, type ClientHttp2Session, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';

const MESSAGE_BYTES_MAX = 64 * 1024;
const CONTENT_TYPE = 'application/grpc+json';

export const OK = 0;
export const INVALID_ARGUMENT = 3;
export const UNIMPLEMENTED = 12;

export interface Outcome {
  /** gRPC's status code. */
  readonly status: number;
  readonly message: string;
  readonly replies: readonly unknown[];
  /** `x-cullis-decision-id`, when a proxy refused. */
  readonly decision: string;
}

function frame(value: unknown): Buffer {
  const message = Buffer.from(JSON.stringify(value));
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** Cuts a stream of bytes into messages. */
class Messages {
  #bytes: Buffer = Buffer.alloc(0);

  /** @throws Error when a message is too long or compressed */
  take(chunk: Buffer): unknown[] {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    const found: unknown[] = [];
    while (this.#bytes.length >= 5) {
      const size = this.#bytes.readUInt32BE(1);
      if (this.#bytes[0] !== 0 || size > MESSAGE_BYTES_MAX) throw new Error('a message that cannot be read');
      if (this.#bytes.length < 5 + size) break;
      found.push(JSON.parse(this.#bytes.toString('utf8', 5, 5 + size)));
      this.#bytes = this.#bytes.subarray(5 + size);
    }
    return found;
  }
}

/** One method: gets each message, and says messages; the call ends with `finish`. */
export type Method = (
  call: { say(value: unknown): void; finish(status: number, message?: string): void; readonly headers: IncomingHttpHeaders },
  onMessage: (handler: (value: unknown) => void) => void,
  onEnd: (handler: () => void) => void,
) => void;

/** Serves methods by their path, `/package.Service/Method`. */
export function serve(port: number, methods: Readonly<Record<string, Method>>): void {
  const server = createServer();
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on('error', () => {});
    const method = methods[headers[':path'] ?? ''];
    if (!method) {
      stream.respond(
        { ':status': 200, 'content-type': CONTENT_TYPE, 'grpc-status': UNIMPLEMENTED, 'grpc-message': 'no such method' },
        { endStream: true },
      );
      return;
    }
    let trailers = { 'grpc-status': String(OK), 'grpc-message': '' };
    stream.respond({ ':status': 200, 'content-type': CONTENT_TYPE }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    const messages = new Messages();
    let handle: (value: unknown) => void = () => {};
    let ended = (): void => {};
    const call = {
      headers,
      say: (value: unknown) => void stream.write(frame(value)),
      finish: (status: number, message = '') => {
        trailers = { 'grpc-status': String(status), 'grpc-message': encodeURIComponent(message) };
        stream.end();
      },
    };
    method(
      call,
      (handler) => (handle = handler),
      (handler) => (ended = handler),
    );
    stream.on('data', (chunk: Buffer) => {
      try {
        for (const message of messages.take(chunk)) handle(message);
      } catch (error) {
        call.finish(INVALID_ARGUMENT, String(error));
      }
    });
    stream.on('end', () => ended());
  });
  server.listen(port, process.env['HOST'] ?? '127.0.0.1');
  process.once('SIGTERM', () => process.exit(0));
}

const sessions = new Map<string, ClientHttp2Session>();

function sessionTo(address: string): ClientHttp2Session {
  let session = sessions.get(address);
  if (!session || session.closed || session.destroyed) {
    session = connect(`http://${address}`);
    session.on('error', () => {});
    session.unref();
    sessions.set(address, session);
  }
  return session;
}

/** Calls a method with messages, one after the other. @param timeoutMs deadline, sent along as `grpc-timeout` */
export function call(address: string, path: string, messages: readonly unknown[], timeoutMs = 5000): Promise<Outcome> {
  return new Promise((resolve) => {
    const stream = sessionTo(address).request({
      ':method': 'POST',
      ':path': path,
      'content-type': CONTENT_TYPE,
      te: 'trailers',
      'grpc-timeout': `${timeoutMs}m`,
    });
    const read = new Messages();
    const replies: unknown[] = [];
    let fields: IncomingHttpHeaders = {};
    stream.on('response', (headers) => (fields = { ...headers }));
    stream.on('trailers', (trailers) => (fields = { ...fields, ...trailers }));
    stream.on('data', (chunk: Buffer) => replies.push(...read.take(chunk)));
    stream.on('error', () => {});
    stream.on('close', () =>
      resolve({
        status: Number(fields['grpc-status'] ?? 14),
        message: decodeURIComponent(String(fields['grpc-message'] ?? 'no answer')),
        replies,
        decision: String(fields['x-cullis-decision-id'] ?? ''),
      }),
    );
    for (const message of messages) stream.write(frame(message));
    stream.end();
  });
}
