// Requests of HTTP/2 that would be two, or another one, where their fields were copied into HTTP/1 as they are (proxy hardening A 15).
import { type Pairs, END_STREAM, data, headers, hello } from '../../fakes/http2-frames.ts';

const AUTHORITY = 'localhost:8080';
const head = (path: string, method = 'POST'): Pairs => [
  [':method', method],
  [':scheme', 'http'],
  [':authority', AUTHORITY],
  [':path', path],
];
const INJECTED = 'x\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n';

/** What goes into each place that HTTP/1 writes as text. */
const TEXTS = ['\r\n', '\n', '\r', '\0', ' ', '\t', ':', '\x7f', '\xff', INJECTED, ' HTTP/1.1\r\nHost: x\r\n\r\nGET /smuggled'];

/** Fields that frame, or name a place, in HTTP/1. */
const FIELDS: Pairs = [
  ['transfer-encoding', 'chunked'],
  ['Transfer-Encoding', 'chunked'],
  ['transfer-encoding ', 'chunked'],
  ['transfer_encoding', 'chunked'],
  ['content-length', '0'],
  ['content-length', '4'],
  ['content-length', '4,4'],
  ['content-length', '+38'],
  ['content-length', '1'],
  ['connection', 'close'],
  ['connection', 'x-request-id'],
  ['proxy-connection', 'keep-alive'],
  ['keep-alive', 'timeout=5'],
  ['upgrade', 'h2c'],
  ['te', 'gzip'],
  ['te', 'trailers'],
  ['host', 'other'],
  ['host', AUTHORITY],
  [':path', '/smuggled'],
  [':method', 'GET'],
  [':authority', 'other'],
  [':scheme', 'ftp'],
  [':unknown', 'x'],
  ['', 'x'],
  ['x-original-url', '/smuggled'],
  ['trailer', 'content-length'],
  ['expect', '100-continue'],
];

const PATHS = [
  '',
  '*',
  'smuggled',
  'http://x/smuggled',
  '/x/../smuggled',
  '/x/%2e%2e/smuggled',
  '/x\\..\\smuggled',
  '/smuggled#',
  '//smuggled',
];
const METHODS = ['', 'get', 'CONNECT', 'POST /smuggled HTTP/1.1\r\n', 'GE T', 'TRACE', 'PRI'];
/** Bodies: what an HTTP/1 reader could take for the end and a second request. */
const BODIES = [
  '',
  '0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n',
  'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n',
  '5\r\nhello\r\n0\r\n\r\n',
];

export interface FrameRow {
  readonly id: string;
  readonly bytes: Buffer;
}

function request(pairs: Pairs, body: string): Buffer {
  const whole = body === '' ? headers(1, pairs) : Buffer.concat([headers(1, pairs, 0), data(1, body, END_STREAM)]);
  return Buffer.concat([hello(), whole]);
}

/** @param lines header lines of HTTP/1, one character a byte, that are sent as fields too */
export function frameRows(lines: readonly { readonly id: string; readonly lines: string }[]): FrameRow[] {
  const rows: FrameRow[] = [];
  const add = (id: string, pairs: Pairs, body = BODIES[1]!): void => void rows.push({ id, bytes: request(pairs, body) });
  for (const [i, text] of TEXTS.entries()) {
    add(`name ${i}`, [...head('/x'), [`x-a${text}b`, '1']]);
    add(`value ${i}`, [...head('/x'), ['x-a', `1${text}2`]]);
    add(`value begins ${i}`, [...head('/x'), ['x-a', `${text}2`]]);
    add(`path ${i}`, head(`/x${text}y`));
    add(`method ${i}`, head('/x', `POST${text}`));
    add(`authority ${i}`, head('/x').with(2, [':authority', `a${text}b`]));
    add(`cookie ${i}`, [...head('/x'), ['cookie', 'a=1'], ['cookie', text]]);
  }
  for (const [i, field] of FIELDS.entries())
    for (const [j, body] of BODIES.entries()) {
      add(`field ${i} ${field[0]} body ${j}`, [...head('/x'), field], body);
      add(`field first ${i} ${field[0]} body ${j}`, [field, ...head('/x')], body);
    }
  for (const path of PATHS) add(`path ${path}`, head(path));
  for (const method of METHODS)
    for (const [j, body] of BODIES.entries()) add(`method ${method} body ${j}`, head('/x', method), body);
  for (const without of [0, 1, 2, 3]) add(`without ${head('/x')[without]![0]}`, head('/x').toSpliced(without, 1));
  for (const { id, lines: text } of lines) {
    const fields: Pairs = text.split('\r\n').map((line) => {
      const at = line.indexOf(':');
      return at === -1 ? [line, ''] : [line.slice(0, at), line.slice(at + 1).replace(/^ /, '')];
    });
    add(`${id} as fields`, [...head('/x'), ...fields]);
    add(`${id} in lower case`, [...head('/x'), ...fields.map(([name, value]) => [name.toLowerCase(), value] as const)]);
  }
  const trailer = (pairs: Pairs): Buffer =>
    Buffer.concat([hello(), headers(1, head('/x'), 0), data(1, 'hello'), headers(1, pairs)]);
  for (const [i, field] of FIELDS.entries()) rows.push({ id: `trailer ${i} ${field[0]}`, bytes: trailer([field]) });
  return rows;
}
