// What a TLS client asks for, read from its first bytes without answering (RFC 8446 section 4.1.2).

const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const ALPN_EXTENSION = 16;
/** encrypted_client_hello (RFC 9849 section 5). */
const ECH_EXTENSION = 0xfe0d;
/** A hello with post-quantum key shares has about 2 KiB; OpenSSL takes no more than this either way. */
export const HELLO_BYTES_MAX = 16 * 1024;
/** A hello in crumbs: nobody needs more records for one. */
const RECORDS_MAX = 64;
/** RFC 6066 section 3: a DNS name in ASCII; nothing else can be looked up. */
const NAME = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,253}[A-Za-z0-9_])?\.?$/;

export interface ClientHello {
  /** Lower case, without a trailing dot; '' when the client names none. */
  readonly serverName: string;
  /** Application protocols (RFC 7301 section 3.1) in the client's order. */
  readonly protocols: readonly string[];
  /** The name that is meant may be another one, inside an encrypted hello. */
  readonly encrypted: boolean;
}

/**
 * Reads a ClientHello, also one that is spread over several records (RFC 8446 section 5.1).
 * @param bytes everything that arrived so far
 * @returns `more` while it is not whole; undefined when it never can be one, or is larger than anybody's
 */
export function readClientHello(bytes: Buffer): ClientHello | 'more' | undefined {
  const message = handshakeMessage(bytes);
  if (message === undefined || message === 'more') return message;
  try {
    return read(message);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Application protocols of a whole ClientHello, empty when it names none; undefined when the bytes are none or not all of one. */
export function helloProtocols(bytes: Buffer): readonly string[] | undefined {
  const hello = readClientHello(bytes);
  return typeof hello === 'object' ? hello.protocols : undefined;
}

/** The first handshake message, put together from its records. */
function handshakeMessage(bytes: Buffer): Buffer | 'more' | undefined {
  const parts: Buffer[] = [];
  let have = 0;
  let at = 0;
  for (let records = 0; records < RECORDS_MAX; records++) {
    if (at < bytes.length && bytes[at] !== HANDSHAKE) return undefined;
    if (at + 5 > bytes.length) return 'more';
    // The version in a record's header is 3.x whatever the version is.
    if (bytes[at + 1] !== 3) return undefined;
    const size = bytes.readUInt16BE(at + 3);
    // A handshake record is never empty (RFC 8446 section 5.1).
    if (size === 0 || size > HELLO_BYTES_MAX) return undefined;
    const part = bytes.subarray(at + 5, at + 5 + size);
    parts.push(part);
    have += part.length;
    at += 5 + size;
    const wanted = messageLength(parts, have);
    if (wanted === undefined) return undefined;
    if (wanted !== 0 && have >= wanted) return Buffer.concat(parts, have).subarray(4, wanted);
    if (at > bytes.length) return 'more';
  }
  return undefined;
}

/** Length of the message with its header, 0 while that has not arrived, undefined when it is no ClientHello of a bearable size. */
function messageLength(parts: readonly Buffer[], have: number): number | undefined {
  if (have > 0 && parts[0]![0] !== CLIENT_HELLO) return undefined;
  if (have < 4) return 0;
  const head = parts[0]!.length >= 4 ? parts[0]! : Buffer.concat(parts, have);
  const length = 4 + head.readUIntBE(1, 3);
  return length > HELLO_BYTES_MAX ? undefined : length;
}

/** Reads beyond the end throw RangeError, as Buffer does. */
function read(message: Buffer): ClientHello | undefined {
  const end = message.length;
  // Version, random.
  let at = 2 + 32;
  at += 1 + message.readUInt8(at);
  at += 2 + message.readUInt16BE(at);
  at += 1 + message.readUInt8(at);
  let serverName = '';
  let protocols: readonly string[] = [];
  if (at === end) return { serverName, protocols, encrypted: false };
  if (at + 2 + message.readUInt16BE(at) !== end) return undefined;
  at += 2;
  const seen = new Set<number>();
  while (at < end) {
    const type = message.readUInt16BE(at);
    const size = message.readUInt16BE(at + 2);
    at += 4;
    // None may stand twice (RFC 8446 section 4.2): which of two names counts is what servers would disagree about.
    if (at + size > end || seen.has(type)) return undefined;
    seen.add(type);
    const content = message.subarray(at, at + size);
    if (type === ALPN_EXTENSION) protocols = names(content.subarray(2));
    else if (type === SERVER_NAME) {
      const name = hostNameOf(content);
      if (name === undefined) return undefined;
      serverName = name;
    }
    at += size;
  }
  return { serverName, protocols, encrypted: seen.has(ECH_EXTENSION) };
}

/** One host name (RFC 6066 section 3): a list of more, or of other kinds, is what nobody sends. */
function hostNameOf(content: Buffer): string | undefined {
  if (content.readUInt16BE(0) !== content.length - 2 || content.readUInt8(2) !== 0) return undefined;
  const size = content.readUInt16BE(3);
  if (size !== content.length - 5) return undefined;
  const name = content.toString('latin1', 5);
  if (!NAME.test(name)) return undefined;
  return (name.endsWith('.') ? name.slice(0, -1) : name).toLowerCase();
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
