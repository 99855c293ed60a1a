// What a TLS client asks for, read from its first bytes without answering (RFC 8446 section 4.1.2).

const SERVER_NAME_EXTENSION = 0;
const ALPN_EXTENSION = 16;
/** encrypted_client_hello (RFC 9849 section 5). */
const ECH_EXTENSION = 0xfe0d;
const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
/** A hello beyond this is nobody's: post-quantum key shares and all it has a few kilobytes. */
export const HELLO_BYTES_MAX = 16 * 1024;

/**
 * Application protocols of a ClientHello (RFC 7301 section 3.1), in the client's order.
 * @param bytes what arrived first; a hello that is cut off there, or spread over several records, is not read
 * @returns an empty list when the client names none; undefined when the bytes are no whole ClientHello
 */
export function helloProtocols(bytes: Buffer): readonly string[] | undefined {
  return guarded(() => {
    const hello = wholeHello(bytes.subarray(0, 5 + bytes.readUInt16BE(3)));
    if (!Buffer.isBuffer(hello)) return undefined;
    const list = extensions(hello)?.get(ALPN_EXTENSION);
    return list ? names(list.subarray(2)) : extensions(hello) && [];
  });
}

export type ServerName =
  /** Lower case; '' when the client names none. */
  | { readonly kind: 'name'; readonly name: string; /** The true name may be inside. */ readonly encrypted: boolean }
  | { readonly kind: 'incomplete' }
  /** No ClientHello, or one that breaks its rules. */
  | { readonly kind: 'invalid' };

/**
 * The server name of a ClientHello (RFC 6066 section 3), which may be spread over several records and reads.
 * @param bytes all that arrived so far
 */
export function helloServerName(bytes: Buffer): ServerName {
  const invalid: ServerName = { kind: 'invalid' };
  if (bytes.length > 0 && bytes[0] !== HANDSHAKE_RECORD) return invalid;
  const found = guarded((): ServerName => {
    const hello = wholeHello(bytes);
    if (hello === 'incomplete') return bytes.length > HELLO_BYTES_MAX ? invalid : { kind: 'incomplete' };
    const all = hello && extensions(hello);
    if (!all) return invalid;
    const list = all.get(SERVER_NAME_EXTENSION);
    const name = list === undefined ? '' : hostName(list);
    return name === undefined ? invalid : { kind: 'name', name, encrypted: all.has(ECH_EXTENSION) };
  });
  return found ?? invalid;
}

/** Reads beyond the end throw RangeError, as Buffer does. */
function guarded<T>(work: () => T | undefined): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The ClientHello's body, out of as many records as it takes (RFC 8446 section 5.1). */
function wholeHello(bytes: Buffer): Buffer | 'incomplete' | undefined {
  const parts: Buffer[] = [];
  let have = 0;
  for (let at = 0; at < bytes.length;) {
    if (bytes[at] !== HANDSHAKE_RECORD) return undefined;
    if (at + 5 > bytes.length) return 'incomplete';
    const size = bytes.readUInt16BE(at + 3);
    if (size === 0 || size > 16_384) return undefined;
    const part = bytes.subarray(at + 5, at + 5 + size);
    parts.push(part);
    have += part.length;
    at += 5 + size;
    if (have < 4) continue;
    const message = parts.length === 1 ? part : Buffer.concat(parts);
    if (message[0] !== CLIENT_HELLO) return undefined;
    const end = 4 + message.readUIntBE(1, 3);
    if (end > HELLO_BYTES_MAX) return undefined;
    if (have >= end) return message.subarray(4, end);
  }
  return 'incomplete';
}

/** Type -> content; undefined when it is malformed or one stands there twice. */
function extensions(hello: Buffer): Map<number, Buffer> | undefined {
  const found = new Map<number, Buffer>();
  // Version and random, session id, cipher suites, compression methods.
  let at = 2 + 32;
  at += 1 + hello.readUInt8(at);
  at += 2 + hello.readUInt16BE(at);
  at += 1 + hello.readUInt8(at);
  if (at === hello.length) return found;
  const end = at + 2 + hello.readUInt16BE(at);
  if (end !== hello.length) return undefined;
  at += 2;
  while (at < end) {
    const type = hello.readUInt16BE(at);
    const size = hello.readUInt16BE(at + 2);
    at += 4;
    if (at + size > end || found.has(type)) return undefined;
    found.set(type, hello.subarray(at, at + size));
    at += size;
  }
  return found;
}

/** One host name, as RFC 6066 allows; undefined for anything else. */
function hostName(list: Buffer): string | undefined {
  if (list.readUInt16BE(0) !== list.length - 2 || list.readUInt8(2) !== 0) return undefined;
  const size = list.readUInt16BE(3);
  if (size === 0 || 5 + size !== list.length) return undefined;
  const name = list.toString('latin1', 5).toLowerCase();
  return /^[a-z0-9_](?:[a-z0-9._-]{0,252})$/.test(name) ? name.replace(/\.$/, '') : undefined;
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
