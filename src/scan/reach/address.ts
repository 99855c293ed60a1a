// Address ranges on one line: IPv4 first, IPv6 behind it, so that one partition serves both.
import { parseIpRange } from '#base/ip-set.ts';

/** First and last place on the line, both included. */
export interface Interval {
  readonly first: bigint;
  readonly last: bigint;
}

const V6_OFFSET = 1n << 32n;

/** Where a range lies on the line; undefined for text that is none. */
export function intervalOf(range: string): Interval | undefined {
  const read = parseIpRange(range);
  if (!read) return undefined;
  const offset = read.v4 ? 0n : V6_OFFSET;
  return { first: read.start + offset, last: read.end + offset };
}

/** Several ranges; what is no range is left out. */
export function intervalsOf(ranges: readonly string[]): readonly Interval[] {
  return merge(ranges.flatMap((range) => intervalOf(range) ?? []));
}

export const ALL_V4: Interval = { first: 0n, last: V6_OFFSET - 1n };
export const ALL_V6: Interval = { first: V6_OFFSET, last: V6_OFFSET + (1n << 128n) - 1n };

/** Networks that are not routed on the internet (RFC 1918, 6598, 3927, 1122, 4193, 4291, 5737, 1112, 3849). */
export const NOT_PUBLIC = intervalsOf([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
  '::/8',
  '100::/8',
  '2001:db8::/32',
  'fc00::/7',
  'fe80::/10',
  'ff00::/8',
]);
/** Where pods and nodes live when nothing says where (RFC 1918, 6598; 4193 for IPv6). */
export const PRIVATE = intervalsOf(['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7']);
export const PUBLIC = subtract([ALL_V4, ALL_V6], NOT_PUBLIC);

/** Sorted; neighbours and overlaps become one, but never IPv4 with IPv6. */
export function merge(intervals: readonly Interval[]): readonly Interval[] {
  const merged: { first: bigint; last: bigint }[] = [];
  for (const { first, last } of intervals.toSorted((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0))) {
    const before = merged.at(-1);
    if (before && first <= before.last + 1n && first !== V6_OFFSET) before.last = last > before.last ? last : before.last;
    else merged.push({ first, last });
  }
  return merged;
}

/** What is in `from` and not in `without`. @param from merged @param without merged */
export function subtract(from: readonly Interval[], without: readonly Interval[]): readonly Interval[] {
  const result: Interval[] = [];
  for (const interval of from) {
    let { first } = interval;
    for (const hole of without) {
      if (hole.last < first || hole.first > interval.last) continue;
      if (hole.first > first) result.push({ first, last: hole.first - 1n });
      first = hole.last + 1n;
    }
    if (first <= interval.last) result.push({ first, last: interval.last });
  }
  return result;
}

/** Whether every place of `inner` is in `outer`. @param outer merged */
export function covers(outer: readonly Interval[], inner: readonly Interval[]): boolean {
  return inner.every(({ first, last }) => outer.some((each) => each.first <= first && each.last >= last));
}

export function overlaps(a: readonly Interval[], b: readonly Interval[]): boolean {
  return a.some((x) => b.some((y) => x.first <= y.last && y.first <= x.last));
}

/** How many addresses. */
export function sizeOf(intervals: readonly Interval[]): bigint {
  return intervals.reduce((sum, { first, last }) => sum + last - first + 1n, 0n);
}

export function isV4(interval: Interval): boolean {
  return interval.first < V6_OFFSET;
}

/**
 * Cuts the whole of IPv4 and IPv6 at every end of `ranges`: within one of the resulting intervals no policy tells two addresses apart.
 */
export function partition(ranges: readonly Interval[]): readonly Interval[] {
  const cuts = new Set<bigint>([ALL_V4.first, ALL_V6.first]);
  for (const { first, last } of ranges) {
    cuts.add(first);
    if (last !== ALL_V6.last) cuts.add(last + 1n);
  }
  const starts = [...cuts].sort((a, b) => (a < b ? -1 : 1));
  return starts.map((first, i) => ({ first, last: i + 1 < starts.length ? starts[i + 1]! - 1n : ALL_V6.last }));
}

/** `10.0.0.0/8` when it is one, else `10.0.0.0-10.0.0.5`. */
export function formatInterval({ first, last }: Interval): string {
  const size = last - first + 1n;
  const v4 = first < V6_OFFSET;
  const width = v4 ? 32 : 128;
  const start = v4 ? first : first - V6_OFFSET;
  const bits = size.toString(2).length - 1;
  if (size === 1n << BigInt(bits) && start % size === 0n) return `${formatAddress(first)}/${width - bits}`;
  return `${formatAddress(first)}-${formatAddress(last)}`;
}

export function formatAddress(place: bigint): string {
  if (place < V6_OFFSET) return [24n, 16n, 8n, 0n].map((shift) => String((place >> shift) & 255n)).join('.');
  const value = place - V6_OFFSET;
  const groups = Array.from({ length: 8 }, (_, i) => ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16));
  // The longest run of zero groups, the first of equals, becomes `::` (RFC 5952 section 4.2).
  let best = { at: -1, length: 1 };
  for (let i = 0; i < 8; i++) {
    let length = 0;
    while (i + length < 8 && groups[i + length] === '0') length++;
    if (length > best.length) best = { at: i, length };
  }
  if (best.at < 0) return groups.join(':');
  return `${groups.slice(0, best.at).join(':')}::${groups.slice(best.at + best.length).join(':')}`;
}
