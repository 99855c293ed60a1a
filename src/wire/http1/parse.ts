// Heads of requests and answers: strict readers over the bytes as they came (RFC 9112 sections 2 to 6; proxy hardening A and B).
import type { HeaderList } from '../types.ts';
import { CR, LF, SP, TARGET } from './chars.ts';
import { FieldScanner, Fields, NO_FIELDS } from './fields.ts';
import { type ConnectionOptions, readConnection, readFraming } from './framing.ts';
import type { RefusalKind } from './refusals.ts';
import { isAuthority, readTarget, sameAuthority } from './target.ts';

/** The bounds that a head is read against; a part of the platform's limits. */
export interface HeadLimits {
  /** Bytes of the whole head, start line and empty line included. */
  readonly headerBytesMax: number;
  readonly headersMax: number;
  readonly targetBytesMax: number;
}

const METHOD_BYTES_MAX = 32;
/** `VERSION-CONTROL` and its like are registered methods. */
const HYPHEN = 0x2d;
const REASON_BYTES_MAX = 512;

/** What `parse` gives when more bytes are needed. */
export const INCOMPLETE = 0;
/** What `parse` gives when the head is refused; `error` says why. */
export const REFUSED = -1;

/** What both kinds of heads have in common; a parser is used again for every head of its connection. */
abstract class HeadParser {
  /** Set when `parse` gives REFUSED. */
  error: RefusalKind = 'request-line';
  minorVersion: 0 | 1 = 1;
  headers: HeaderList = NO_FIELDS;
  /** Body length in bytes, CHUNKED or UNFRAMED. */
  framing = 0;
  connection!: ConnectionOptions;
  protected readonly scanner = new FieldScanner();
  protected text = '';
  protected readonly limits: HeadLimits;

  constructor(limits: HeadLimits) {
    this.limits = limits;
  }

  protected refuse(error: RefusalKind): -1 {
    this.error = error;
    return REFUSED;
  }

  /** Reads the fields that follow the start line; fills headers, framing and connection. */
  protected parseFields(bytes: Buffer, base: number, from: number, end: number): number {
    const scanner = this.scanner;
    scanner.reset();
    const limit = base + this.limits.headerBytesMax;
    const after = scanner.scan(bytes, from, end > limit ? limit : end, base, this.limits.headersMax);
    if (after < 0) return this.refuse(scanner.error);
    if (after === 0) return end >= limit ? this.refuse('fields-large') : INCOMPLETE;
    this.text = bytes.toString('latin1', base, after);
    this.headers = new Fields(this.text, scanner.at);
    const framing = readFraming(scanner, bytes, base, this.minorVersion === 0);
    if (typeof framing === 'string') return this.refuse(framing);
    this.framing = framing;
    this.connection = readConnection(scanner, this.text);
    return after;
  }

  /** Reads `HTTP/1.x`; the offset behind it, INCOMPLETE or REFUSED. */
  protected parseVersion(bytes: Buffer, from: number, end: number): number {
    for (let i = 0; i < 8; i++) {
      if (from + i >= end) return INCOMPLETE;
      const byte = bytes[from + i]!;
      if (i === 5 || i === 7 ? byte < 0x30 || byte > 0x39 : byte !== VERSION[i]) return this.refuse('version');
    }
    const minor = bytes[from + 7]! - 0x30;
    if (bytes[from + 5] !== 0x31 || minor > 1) return this.refuse('version-unsupported');
    this.minorVersion = minor === 0 ? 0 : 1;
    return from + 8;
  }

  protected textOf(index: number): string {
    return this.text.slice(this.scanner.valueStart(index), this.scanner.valueEnd(index));
  }
}

const VERSION = Buffer.from('HTTP/1.1');

/** Reads request heads. */
export class RequestParser extends HeadParser {
  method = '';
  target = '';
  path = '';
  authority = '';
  /** `100-continue` is awaited before the body is sent. */
  expectsContinue = false;
  /** Protocol asked for by Upgrade, '' when none may be switched to. */
  upgrade = '';

  /**
   * Reads one request head at `base` of `bytes`.
   * @returns the offset behind it, INCOMPLETE or REFUSED; after a positive answer the fields of this object describe the request
   * @example const parser = new RequestParser(DEFAULT_LIMITS);
   *   parser.parse(Buffer.from('GET /a HTTP/1.1\r\nHost: b\r\n\r\n'), 0, 29); // 29; parser.path is `/a`
   */
  parse(bytes: Buffer, base: number, end: number): number {
    let i = base;
    while (
      i < end &&
      ((bytes[i]! >= 0x41 && bytes[i]! <= 0x5a) || (bytes[i] === HYPHEN && i > base)) &&
      i - base <= METHOD_BYTES_MAX
    )
      i++;
    if (i >= end) return INCOMPLETE;
    const methodEnd = i;
    if (methodEnd === base || methodEnd - base > METHOD_BYTES_MAX || bytes[i] !== SP)
      return this.refuse(this.#startError(bytes, base, i));
    const targetStart = ++i;
    const targetLimit = targetStart + this.limits.targetBytesMax;
    while (i < end && TARGET[bytes[i]!] === 1 && i <= targetLimit) i++;
    if (i > targetLimit) return this.refuse('target-long');
    if (i >= end) return INCOMPLETE;
    const targetEnd = i;
    if (bytes[i] !== SP || targetEnd === targetStart)
      return this.refuse(bytes[i] === SP || bytes[i] === CR ? 'request-line' : 'target');
    i = this.parseVersion(bytes, i + 1, end);
    if (i <= 0) return i;
    if (i + 1 >= end) return i < end && bytes[i] !== CR ? this.refuse('request-line') : INCOMPLETE;
    if (bytes[i] !== CR || bytes[i + 1] !== LF) return this.refuse('request-line');
    const after = this.parseFields(bytes, base, i + 2, end);
    if (after <= 0) return after;
    const error = this.#check(methodEnd - base, targetStart - base, targetEnd - base);
    return error === undefined ? after : this.refuse(error);
  }

  /** A request line that fails at its first word: a wrong word, or no request line at all. */
  #startError(bytes: Buffer, base: number, at: number): RefusalKind {
    if (at - base > METHOD_BYTES_MAX) return 'method';
    const byte = bytes[at]!;
    return byte > SP && byte < 0x7f ? 'method' : 'request-line';
  }

  /** The rules that look at the request as a whole. */
  #check(methodEnd: number, targetStart: number, targetEnd: number): RefusalKind | undefined {
    const scanner = this.scanner;
    this.method = this.text.slice(0, methodEnd);
    this.target = this.text.slice(targetStart, targetEnd);
    if (this.method === 'CONNECT') return 'method-connect';
    const target = readTarget(this.method, this.target);
    if (!target) return 'target';
    this.path = target.path;
    if (scanner.hosts > 1) return 'host-many';
    if (scanner.hosts === 0) {
      if (this.minorVersion === 1) return 'host-missing';
      this.authority = target.authority;
    } else {
      this.authority = this.textOf(scanner.host);
      if (!isAuthority(this.authority)) return 'host';
      const scheme = this.target.charCodeAt(4) === 0x3a ? 'http' : 'https';
      if (target.authority !== '' && !sameAuthority(target.authority, this.authority, scheme)) return 'host-mismatch';
    }
    if (this.method === 'TRACE' && this.framing !== 0 && this.framing !== -2) return 'trace-body';
    this.expectsContinue = false;
    // RFC 9110 section 10.1.1: an expectation in an HTTP/1.0 request is ignored.
    if (scanner.expects > 0 && this.minorVersion === 1) {
      if (scanner.expects > 1 || this.textOf(scanner.expect).toLowerCase() !== '100-continue') return 'expect';
      this.expectsContinue = this.framing > 0 || this.framing === -1;
    }
    this.upgrade = scanner.upgrades === 1 ? this.#readUpgrade() : '';
    return undefined;
  }

  /**
   * The one protocol that may be switched to. Anything doubtful is read as a request without Upgrade, which a server may always do
   * (RFC 9110 section 7.8): a list, a body, another method than GET, no `Connection: upgrade`, HTTP/2 in plaintext (it would carry
   * requests past the policies), a WebSocket of another version than 13 (RFC 6455 section 4.2.1).
   */
  #readUpgrade(): string {
    if (!this.connection.upgrade || this.connection.close || this.method !== 'GET' || this.minorVersion === 0) return '';
    if (this.framing > 0 || this.framing === -1) return '';
    const protocol = this.textOf(this.scanner.upgrade).toLowerCase();
    if (!/^[a-z][a-z0-9.+-]*(?:\/[0-9.]+)?$/.test(protocol) || protocol.startsWith('h2')) return '';
    if (protocol === 'websocket') {
      const version = this.headers.all('sec-websocket-version');
      const key = this.headers.all('sec-websocket-key');
      if (version.length !== 1 || version[0] !== '13') return '';
      if (key.length !== 1 || !/^[A-Za-z0-9+/]{22}==$/.test(key[0]!)) return '';
    }
    return protocol;
  }
}

/** Reads heads of answers. */
export class ResponseParser extends HeadParser {
  status = 0;

  /** As RequestParser.parse. */
  parse(bytes: Buffer, base: number, end: number): number {
    let i = this.parseVersion(bytes, base, end);
    if (i <= 0) return i === REFUSED ? this.refuse('status-line') : i;
    if (end < i + 4) return INCOMPLETE;
    if (bytes[i] !== SP) return this.refuse('status-line');
    let status = 0;
    for (i++; i < base + 12; i++) {
      const digit = bytes[i]! - 0x30;
      if (digit < 0 || digit > 9) return this.refuse('status-line');
      status = status * 10 + digit;
    }
    if (status < 100 || status > 599) return this.refuse('status-line');
    this.status = status;
    // RFC 9112 section 4: the space behind the code is due even without a reason, but many servers leave it out.
    if (i < end && bytes[i] !== SP && bytes[i] !== CR) return this.refuse('status-line');
    while (i < end && (bytes[i]! >= SP || bytes[i] === 9) && bytes[i] !== 0x7f && i - base < REASON_BYTES_MAX) i++;
    if (i + 1 >= end && (i >= end || bytes[i] === CR))
      return i - base < REASON_BYTES_MAX ? INCOMPLETE : this.refuse('status-line');
    if (bytes[i] !== CR || bytes[i + 1] !== LF) return this.refuse('status-line');
    return this.parseFields(bytes, base, i + 2, end);
  }

  /** Values of `Keep-Alive: timeout=N` in milliseconds, -1 when it says nothing. */
  keepAliveMs(): number {
    const value = this.headers.get('keep-alive');
    const match = value === undefined ? null : /(?:^|[\s,])timeout=(\d{1,6})(?:[\s,]|$)/i.exec(value);
    return match ? Number(match[1]) * 1000 : -1;
  }

  /** Protocol named by Upgrade in lower case, '' when there is not exactly one or Connection does not say so. */
  upgradeProtocol(): string {
    return this.scanner.upgrades === 1 && this.connection.upgrade ? this.textOf(this.scanner.upgrade).toLowerCase() : '';
  }
}
