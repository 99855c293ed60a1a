// Sets of IP addresses: CIDR ranges merged into sorted intervals, looked up by binary search.
import ipaddr from 'ipaddr.js';

/** An address as four 32-bit words; an IPv4 address (also one mapped into IPv6) has `v4` set and lives in word 3. */
interface Words {
  v4: boolean;
  w0: number;
  w1: number;
  w2: number;
  w3: number;
}

const MAPPED_PREFIX_BITS = 96;

/**
 * An immutable set of addresses. IPv4-mapped IPv6 (`::ffff:a.b.c.d`) and the IPv4 address are one and the same, in ranges and in
 * look-ups, since a dual-stack socket shows either.
 * @example IpSet.of(['10.0.0.0/8'])?.has('10.1.2.3') // true
 */
export class IpSet {
  readonly #v4Starts: Uint32Array;
  readonly #v4Ends: Uint32Array;
  /** Four words a bound. */
  readonly #v6Starts: Uint32Array;
  readonly #v6Ends: Uint32Array;
  readonly #scratch: Words = { v4: false, w0: 0, w1: 0, w2: 0, w3: 0 };

  private constructor(v4: readonly (readonly [bigint, bigint])[], v6: readonly (readonly [bigint, bigint])[]) {
    this.#v4Starts = Uint32Array.from(v4, ([start]) => Number(start));
    this.#v4Ends = Uint32Array.from(v4, ([, end]) => Number(end));
    this.#v6Starts = Uint32Array.from(v6.flatMap(([start]) => wordsOf(start)));
    this.#v6Ends = Uint32Array.from(v6.flatMap(([, end]) => wordsOf(end)));
  }

  /** @returns undefined when any of `ranges` is not an address or CIDR range (parseIpRange) */
  static of(ranges: readonly string[]): IpSet | undefined {
    const v4: [bigint, bigint][] = [];
    const v6: [bigint, bigint][] = [];
    for (const text of ranges) {
      const range = parseIpRange(text);
      if (range === undefined) return undefined;
      (range.v4 ? v4 : v6).push([range.start, range.end]);
    }
    return new IpSet(merge(v4), merge(v6));
  }

  /** Whether the address is in the set; false for text that is no address. A zone (`%eth0`) is passed over. */
  has(address: string): boolean {
    const words = this.#scratch;
    if (!parseAddress(address, words)) return false;
    return words.v4 ? this.#hasV4(words.w3) : this.#hasV6(words);
  }

  #hasV4(address: number): boolean {
    let low = 0;
    let high = this.#v4Starts.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      if (address < (this.#v4Starts[middle] as number)) high = middle - 1;
      else if (address > (this.#v4Ends[middle] as number)) low = middle + 1;
      else return true;
    }
    return false;
  }

  #hasV6(address: Words): boolean {
    let low = 0;
    let high = this.#v6Starts.length / 4 - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      if (compareAt(address, this.#v6Starts, middle * 4) < 0) high = middle - 1;
      else if (compareAt(address, this.#v6Ends, middle * 4) > 0) low = middle + 1;
      else return true;
    }
    return false;
  }
}

/**
 * Reads `10.0.0.1`, `10.0.0.0/8`, `2001:db8::/32` strictly: four decimal parts without leading zeros, no zone, a decimal prefix
 * length. Host bits behind the prefix are cleared. A range inside `::ffff:0:0/96` is the IPv4 range it maps.
 * @returns first and last address as numbers, or undefined
 */
export function parseIpRange(text: string): { readonly v4: boolean; readonly start: bigint; readonly end: bigint } | undefined {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  if (address.includes('%')) return undefined;
  const words: Words = { v4: false, w0: 0, w1: 0, w2: 0, w3: 0 };
  if (!parseAddress(address, words)) return undefined;
  const mapped = words.v4 && address.includes(':');
  const widthMax = words.v4 && !mapped ? 32 : 128;
  let bits = widthMax;
  if (slash >= 0) {
    const length = text.slice(slash + 1);
    if (!/^(?:0|[1-9]\d{0,2})$/.test(length)) return undefined;
    bits = Number(length);
    if (bits > widthMax) return undefined;
  }
  const asV4 = words.v4 && (!mapped || bits >= MAPPED_PREFIX_BITS);
  const width = asV4 ? 32n : 128n;
  const prefix = BigInt(mapped && asV4 ? bits - MAPPED_PREFIX_BITS : bits);
  let value = BigInt(words.w3);
  if (!asV4) value = joinWords(words) | (mapped ? 0xffffn << 32n : 0n);
  const hostBits = width - prefix;
  const start = (value >> hostBits) << hostBits;
  return { v4: asV4, start, end: start | ((1n << hostBits) - 1n) };
}

function merge(ranges: [bigint, bigint][]): [bigint, bigint][] {
  const sorted = ranges.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
  const merged: [bigint, bigint][] = [];
  for (const [start, end] of sorted) {
    const last = merged.at(-1);
    if (last !== undefined && start <= last[1] + 1n) last[1] = end > last[1] ? end : last[1];
    else merged.push([start, end]);
  }
  return merged;
}

/** Fills `out`. Dotted quads are read here, without allocation; the rest by ipaddr.js. @returns false for anything else */
function parseAddress(text: string, out: Words): boolean {
  const quad = parseQuad(text);
  if (quad >= 0) {
    out.v4 = true;
    out.w3 = quad;
    return true;
  }
  // `::a.b.c.d` is not the mapped form, which ipaddr.js takes it for (RFC 4291 section 2.5.5.1).
  const compatible = text.startsWith('::') ? parseQuad(text.slice(2)) : -1;
  if (compatible >= 0) {
    Object.assign(out, { v4: false, w0: 0, w1: 0, w2: 0, w3: compatible });
    return true;
  }
  // The longest IPv6 text is 45 characters; a zone may follow.
  if (text.length > 64 || !text.includes(':') || !ipaddr.IPv6.isValid(text)) return false;
  const parts = ipaddr.IPv6.parse(text).parts;
  const pair = (i: number): number => (((parts[i] as number) << 16) | (parts[i + 1] as number)) >>> 0;
  out.w0 = pair(0);
  out.w1 = pair(2);
  out.w2 = pair(4);
  out.w3 = pair(6);
  out.v4 = out.w0 === 0 && out.w1 === 0 && out.w2 === 0xffff;
  if (out.v4) out.w2 = 0;
  return true;
}

/** @returns the 32-bit value, or -1 when the text is not exactly four decimal parts of 0-255 without leading zeros */
function parseQuad(text: string): number {
  const length = text.length;
  if (length < 7 || length > 15) return -1;
  let value = 0;
  let part = -1;
  let digits = 0;
  let parts = 1;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x2e) {
      if (part < 0) return -1;
      value = value * 256 + part;
      part = -1;
      digits = 0;
      parts += 1;
    } else {
      if (code < 0x30 || code > 0x39 || (digits > 0 && part === 0)) return -1;
      part = (part < 0 ? 0 : part) * 10 + (code - 0x30);
      digits += 1;
      if (part > 255) return -1;
    }
  }
  return parts === 4 && part >= 0 ? value * 256 + part : -1;
}

function joinWords(words: Words): bigint {
  return (BigInt(words.w0) << 96n) | (BigInt(words.w1) << 64n) | (BigInt(words.w2) << 32n) | BigInt(words.w3);
}

function wordsOf(value: bigint): number[] {
  return [96n, 64n, 32n, 0n].map((shift) => Number((value >> shift) & 0xffff_ffffn));
}

function compareAt(address: Words, bounds: Uint32Array, at: number): number {
  return (
    address.w0 - (bounds[at] as number) ||
    address.w1 - (bounds[at + 1] as number) ||
    address.w2 - (bounds[at + 2] as number) ||
    address.w3 - (bounds[at + 3] as number)
  );
}
