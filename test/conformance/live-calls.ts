// The caller's side of live rows: one request in the row's protocol, and what became of it in the rows' own words.
import { once } from 'node:events';
import { connect } from 'node:net';
import { GRPC_REQUEST, grpcFrame, grpcMessages, grpcStatusIn, http2Call } from '../fakes/http2.ts';
import { SEEN } from './live-apps.ts';

export type LiveProtocol = 'http' | 'http2' | 'grpc' | 'tcp';
export type Metadata = Readonly<Record<string, string | undefined>>;

export interface LiveRequest {
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

export interface LiveOutcome {
  /** `allow`, `deny` (403, PERMISSION_DENIED, a closed connection), or another HTTP status; gRPC's are given as the status they stand for. */
  readonly verdict: 'allow' | 'deny' | number;
  /** Headers of the answer. */
  readonly headers: Metadata;
  /** Headers that reached the application, if it was reached. */
  readonly seen: Metadata;
}

/** Calls, and looks at what comes back. */
export async function liveCall(protocol: LiveProtocol, ip: string, port: number, request: LiveRequest): Promise<LiveOutcome> {
  switch (protocol) {
    case 'tcp':
      return { verdict: (await tcpEchoes(ip, port)) ? 'allow' : 'deny', headers: {}, seen: {} };
    case 'http': {
      const { status, headers } = await rawRequest(ip, port, request);
      return outcome(status, headers);
    }
    default:
      return protocol === 'http2' ? http2(ip, port, request) : grpc(ip, port, request);
  }
}

function outcome(status: number, headers: Metadata): LiveOutcome {
  const seen = headers[SEEN];
  return {
    verdict: status === 200 ? 'allow' : status === 403 ? 'deny' : status,
    headers,
    seen: seen === undefined ? {} : (JSON.parse(Buffer.from(seen, 'base64').toString()) as Metadata),
  };
}

const pseudo = ({ method = 'GET', path = '/', host = 'row' }: LiveRequest) => ({
  ':method': method,
  ':path': path,
  ':authority': host,
  ':scheme': 'http',
});

const lower = ({ headers = {} }: LiveRequest): Record<string, string | string[]> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), typeof value === 'string' ? value : [...value]]),
  );

async function http2(ip: string, port: number, request: LiveRequest): Promise<LiveOutcome> {
  const { status, headers } = await http2Call(port, { ...pseudo(request), ...lower(request) }, undefined, { ip });
  return outcome(status, headers as Metadata);
}

/** What a gRPC status says of the HTTP status that it stands for. */
const STANDS_FOR: Readonly<Record<number, number>> = { 0: 200, 7: 403, 16: 401, 12: 404, 13: 400, 14: 503 };

async function grpc(ip: string, port: number, request: LiveRequest): Promise<LiveOutcome> {
  const headers = { ...GRPC_REQUEST, ...pseudo(request), ...lower(request) };
  const answer = await http2Call(port, headers, grpcFrame(Buffer.from('ping')), { ip });
  const status = STANDS_FOR[grpcStatusIn(answer)] ?? 0;
  // An answer in gRPC's words is HTTP 200 whatever it says, and an echo without its message is none.
  const sound = answer.status === 200 && (status !== 200 || String(grpcMessages(answer.body)[0]) === 'ping');
  return outcome(sound ? status : 0, answer.headers as Metadata);
}

/** Sends one request as raw bytes. @returns status 0 when the connection ended without an answer */
export async function rawRequest(
  ip: string,
  port: number,
  request: LiveRequest,
): Promise<{ readonly status: number; readonly headers: Metadata; readonly body: string }> {
  const lines = [
    `${request.method ?? 'GET'} ${request.path ?? '/'} HTTP/1.1`,
    `Host: ${request.host ?? 'row'}`,
    'Connection: close',
  ];
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    for (const one of typeof value === 'string' ? [value] : value) lines.push(`${name}: ${one}`);
  }
  const text = await exchange(ip, port, `${lines.join('\r\n')}\r\n\r\n`, () => false);
  const at = text.indexOf('\r\n\r\n');
  const headers = Object.fromEntries(
    text
      .slice(0, Math.max(0, at))
      .split('\r\n')
      .slice(1)
      .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), headers, body: at < 0 ? '' : text.slice(at + 4) };
}

/** Whether a line comes back over TCP. */
async function tcpEchoes(ip: string, port: number): Promise<boolean> {
  return (await exchange(ip, port, 'ping\n', (text) => text.endsWith('\n'))) === 'ping\n';
}

async function exchange(ip: string, port: number, bytes: string, enough: (text: string) => boolean): Promise<string> {
  const socket = connect({ host: ip, port });
  socket.on('error', () => {});
  let text = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    text += chunk;
    if (enough(text)) socket.destroy();
  });
  const timer = setTimeout(() => socket.destroy(), 10_000);
  socket.write(bytes, 'latin1');
  await once(socket, 'close');
  clearTimeout(timer);
  return text;
}
