// HTTP/2 at the level of bytes, for everything that no well-behaved library would send; and what was answered, one line a frame.
import { codeName } from '#wire/http2/constants.ts';
import { HpackDecoder } from '#wire/http2/hpack-decoder.ts';
import { PREFACE } from '#wire/http2/preface.ts';

export const TYPE = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9,
} as const;

export const END_STREAM = 1;
export const END_HEADERS = 4;
export const PADDED = 8;

/** One frame. @param payload bytes, or latin1 text */
export function frame(type: number, flags: number, streamId: number, payload: Buffer | string = ''): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload;
  const head = Buffer.alloc(9);
  head.writeUIntBE(bytes.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, bytes]);
}

const word = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

export function settings(...pairs: readonly (readonly [id: number, value: number])[]): Buffer {
  const bytes = Buffer.alloc(pairs.length * 6);
  pairs.forEach(([id, value], i) => {
    bytes.writeUInt16BE(id, i * 6);
    bytes.writeUInt32BE(value, i * 6 + 2);
  });
  return frame(TYPE.settings, 0, 0, bytes);
}
export const reset = (streamId: number, code = 8): Buffer => frame(TYPE.reset, 0, streamId, word(code));
export const windowUpdate = (streamId: number, increment: number): Buffer => frame(TYPE.window, 0, streamId, word(increment));
export const goaway = (lastStreamId: number, code = 0): Buffer =>
  frame(TYPE.goaway, 0, 0, Buffer.concat([word(lastStreamId), word(code)]));
export const ping = (flags = 0): Buffer => frame(TYPE.ping, flags, 0, '12345678');
export const data = (streamId: number, text: Buffer | string, flags = 0): Buffer => frame(TYPE.data, flags, streamId, text);

/** How a client begins. */
export const hello = (...pairs: readonly (readonly [id: number, value: number])[]): Buffer =>
  Buffer.concat([PREFACE, settings(...pairs)]);

export type Pairs = readonly (readonly [name: string, value: string])[];

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  if (bytes.length < 127) return Buffer.concat([Buffer.of(bytes.length), bytes]);
  const rest = bytes.length - 127;
  const length =
    rest < 128
      ? [rest]
      : rest < 16_384
        ? [(rest & 127) | 128, rest >> 7]
        : [(rest & 127) | 128, ((rest >> 7) & 127) | 128, rest >> 14];
  return Buffer.concat([Buffer.of(127, ...length), bytes]);
}

/** A header block of plain literals that touch no table. */
export const block = (pairs: Pairs): Buffer =>
  Buffer.concat(pairs.flatMap(([name, value]) => [Buffer.of(0), literal(name), literal(value)]));

const FRAME_BYTES = 16_384;

/** The frames of a header block: one, or more when it is longer than a frame. */
export function headers(streamId: number, pairs: Pairs, flags = END_STREAM): Buffer {
  const whole = block(pairs);
  const frames: Buffer[] = [];
  for (let at = 0; at === 0 || at < whole.length; at += FRAME_BYTES) {
    const last = at + FRAME_BYTES >= whole.length ? END_HEADERS : 0;
    const part = whole.subarray(at, at + FRAME_BYTES);
    frames.push(frame(at === 0 ? TYPE.headers : TYPE.continuation, last | (at === 0 ? flags : 0), streamId, part));
  }
  return Buffer.concat(frames);
}

export const GET: Pairs = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':authority', 'a'],
  [':path', '/'],
];
export const POST: Pairs = [[':method', 'POST'], ...GET.slice(1)];

/** A request without a body. */
export const get = (streamId: number, ...more: Pairs): Buffer => headers(streamId, [...GET, ...more]);
/** The head of a request with one. */
export const post = (streamId: number, ...more: Pairs): Buffer => headers(streamId, [...POST, ...more], 0);

export interface Seen {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

/** Cuts what was written (latin1) into frames. */
export function framesOf(text: string): Seen[] {
  let bytes = Buffer.from(text, 'latin1');
  if (bytes.subarray(0, PREFACE.length).equals(PREFACE)) bytes = bytes.subarray(PREFACE.length);
  const frames: Seen[] = [];
  while (bytes.length >= 9) {
    const end = 9 + bytes.readUIntBE(0, 3);
    if (bytes.length < end) throw new Error('half a frame was written');
    frames.push({ type: bytes[3]!, flags: bytes[4]!, streamId: bytes.readUInt32BE(5), payload: bytes.subarray(9, end) });
    bytes = bytes.subarray(end);
  }
  return frames;
}

/** Settings, acknowledgements and window updates are left out: only what answers something is told, one line a frame. */
export function told(text: string): string[] {
  const decoder = new HpackDecoder(4096);
  const lines: string[] = [];
  let open: Buffer[] = [];
  let openEnd = '';
  for (const { type, flags, streamId, payload } of framesOf(text)) {
    const end = (flags & END_STREAM) === 0 ? '' : ' end';
    if (type === TYPE.headers || type === TYPE.continuation) {
      open.push(payload);
      if (type === TYPE.headers) openEnd = end;
      if ((flags & END_HEADERS) === 0) continue;
      const whole = Buffer.concat(open);
      open = [];
      const fields: string[] = [];
      if (
        decoder.decode(
          whole,
          0,
          whole.length,
          {
            field: ({ name, value }) => void (name !== 'date' && fields.push(`${name}=${value}`)),
          },
          2 ** 20,
        ) !== 0
      )
        throw new Error('a block that cannot be read was written');
      lines.push(`HEADERS ${streamId} ${fields.join(' ')}${openEnd}`);
    } else if (type === TYPE.data) lines.push(`DATA ${streamId} ${payload.toString('latin1')}${end}`);
    else if (type === TYPE.reset) lines.push(`RST_STREAM ${streamId} ${codeName(payload.readUInt32BE(0))}`);
    else if (type === TYPE.goaway) lines.push(`GOAWAY ${payload.readUInt32BE(0)} ${codeName(payload.readUInt32BE(4))}`);
    else if (type === TYPE.ping && flags === 1) lines.push('PONG');
  }
  return lines;
}
