import { type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';
import type { Event } from '#model/event.ts';
import { decodeLine } from './journal-format.ts';
import { linesBackward, linesForward } from './journal-lines.ts';
import { segmentsSince } from './journal-read.ts';
import { listSegments, subfolders } from './journal-segments.ts';

const FOLLOW_POLL_MS = 1000;

export interface FollowOptions {
  /** `end`: only what is written from now on; a time: what was written since, then on. */
  readonly from: 'end' | number;
  readonly signal: AbortSignal;
  readonly filter?: (event: Event) => boolean;
  readonly contains?: string;
  /** Looks at a line's bytes before it is read. */
  readonly lineFilter?: (line: Buffer) => boolean;
}

/** Events as they come on disk, until `signal` aborts. Within one turn events are in time order; a slow reader loses nothing but what retention removes. */
export async function* followJournal(dir: string, options: FollowOptions): AsyncGenerator<Event, void, undefined> {
  const wanted = options.contains === undefined ? undefined : Buffer.from(options.contains);
  const fromMs = options.from === 'end' ? Number.NEGATIVE_INFINITY : options.from;
  const positions = new Map<string, number>();
  if (options.from === 'end') {
    for (const segments of (await listSegments(dir)).values()) {
      for (const segment of segments) positions.set(segment.path, await lastLineEnd(segment.path));
    }
  }
  const change = await watchFolders(dir, options.signal);
  try {
    while (!options.signal.aborted) {
      const found: Event[] = [];
      const present = new Set<string>();
      for (const segments of (await listSegments(dir)).values()) {
        const from = await segmentsSince(segments, fromMs);
        for (const segment of from) {
          present.add(segment.path);
          for await (const { line, end } of linesForward(segment.path, positions.get(segment.path) ?? 0)) {
            positions.set(segment.path, end);
            if ((wanted && !line.includes(wanted)) || options.lineFilter?.(line) === false) continue;
            const event = decodeLine(line)?.event;
            if (event && event.timeMs >= fromMs && (!options.filter || options.filter(event))) found.push(event);
          }
        }
      }
      for (const path of positions.keys()) if (!present.has(path)) positions.delete(path);
      found.sort((a, b) => a.timeMs - b.timeMs);
      for (const event of found) {
        if (options.signal.aborted) return;
        yield event;
      }
      await change.next();
    }
  } finally {
    change.close();
  }
}

async function lastLineEnd(path: string): Promise<number> {
  for await (const { end } of linesBackward(path)) return end;
  return 0;
}

/** Resolves `next` when a file of the folder changes, after a second at the latest, or on abort. */
async function watchFolders(dir: string, signal: AbortSignal): Promise<{ next(): Promise<void>; close(): void }> {
  let changed = false;
  let wake: (() => void) | undefined;
  const onChange = (): void => {
    changed = true;
    wake?.();
  };
  const watchers: FSWatcher[] = [];
  for (const folder of ['', ...(await subfolders(dir))]) {
    try {
      watchers.push(watch(join(dir, folder), { persistent: false }, onChange).on('error', () => undefined));
    } catch {
      // Polling remains: the folder may come later, or the system may be out of watches.
    }
  }
  signal.addEventListener('abort', onChange);
  return {
    next: () =>
      new Promise((resolve) => {
        const timer = setTimeout(onChange, FOLLOW_POLL_MS);
        wake = () => {
          clearTimeout(timer);
          wake = undefined;
          changed = false;
          resolve();
        };
        if (changed || signal.aborted) wake();
      }),
    close: () => {
      signal.removeEventListener('abort', onChange);
      for (const watcher of watchers) watcher.close();
    },
  };
}
