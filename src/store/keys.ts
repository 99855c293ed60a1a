import { assert } from '#base/assert.ts';

const KEY_CHARS_MAX = 1024;

/** Keys are made by our own code: a bad one is a bug. Segments are joined by `/`; control characters and an empty key are refused. */
export function checkKey(key: string): void {
  // oxlint-disable-next-line no-control-regex
  assert(
    key.length > 0 && key.length <= KEY_CHARS_MAX && !/[\u0000-\u001f]/.test(key) && key.isWellFormed(),
    'malformed state key',
  );
}

/** The first text behind every key that starts with `prefix`, in code point order. */
export function prefixEnd(prefix: string): string {
  return `${prefix}\u{10ffff}`;
}

/** Two absent values are the same. */
export function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.length === b.length && Buffer.compare(a, b) === 0;
}
