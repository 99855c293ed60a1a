// Values that Istio's networking kinds share: durations, counts, header changes.
import { parseDurationMs } from '#base/duration.ts';
import type { HeaderChange } from '#model/gateway.ts';
import { anyText, integer, list, object, optional, record, text } from '../check.ts';
import type { Check } from '../check.ts';
import { shorten } from '../scope.ts';

/** Milliseconds; protobuf durations in text, as `1.5s`, `100ms`, `1h`. */
export function duration(minMs = 1): Check<number> {
  return (value, scope) => {
    const read = anyText(value, scope);
    if (read === undefined) return undefined;
    const ms = parseDurationMs(read);
    if (ms === undefined) scope.error('duration', `\`${shorten(read)}\` is not a duration`, 'write it as in `10s` or `1m30s`');
    else if (ms < minMs) scope.error('duration', `${scope.name()} is \`${shorten(read)}\`; it must be at least ${minMs} ms`);
    else return ms;
    return undefined;
  };
}

/** An unsigned 32-bit number; Istio's CRDs allow a negative int32 nowhere that it means something. */
export const count: Check<number> = integer(0, 4_294_967_295);
export const percent: Check<number> = integer(0, 100);

/** A number that may have a fraction, as text or number never less than 0. */
export const fraction: Check<number> = (value, scope) => {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
  scope.error('range', `${scope.name()} must be a number that is not negative`);
  return undefined;
};

/** Istio's `Percent`: `{ value: 12.5 }`. */
export const percentValue: Check<number> = (value, scope) => {
  const read = object({ value: optional(fraction) })(value, scope);
  if (!read) return undefined;
  if ((read.value ?? 0) <= 100) return read.value ?? 0;
  scope.error('range', `${scope.name()} must be at most 100`);
  return undefined;
};

/** RFC 9110 section 5.5: what would end the line, or the name, cannot be written. */
const line = text({ pattern: /^[^\u0000-\u0008\u000a-\u001f\u007f]*$/, meaning: 'without control characters' });
const name = text({ min: 1, pattern: /^[^\u0000-\u0020\u007f]+$/, meaning: 'an HTTP field name' });
const change = object({ set: optional(record(line, name)), add: optional(record(line, name)), remove: optional(list(name)) });
const pairs = (values: Readonly<Record<string, string>> = {}): { readonly name: string; readonly value: string }[] =>
  Object.entries(values).map(([name, value]) => ({ name, value }));

/** `set`, `add` and `remove` of headers, in the shape that Gateway API's filters have. */
export const headerChange: Check<HeaderChange> = (value, scope) => {
  const read = change(value, scope);
  return read && { set: pairs(read.set), add: pairs(read.add), remove: read.remove ?? [] };
};

/** The value without its members that are undefined. */
export function defined<T extends object>(value: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
}
