// Reading a journal folder while others write it: all streams together, in time order.
import type { Event } from '#model/event.ts';
import { uuidTimeMs } from './ids.ts';
import { decodeLine } from './journal-format.ts';
import { linesBackward, linesForward, NEWLINE, openOrGone } from './journal-lines.ts';
import { listSegments, type Segment } from './journal-segments.ts';

const FIRST_BLOCK_BYTES = 8 * 1024;
/** An exchange carries its start, and is written at its end: segments are searched this much to both sides of a time. */
const SLACK_MS = 10 * 60_000;

export interface ReadOptions {
  /** Events with an earlier `timeMs` are passed over. */
  readonly fromMs?: number;
  readonly filter?: (event: Event) => boolean;
  /** Text that the event's JSON must hold, e.g. `"type":"config"`; looked for before anything is parsed. */
  readonly contains?: string;
  readonly limit?: number;
  /** Newest first. */
  readonly reverse?: boolean;
  /** Lines looked at per stream, matching or not; unbounded when absent. */
  readonly linesMax?: number;
  /** Told when `linesMax` ended the search of a stream. */
  readonly onCut?: () => void;
}

/**
 * The events of a folder, oldest first, or newest first with `reverse`. Streams of several processes are merged by `timeMs`; within a stream
 * the order of writing holds. Damaged lines are passed over (their count is a gap event's matter). A segment that is removed meanwhile is skipped.
 */
export async function* readJournal(dir: string, options: ReadOptions = {}): AsyncGenerator<Event, void, undefined> {
  const streams = await listSegments(dir);
  const heads: { readonly from: AsyncGenerator<Event>; event: Event }[] = [];
  try {
    for (const segments of streams.values()) {
      const from = streamEvents(segments, options);
      const first = await from.next();
      if (!first.done) heads.push({ from, event: first.value });
    }
    let left = options.limit ?? Number.POSITIVE_INFINITY;
    while (heads.length > 0 && left > 0) {
      let best = 0;
      for (let i = 1; i < heads.length; i++) {
        const earlier = heads[i]!.event.timeMs < heads[best]!.event.timeMs;
        if (options.reverse ? !earlier && heads[i]!.event.timeMs !== heads[best]!.event.timeMs : earlier) best = i;
      }
      const head = heads[best]!;
      left--;
      yield head.event;
      const next = await head.from.next();
      if (next.done) heads.splice(best, 1);
      else head.event = next.value;
    }
  } finally {
    for (const { from } of heads) await from.return(undefined);
  }
}

async function* streamEvents(segments: readonly Segment[], options: ReadOptions): AsyncGenerator<Event> {
  const wanted = options.contains === undefined ? undefined : Buffer.from(options.contains);
  const fromMs = options.fromMs ?? Number.NEGATIVE_INFINITY;
  let linesLeft = options.linesMax ?? Number.POSITIVE_INFINITY;
  const chosen = await segmentsSince(segments, fromMs);
  if (options.reverse) chosen.reverse();
  for (const segment of chosen) {
    const lines = options.reverse ? linesBackward(segment.path) : linesForward(segment.path, 0);
    for await (const { line } of lines) {
      if (linesLeft-- <= 0) {
        options.onCut?.();
        return;
      }
      if (wanted && !line.includes(wanted)) continue;
      const event = decodeLine(line)?.event;
      if (!event || event.timeMs < fromMs) continue;
      if (!options.filter || options.filter(event)) yield event;
    }
  }
}

/** Drops the segments that ended well before `fromMs`, by binary search over the time of their first events. */
export async function segmentsSince(segments: readonly Segment[], fromMs: number): Promise<Segment[]> {
  if (fromMs === Number.NEGATIVE_INFINITY) return [...segments];
  return segments.slice(Math.max(0, await segmentAt(segments, fromMs - SLACK_MS)));
}

/** Index of the last segment whose first event is not later than `timeMs`; -1 when all are later. */
async function segmentAt(segments: readonly Segment[], timeMs: number): Promise<number> {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (((await firstTimeMs(segments[middle]!)) ?? Number.NEGATIVE_INFINITY) <= timeMs) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

async function firstTimeMs(segment: Segment): Promise<number | undefined> {
  for await (const { line } of linesForward(segment.path, 0, FIRST_BLOCK_BYTES)) {
    const event = decodeLine(line)?.event;
    // An id is made when its event is written, which a start time in `timeMs` may lie long before.
    if (event) return uuidTimeMs(event.id) ?? event.timeMs;
  }
  return undefined;
}

/**
 * The event with this id, or undefined. UUIDv7 ids carry their time, so each stream is searched from the segment of that time outwards, and
 * within a segment for the bytes of the id.
 */
export async function findEvent(dir: string, id: string): Promise<Event | undefined> {
  const timeMs = uuidTimeMs(id);
  if (timeMs === undefined) return undefined;
  const ranked: { readonly segment: Segment; readonly distance: number }[] = [];
  for (const segments of (await listSegments(dir)).values()) {
    const at = Math.max(0, await segmentAt(segments, timeMs));
    // The next segment before the former one: an event waits for its batch, so it is written after its id was made.
    for (const [i, segment] of segments.entries()) ranked.push({ segment, distance: i >= at ? i - at : at - i + 0.5 });
  }
  ranked.sort((a, b) => a.distance - b.distance);
  return firstMatch(
    ranked.map(({ segment }) => segment),
    `"id":"${id}"`,
    id,
  );
}

async function firstMatch(segments: readonly Segment[], contains: string, id: string): Promise<Event | undefined> {
  const wanted = Buffer.from(contains);
  for (const segment of segments) {
    const file = await openOrGone(segment.path);
    if (!file) continue;
    let bytes: Buffer;
    try {
      bytes = await file.readFile();
    } finally {
      await file.close();
    }
    for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + 1)) {
      const end = bytes.indexOf(NEWLINE, at);
      if (end < 0) break;
      const event = decodeLine(bytes.subarray(bytes.lastIndexOf(NEWLINE, at) + 1, end))?.event;
      if (event?.id === id) return event;
    }
  }
  return undefined;
}
