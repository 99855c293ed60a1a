// The files of a journal folder: which there are, and what a crash left in the last one.
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CullisError } from '#base/errors.ts';
import { decodeHead, eachLine, parseSegmentName, streamName } from './journal-format.ts';

export interface Segment {
  readonly path: string;
  readonly stream: string;
  readonly firstSequence: number;
}

/**
 * Segments in writing order, by stream. Those of the folder itself and of its direct subfolders: processes that must not write each other's
 * streams have a subfolder each. A folder that does not exist has none.
 */
export async function listSegments(dir: string): Promise<Map<string, Segment[]>> {
  const streams = new Map<string, Segment[]>();
  for (const folder of ['', ...(await subfolders(dir))]) {
    const names = await readdir(join(dir, folder)).catch((error: unknown) => missing(error, dir));
    for (const name of names.sort(byText)) {
      const parsed = parseSegmentName(name);
      if (!parsed) continue;
      const key = `${folder}/${parsed.stream}`;
      const segment = { path: join(dir, folder, name), ...parsed };
      const list = streams.get(key);
      if (list) list.push(segment);
      else streams.set(key, [segment]);
    }
  }
  return streams;
}

export async function subfolders(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch((error: unknown) => missing(error, dir));
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort(byText);
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function missing(error: unknown, dir: string): [] {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
  throw new CullisError('state.unreadable', `the journal folder \`${dir}\` could not be read`, { cause: error });
}

/** The segments of one writer, in its own folder. */
export async function ownSegments(dir: string, node: string): Promise<Segment[]> {
  return (await listSegments(dir)).get(`/${streamName(node)}`) ?? [];
}

export interface Recovery {
  /** Last sequence number on disk, 0 when there is none. */
  readonly lastSequence: number;
  /** Last sequence number the stream is known to have taken in. */
  readonly accepted: number;
  /** Bytes cut from the end because they are no whole record. */
  readonly tornBytes: number;
  /** Lines before the end that do not pass their checksum; they stay where they are. */
  readonly damagedLines: number;
  /** Offset of the first of them, -1 when there is none. */
  readonly damagedAt: number;
}

export const NOTHING_TO_RECOVER: Recovery = { lastSequence: 0, accepted: 0, tornBytes: 0, damagedLines: 0, damagedAt: -1 };

/** Reads the segment that was written last and cuts what follows its last whole record. */
export async function recoverSegment(segment: Segment): Promise<Recovery> {
  const file = await open(segment.path, 'r+');
  try {
    const bytes = await file.readFile();
    let lastSequence = segment.firstSequence - 1;
    let accepted = lastSequence;
    let goodEnd = 0;
    let badSinceGood = 0;
    let firstBadSinceGood = -1;
    let damagedLines = 0;
    let damagedAt = -1;
    eachLine(bytes, (line, offset) => {
      const head = decodeHead(line);
      if (!head) {
        badSinceGood++;
        if (firstBadSinceGood < 0) firstBadSinceGood = offset;
        return;
      }
      if (badSinceGood > 0 && damagedAt < 0) damagedAt = firstBadSinceGood;
      damagedLines += badSinceGood;
      badSinceGood = 0;
      firstBadSinceGood = -1;
      goodEnd = offset + line.length + 1;
      lastSequence = Math.max(lastSequence, head.sequence);
      accepted = Math.max(accepted, head.accepted);
    });
    const tornBytes = bytes.length - goodEnd;
    if (tornBytes > 0) {
      // Not synced: should a power cut bring the torn end back, it is cut again.
      await file.truncate(goodEnd);
    }
    return { lastSequence, accepted, tornBytes, damagedLines, damagedAt };
  } finally {
    await file.close();
  }
}

/**
 * Makes new names in the folder survive a power cut. Under Node's permission model there is no fsync; there the synchronous writes to the new
 * file itself commit its name too, as the journalling file systems of Linux (ext4, XFS, btrfs) do it.
 */
export async function syncFolder(dir: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(dir, 'r');
    await handle.sync().catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ERR_ACCESS_DENIED') throw error;
    });
  } finally {
    await handle?.close();
  }
}

/** Size in bytes; 0 for a file that is gone. */
export async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}
