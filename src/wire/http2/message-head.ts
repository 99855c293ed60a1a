// Header blocks held to the rules of messages (RFC 9113 section 8; proxy hardening A 15): requests, answers and trailers.
import { TARGET } from '../http1/chars.ts';
import type { HeadLimits } from '../http1/parse.ts';
import type { RefusalKind } from '../http1/refusals.ts';
import { isAuthority, readTarget, sameAuthority } from '../http1/target.ts';
import {
  AUTHORITY,
  BAD_NAME,
  CONNECTION,
  CONTENT_LENGTH,
  COOKIE,
  EXPECT,
  type Field,
  HOST,
  METHOD,
  PATH,
  PLAIN,
  PROTOCOL,
  SCHEME,
  STATUS,
  TE,
  UNKNOWN_PSEUDO,
} from './field.ts';
import { FieldList } from './field-list.ts';
import type { FieldSink } from './hpack-decoder.ts';

const METHOD_NAME = /^[A-Z][A-Z-]{0,31}$/;
const LENGTH = /^(?:0|[1-9]\d{0,14})$/;

/** One bit a pseudo-header: each comes at most once. */
const bit = (kind: number): number => 1 << kind;
const REQUEST_PSEUDO = bit(METHOD) | bit(SCHEME) | bit(AUTHORITY) | bit(PATH) | bit(PROTOCOL);
const RESPONSE_PSEUDO = bit(STATUS);

/** What all blocks have in common. One reader is used again for every block of its connection. */
abstract class BlockReader implements FieldSink {
  /** The first rule that was broken. */
  error: RefusalKind | undefined = undefined;
  headers = new FieldList();
  /** Declared length, -1 when none was. */
  contentLength = -1;
  readonly #limits: HeadLimits;
  readonly #allowed: number;
  #size = 0;
  #seen = 0;
  #crumbs = 0;
  #cookieAt = -1;

  /** @param allowed bits of the pseudo-headers that may come */
  constructor(limits: HeadLimits, allowed: number) {
    this.#limits = limits;
    this.#allowed = allowed;
  }

  /** Starts a block. */
  begin(): void {
    this.error = undefined;
    this.headers = new FieldList();
    this.contentLength = -1;
    this.#size = 0;
    this.#seen = 0;
    this.#crumbs = 0;
    this.#cookieAt = -1;
  }

  protected has(kind: number): boolean {
    return (this.#seen & bit(kind)) !== 0;
  }

  protected get limits(): HeadLimits {
    return this.#limits;
  }

  protected abstract pseudo(kind: number, value: string): void;
  protected abstract special(field: Field): void;

  field(field: Field): void {
    this.#size += field.size;
    if (this.error !== undefined) return;
    if (this.#size > this.#limits.headerBytesMax) this.error = 'fields-large';
    else if (field.badValue) this.error = 'field-value';
    else if (field.kind === PLAIN) this.#add(field);
    else if (field.kind <= UNKNOWN_PSEUDO) this.#pseudo(field);
    else this.#special(field);
  }

  #add(field: Field): void {
    if (this.headers.length >= this.#limits.headersMax) this.error = 'fields-many';
    else this.headers.add(field.name, field.value);
  }

  /** Pseudo-headers come first, once each, and only those that the message has (section 8.3). */
  #pseudo({ kind, value }: Field): void {
    if ((this.#allowed & bit(kind)) === 0 || this.has(kind) || this.headers.length > 0) {
      this.error = 'pseudo-header';
      return;
    }
    this.#seen |= bit(kind);
    this.pseudo(kind, value);
  }

  #special(field: Field): void {
    switch (field.kind) {
      case BAD_NAME:
        this.error = 'field-name';
        return;
      case CONNECTION:
        this.error = 'connection-header';
        return;
      case TE:
        // Anything else would be a hop's business of HTTP/1 (section 8.2.2).
        if (field.value !== 'trailers') this.error = 'te';
        else this.#add(field);
        return;
      case CONTENT_LENGTH:
        if (this.contentLength !== -1) this.error = 'content-length-many';
        else if (!LENGTH.test(field.value)) this.error = 'content-length';
        else {
          this.contentLength = Number(field.value);
          this.#add(field);
        }
        return;
      case COOKIE:
        this.#cookie(field);
        return;
      default:
        if (field.kind === HOST) {
          if (this.has(HOST)) {
            this.error = 'host-many';
            return;
          }
          this.#seen |= bit(HOST);
        }
        this.#add(field);
        if (this.error === undefined) this.special(field);
    }
  }

  /** Crumbs are one field again before anybody looks at them (section 8.2.3); they are counted one by one, as fields are. */
  #cookie(field: Field): void {
    if (++this.#crumbs > this.#limits.headersMax) this.error = 'fields-many';
    else if (this.#cookieAt === -1) {
      this.#cookieAt = this.headers.length;
      this.#add(field);
    } else this.headers.values[this.#cookieAt] += `; ${field.value}`;
  }
}

/** Reads the block that begins a request. */
export class RequestHead extends BlockReader {
  method = '';
  path = '';
  target = '';
  authority = '';
  /** `:protocol` of an extended CONNECT (RFC 8441), else ''. */
  upgrade = '';
  expectsContinue = false;
  #scheme = '';
  #host: string | undefined;

  constructor(limits: HeadLimits) {
    super(limits, REQUEST_PSEUDO);
  }

  override begin(): void {
    super.begin();
    this.method = this.path = this.target = this.authority = this.upgrade = this.#scheme = '';
    this.#host = undefined;
    this.expectsContinue = false;
  }

  protected pseudo(kind: number, value: string): void {
    if (kind === METHOD) this.method = value;
    else if (kind === SCHEME) this.#scheme = value;
    else if (kind === AUTHORITY) this.authority = value;
    else if (kind === PATH) this.target = value;
    else this.upgrade = value;
  }

  protected special({ kind, value }: Field): void {
    if (kind === HOST) this.#host = value;
    else if (kind === EXPECT) {
      if (this.expectsContinue || value.toLowerCase() !== '100-continue') this.error = 'expect';
      this.expectsContinue = true;
    }
  }

  /** The rules that look at the whole block. @param ended no body follows @returns the first one broken */
  finish(ended: boolean): RefusalKind | undefined {
    return (this.error ??= this.#check(ended));
  }

  #check(ended: boolean): RefusalKind | undefined {
    if (!this.has(METHOD)) return 'pseudo-header';
    if (!METHOD_NAME.test(this.method)) return 'method';
    const connect = this.method === 'CONNECT';
    if (connect && !this.has(PROTOCOL)) {
      // Section 8.5: authority alone. Well-formed or not, it is not offered.
      return this.has(SCHEME) || this.has(PATH) || !this.has(AUTHORITY) ? 'pseudo-header' : 'method-connect';
    }
    if (this.has(PROTOCOL) && (!connect || !this.has(AUTHORITY))) return 'pseudo-header';
    if (!this.has(SCHEME) || !this.has(PATH) || this.target === '') return 'pseudo-header';
    if (this.#scheme !== 'http' && this.#scheme !== 'https') return 'scheme';
    return this.#checkTarget(connect) ?? this.#checkAuthority() ?? this.#checkRest(connect, ended);
  }

  #checkTarget(connect: boolean): RefusalKind | undefined {
    const { target } = this;
    if (target.length > this.limits.targetBytesMax) return 'target-long';
    const first = target.charCodeAt(0);
    // An absolute target is an HTTP/1 form: here it would be a second place for the authority.
    if (first !== 0x2f && target !== '*') return 'target';
    for (let i = 0; i < target.length; i++) if (TARGET[target.charCodeAt(i)] !== 1) return 'target';
    const read = readTarget(connect ? 'GET' : this.method, target);
    if (!read) return 'target';
    this.path = read.path;
    return undefined;
  }

  #checkAuthority(): RefusalKind | undefined {
    const host = this.#host;
    if (this.has(AUTHORITY)) {
      if (!isAuthority(this.authority)) return 'host';
      return host !== undefined && !sameAuthority(host, this.authority, this.#scheme) ? 'host-mismatch' : undefined;
    }
    if (host === undefined) return 'host-missing';
    if (!isAuthority(host)) return 'host';
    this.authority = host;
    return undefined;
  }

  #checkRest(connect: boolean, ended: boolean): RefusalKind | undefined {
    if (connect) {
      // As Envoy does it: a WebSocket is a GET to whatever judges it, in both protocols.
      if (this.upgrade !== 'websocket') return 'protocol-unknown';
      if (ended || this.contentLength !== -1) return 'data-length';
      const versions = this.headers.all('sec-websocket-version');
      if (versions.length !== 1 || versions[0] !== '13') return 'websocket-version';
      this.method = 'GET';
      this.expectsContinue = false;
      return undefined;
    }
    if (ended && this.contentLength > 0) return 'data-length';
    if (this.method === 'TRACE' && !ended) return 'trace-body';
    if (ended) this.expectsContinue = false;
    return undefined;
  }
}

/** Reads the block that begins an answer, interim ones too. */
export class ResponseHead extends BlockReader {
  status = 0;

  constructor(limits: HeadLimits) {
    super(limits, RESPONSE_PSEUDO);
  }

  override begin(): void {
    super.begin();
    this.status = 0;
  }

  protected pseudo(_kind: number, value: string): void {
    if (/^[1-5]\d\d$/.test(value)) this.status = Number(value);
    else this.error = 'status-line';
  }

  protected special(): void {}

  finish(): RefusalKind | undefined {
    return (this.error ??= this.has(STATUS) ? undefined : 'pseudo-header');
  }
}

const EARLY = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'te',
  'trailer',
  'content-type',
  'content-encoding',
  'content-range',
  'cache-control',
  'range',
  'www-authenticate',
  'location',
]);

/** Reads the block behind a body, which has no pseudo-headers, framing or routing fields (RFC 9110 section 6.5.1). */
export class TrailerBlock extends BlockReader {
  constructor(limits: HeadLimits) {
    super(limits, 0);
  }

  protected pseudo(): void {}

  protected special(): void {
    this.error = 'trailer';
  }

  finish(): RefusalKind | undefined {
    if (this.error === undefined && this.contentLength !== -1) this.error = 'trailer';
    return this.error;
  }

  /** Names and values in turn, without those that decide how a message is read, routed or trusted: they had to come before the body. */
  get flat(): readonly string[] {
    const flat: string[] = [];
    const { headers } = this;
    for (let i = 0; i < headers.length; i++) if (!EARLY.has(headers.name(i))) flat.push(headers.name(i), headers.value(i));
    return flat;
  }
}
