// Finds text that was written in base64, hex or percent encoding. Most candidates are names and hashes: the first bytes of what they would
// decode to are no text, and they are given up after a few steps.

export interface EncodedRun {
  readonly start: number;
  readonly end: number;
  readonly encoding: 'base64' | 'hex' | 'percent';
  readonly plain: Uint8Array;
}

const RUN_MIN = 20;
const RUN_MAX = 256 * 1024;
/** -1 is no base64 digit; both alphabets (RFC 4648 sections 4 and 5). */
const DIGITS = new Int8Array(256).fill(-1);
for (const [first, last, value] of [
  [0x41, 0x5a, 0],
  [0x61, 0x7a, 26],
  [0x30, 0x39, 52],
] as const)
  for (let c = first; c <= last; c++) DIGITS[c] = value + c - first;
for (const [char, value] of [
  [0x2b, 62],
  [0x2f, 63],
  [0x2d, 62],
  [0x5f, 63],
] as const)
  DIGITS[char] = value;

/** Runs in rising order. @param bytes text @param runsMax stops after so many */
export function encodedRuns(bytes: Uint8Array, runsMax: number): EncodedRun[] {
  const runs: EncodedRun[] = [];
  // A run of RUN_MIN digits covers a multiple of RUN_MIN, so that only those places are looked at.
  for (let probe = RUN_MIN - 1; probe < bytes.length && runs.length < runsMax; probe += RUN_MIN) {
    if (DIGITS[bytes[probe]!]! < 0) continue;
    let start = probe;
    while (start > 0 && probe - start < RUN_MIN && DIGITS[bytes[start - 1]!]! >= 0) start--;
    let end = probe + 1;
    const limit = Math.min(bytes.length, start + RUN_MAX);
    while (end < limit && DIGITS[bytes[end]!]! >= 0) end++;
    if (end - start >= RUN_MIN) {
      const run = decodeRun(bytes, start, end);
      if (run) runs.push(run);
      probe = end - (end % RUN_MIN) - 1;
    }
  }
  percentRuns(bytes, runs, runsMax);
  return runs;
}

function decodeRun(bytes: Uint8Array, start: number, end: number): EncodedRun | undefined {
  const hex = end - start >= 32 && (end - start) % 2 === 0 ? decodeHex(bytes, start, end) : undefined;
  if (hex) return { start, end, encoding: 'hex', plain: hex };
  // A path or an option may stand directly before: `/`, `-` and `_` are digits too.
  for (const from of starts(bytes, start, end)) {
    const plain = decodeBase64(bytes, from, end);
    if (plain) return { start: from, end, encoding: 'base64', plain };
  }
  return undefined;
}

function starts(bytes: Uint8Array, start: number, end: number): number[] {
  const places = [start];
  for (let i = start; i < Math.min(start + 40, end - RUN_MIN) && places.length < 4; i++) {
    const byte = bytes[i]!;
    if (byte === 0x2f || byte === 0x2d || byte === 0x5f) places.push(i + 1);
  }
  return places;
}

function decodeBase64(bytes: Uint8Array, start: number, end: number): Uint8Array | undefined {
  const length = end - start;
  if (length < RUN_MIN || length % 4 === 1) return undefined;
  if (!quadIsText(bytes, start) || !quadIsText(bytes, start + 4) || !quadIsText(bytes, start + 8)) return undefined;
  const plain = new Uint8Array(Math.floor((length * 3) / 4));
  let at = 0;
  for (let i = start; i < end; i += 4) {
    const left = end - i;
    const bits =
      (DIGITS[bytes[i]!]! << 18) |
      (DIGITS[bytes[i + 1]!]! << 12) |
      (left > 2 ? DIGITS[bytes[i + 2]!]! << 6 : 0) |
      (left > 3 ? DIGITS[bytes[i + 3]!]! : 0);
    const count = left > 3 ? 3 : left - 1;
    for (let k = 0; k < count; k++) {
      const byte = (bits >> (16 - 8 * k)) & 0xff;
      if (!isText(byte)) return undefined;
      plain[at++] = byte;
    }
  }
  return plain.subarray(0, at);
}

function quadIsText(bytes: Uint8Array, i: number): boolean {
  const bits =
    (DIGITS[bytes[i]!]! << 18) | (DIGITS[bytes[i + 1]!]! << 12) | (DIGITS[bytes[i + 2]!]! << 6) | DIGITS[bytes[i + 3]!]!;
  return isText((bits >> 16) & 0xff) && isText((bits >> 8) & 0xff) && isText(bits & 0xff);
}

function decodeHex(bytes: Uint8Array, start: number, end: number): Uint8Array | undefined {
  const plain = new Uint8Array((end - start) / 2);
  for (let i = start, at = 0; i < end; i += 2, at++) {
    const high = hexDigit(bytes[i]!);
    const low = hexDigit(bytes[i + 1]!);
    if (high < 0 || low < 0) return undefined;
    const byte = high * 16 + low;
    if (!isText(byte)) return undefined;
    plain[at] = byte;
  }
  return plain;
}

/** Words with at least two `%XX` in them. */
function percentRuns(bytes: Uint8Array, runs: EncodedRun[], runsMax: number): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = buffer.indexOf(0x25);
  while (at !== -1 && runs.length < runsMax) {
    let next = at + 1;
    if (hexDigit(bytes[at + 1] ?? 0) >= 0 && hexDigit(bytes[at + 2] ?? 0) >= 0) {
      let start = at;
      while (start > 0 && at - start < 512 && isWordByte(bytes[start - 1]!)) start--;
      let end = at;
      while (end < bytes.length && end - start < 8192 && isWordByte(bytes[end]!)) end++;
      const plain = decodePercent(bytes, start, end);
      if (plain) runs.push({ start, end, encoding: 'percent', plain });
      next = Math.max(end, at + 1);
    }
    at = buffer.indexOf(0x25, next);
  }
}

function decodePercent(bytes: Uint8Array, start: number, end: number): Uint8Array | undefined {
  const plain = new Uint8Array(end - start);
  let at = 0;
  let decoded = 0;
  for (let i = start; i < end; i++) {
    const high = bytes[i] === 0x25 && i + 2 < end ? hexDigit(bytes[i + 1]!) : -1;
    const low = high >= 0 ? hexDigit(bytes[i + 2]!) : -1;
    if (low >= 0) {
      plain[at++] = high * 16 + low;
      decoded++;
      i += 2;
    } else plain[at++] = bytes[i]!;
  }
  return decoded >= 2 ? plain.subarray(0, at) : undefined;
}

/** Printable ASCII, line ends and tabs, or a byte of a longer UTF-8 sequence in the middle of a text is not accepted: secrets are ASCII. */
function isText(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function isWordByte(byte: number): boolean {
  return byte > 0x20 && byte !== 0x22 && byte !== 0x27 && byte !== 0x60 && byte !== 0x3c && byte !== 0x3e;
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 32;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
