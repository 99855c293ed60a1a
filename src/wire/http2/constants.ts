// Numbers of RFC 9113: frame types, flags, error codes, settings.

export const DATA = 0;
export const HEADERS = 1;
export const PRIORITY = 2;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const PUSH_PROMISE = 5;
export const PING = 6;
export const GOAWAY = 7;
export const WINDOW_UPDATE = 8;
export const CONTINUATION = 9;

export const END_STREAM = 0x1;
export const ACK = 0x1;
export const END_HEADERS = 0x4;
export const PADDED = 0x8;
export const HAS_PRIORITY = 0x20;

/** Error codes (RFC 9113 section 7). */
export const NO_ERROR = 0;
export const PROTOCOL_ERROR = 1;
export const INTERNAL_ERROR = 2;
export const FLOW_CONTROL_ERROR = 3;
export const SETTINGS_TIMEOUT = 4;
export const STREAM_CLOSED = 5;
export const FRAME_SIZE_ERROR = 6;
export const REFUSED_STREAM = 7;
export const CANCEL = 8;
export const COMPRESSION_ERROR = 9;
export const CONNECT_ERROR = 10;
export const ENHANCE_YOUR_CALM = 11;

const CODE_NAMES = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
] as const;

/** Name of an error code for messages. */
export const codeName = (code: number): string => CODE_NAMES[code] ?? `error ${code}`;

/** Settings (RFC 9113 section 6.5.2, RFC 8441 section 3). */
export const HEADER_TABLE_SIZE = 1;
export const ENABLE_PUSH = 2;
export const MAX_CONCURRENT_STREAMS = 3;
export const INITIAL_WINDOW_SIZE = 4;
export const MAX_FRAME_SIZE = 5;
export const MAX_HEADER_LIST_SIZE = 6;
export const ENABLE_CONNECT_PROTOCOL = 8;

export const FRAME_HEAD_BYTES = 9;
/** Largest payload that we take, and the least that every peer takes. */
export const FRAME_BYTES_MAX = 16_384;
export const FRAME_BYTES_LIMIT = 0xff_ff_ff;
export const WINDOW_MAX = 0x7f_ff_ff_ff;
export const STREAM_ID_MAX = 0x7f_ff_ff_ff;
/** Window of a connection and of streams before anybody says otherwise. */
export const WINDOW_DEFAULT = 65_535;
export const TABLE_BYTES_DEFAULT = 4096;

/** Most that a peer may send on a stream before we say that it was read: what a reader gets that keeps up, however far away the sender is. */
export const STREAM_WINDOW_MAX = 1024 * 1024;
/** What the peer may send on all streams of a connection together: of a client, and of a destination, whose slow readers share a connection. */
export const SERVER_WINDOW_BYTES = 2 * 1024 * 1024;
export const CLIENT_WINDOW_BYTES = 8 * 1024 * 1024;
