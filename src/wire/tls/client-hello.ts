// What a TLS client asks for, read from its first bytes without answering (RFC 8446 section 4.1.2).

const ALPN_EXTENSION = 16;
const CLIENT_HELLO = 1;

/**
 * Application protocols of a ClientHello (RFC 7301 section 3.1), in the client's order.
 * @param bytes what arrived first; a hello that is cut off there, or spread over several records, is not read
 * @returns an empty list when the client names none; undefined when the bytes are no whole ClientHello
 */
export function helloProtocols(bytes: Buffer): readonly string[] | undefined {
  try {
    return read(bytes);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Reads beyond the end throw RangeError, as Buffer does. */
function read(bytes: Buffer): readonly string[] | undefined {
  if (bytes.readUInt8(0) !== 22 || bytes.readUInt8(5) !== CLIENT_HELLO) return undefined;
  const end = 9 + bytes.readUIntBE(6, 3);
  // Record header, message header, version, random.
  let at = 5 + 4 + 2 + 32;
  if (end > bytes.length || end > 5 + bytes.readUInt16BE(3)) return undefined;
  at += 1 + bytes.readUInt8(at);
  at += 2 + bytes.readUInt16BE(at);
  at += 1 + bytes.readUInt8(at);
  if (at === end) return [];
  at += 2;
  while (at < end) {
    const type = bytes.readUInt16BE(at);
    const size = bytes.readUInt16BE(at + 2);
    at += 4;
    if (at + size > end) return undefined;
    if (type === ALPN_EXTENSION) return names(bytes.subarray(at + 2, at + size));
    at += size;
  }
  return [];
}

function names(list: Buffer): string[] {
  const found: string[] = [];
  for (let at = 0; at < list.length;) {
    const size = list.readUInt8(at);
    found.push(list.toString('latin1', at + 1, at + 1 + size));
    at += 1 + size;
  }
  return found;
}
