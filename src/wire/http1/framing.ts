// How long a message's body is (RFC 9112 section 6), and the options of its Connection header.
import type { FieldScanner } from './fields.ts';
import type { RefusalKind } from './refusals.ts';

/** Digits of the largest length a number holds exactly, less one. */
const LENGTH_DIGITS_MAX = 15;

/** Body length by the framing fields: bytes, or one of the negative marks. */
export const CHUNKED = -1;
/** Neither field is there. */
export const UNFRAMED = -2;

/**
 * Reads Content-Length and Transfer-Encoding more strictly than RFC 9112 section 6 asks: every form that two servers might read
 * differently is refused (proxy hardening A 1-5).
 * @param old the message is HTTP/1.0
 * @returns a length in bytes, CHUNKED, UNFRAMED, or the rule that was broken
 */
export function readFraming(scanner: FieldScanner, bytes: Buffer, base: number, old: boolean): number | RefusalKind {
  if (scanner.transferEncodings > 0) {
    if (old) return 'transfer-encoding-old';
    if (scanner.contentLengths > 0) return 'length-conflict';
    if (scanner.transferEncodings > 1) return 'transfer-encoding';
    return readTransferEncoding(scanner, bytes, base);
  }
  if (scanner.contentLengths === 0) return UNFRAMED;
  if (scanner.contentLengths > 1) return 'content-length-many';
  const index = scanner.contentLength;
  if (!scanner.isPlainlySpaced(bytes, base, index)) return 'content-length';
  const start = base + scanner.valueStart(index);
  const end = base + scanner.valueEnd(index);
  const digits = end - start;
  if (digits === 0 || digits > LENGTH_DIGITS_MAX || (digits > 1 && bytes[start] === 0x30)) return 'content-length';
  let length = 0;
  for (let i = start; i < end; i++) {
    const digit = bytes[i]! - 0x30;
    if (digit < 0 || digit > 9) return 'content-length';
    length = length * 10 + digit;
  }
  return length;
}

function readTransferEncoding(scanner: FieldScanner, bytes: Buffer, base: number): number | RefusalKind {
  const index = scanner.transferEncoding;
  if (!scanner.isPlainlySpaced(bytes, base, index)) return 'transfer-encoding';
  const value = bytes.toString('latin1', base + scanner.valueStart(index), base + scanner.valueEnd(index)).toLowerCase();
  if (value === 'chunked') return CHUNKED;
  // A single foreign coding, or one below chunked, is well formed but not offered (RFC 9112 section 6.1); all else is a trick.
  return /^[a-z][a-z0-9-]*(?:, chunked)?$/.test(value) && !value.startsWith('chunked')
    ? 'transfer-encoding-unknown'
    : 'transfer-encoding';
}

/** Options of the Connection fields that the codec acts on. */
export interface ConnectionOptions {
  readonly close: boolean;
  readonly keepAlive: boolean;
  readonly upgrade: boolean;
}

const NONE: ConnectionOptions = { close: false, keepAlive: false, upgrade: false };
const KEEP: ConnectionOptions = { close: false, keepAlive: true, upgrade: false };
const CLOSE: ConnectionOptions = { close: true, keepAlive: false, upgrade: false };

/** Reads the Connection fields (RFC 9110 section 7.6.1); `close` wins over everything else. */
export function readConnection(scanner: FieldScanner, text: string): ConnectionOptions {
  if (scanner.connections === 0) return NONE;
  if (scanner.connections === 1) {
    const value = text.slice(scanner.valueStart(scanner.connection), scanner.valueEnd(scanner.connection));
    if (value === 'keep-alive') return KEEP;
    if (value === 'close') return CLOSE;
    return readOptions(value);
  }
  const values: string[] = [];
  for (let i = 0; i < scanner.count; i++) {
    if (scanner.isConnection(i)) values.push(text.slice(scanner.valueStart(i), scanner.valueEnd(i)));
  }
  return readOptions(values.join(','));
}

function readOptions(value: string): ConnectionOptions {
  const options = value
    .toLowerCase()
    .split(',')
    .map((option) => option.trim());
  return {
    close: options.includes('close'),
    keepAlive: options.includes('keep-alive'),
    upgrade: options.includes('upgrade'),
  };
}
