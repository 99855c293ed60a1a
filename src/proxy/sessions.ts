import { createHmac } from 'node:crypto';
import { Lru } from '#base/lru.ts';

const REMEMBERED_MAX = 8192;
const ID = /^[0-9a-f]{32}$/;

/** Turns what names a session into an id that tells nothing about it: HMAC-SHA-256 with the snapshot's key, 128 bits of it. */
export class Sessions {
  readonly #key: Buffer;
  readonly #ids = new Lru<string, string>(REMEMBERED_MAX);

  /** @param key base64 */
  constructor(key: string) {
    this.#key = Buffer.from(key, 'base64');
  }

  /** @param principal `iss/sub` of a verified token */
  ofSubject(principal: string): string {
    return this.#of(`subject ${principal}`);
  }

  /** @param value the session cookie's */
  ofCookie(value: string): string {
    return this.#of(`cookie ${value}`);
  }

  /** Whether a text is an id of this kind, so that a verified peer's may be kept. */
  static isId(text: string): boolean {
    return ID.test(text);
  }

  #of(text: string): string {
    // Long values would cost memory out of proportion; hashing them again is cheap.
    if (text.length > 256) return this.#hash(text);
    let id = this.#ids.get(text);
    if (id === undefined) {
      id = this.#hash(text);
      this.#ids.set(text, id);
    }
    return id;
  }

  #hash(text: string): string {
    return createHmac('sha256', this.#key).update(text).digest('hex').slice(0, 32);
  }
}

/** Value of one cookie; '' when absent. The first of several counts (RFC 6265 section 5.4 sends the most specific first). */
export function cookieValue(header: string | undefined, name: string): string {
  if (header === undefined || name === '') return '';
  for (let start = 0; start < header.length;) {
    let end = header.indexOf(';', start);
    if (end === -1) end = header.length;
    while (start < end && header.charCodeAt(start) === 0x20) start++;
    if (header.startsWith(name, start) && header.charCodeAt(start + name.length) === 0x3d) {
      return header.slice(start + name.length + 1, end).trim();
    }
    start = end + 1;
  }
  return '';
}
