// The lines of one segment, in blocks, from its start or from its end.
import { type FileHandle, open } from 'node:fs/promises';
import { LINE_BYTES_MAX } from './journal-format.ts';

const BLOCK_BYTES = 256 * 1024;
export const NEWLINE = 0x0a;

export interface FoundLine {
  readonly line: Buffer;
  /** Offset behind the line's end. */
  readonly end: number;
}

/** Undefined for a file that is gone: retention may remove it at any time. */
export async function openOrGone(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whole lines from offset `from` on. */
export async function* linesForward(path: string, from: number, blockBytes = BLOCK_BYTES): AsyncGenerator<FoundLine> {
  const file = await openOrGone(path);
  if (!file) return;
  try {
    let rest: Buffer = Buffer.alloc(0);
    let at = from;
    for (;;) {
      const block = Buffer.allocUnsafe(blockBytes);
      const { bytesRead } = await file.read(block, 0, blockBytes, at);
      if (bytesRead === 0) return;
      const base = at - rest.length;
      at += bytesRead;
      const bytes = rest.length > 0 ? Buffer.concat([rest, block.subarray(0, bytesRead)]) : block.subarray(0, bytesRead);
      let start = 0;
      for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
        yield { line: bytes.subarray(start, end), end: base + end + 1 };
        start = end + 1;
      }
      rest = bytes.subarray(start);
      // A damaged file may hold no line end for long: what cannot be a line is let go.
      if (rest.length > LINE_BYTES_MAX) rest = Buffer.alloc(0);
    }
  } finally {
    await file.close();
  }
}

/** Whole lines, last first; what stands behind the last line end is not one. */
export async function* linesBackward(path: string): AsyncGenerator<FoundLine> {
  const file = await openOrGone(path);
  if (!file) return;
  try {
    let at = (await file.stat()).size;
    let rest: Buffer = Buffer.alloc(0);
    let whole = false;
    while (at > 0) {
      const length = Math.min(BLOCK_BYTES, at);
      at -= length;
      const block = Buffer.allocUnsafe(length);
      const { bytesRead } = await file.read(block, 0, length, at);
      const bytes = Buffer.concat([block.subarray(0, bytesRead), rest]);
      let end = bytes.length;
      for (
        let newline = bytes.lastIndexOf(NEWLINE);
        newline >= 0;
        newline = newline === 0 ? -1 : bytes.lastIndexOf(NEWLINE, newline - 1)
      ) {
        // What stands behind the last line end is a line that is still being written.
        if (whole) yield { line: bytes.subarray(newline + 1, end), end: at + end + 1 };
        whole = true;
        end = newline;
      }
      rest = bytes.subarray(0, end);
      if (rest.length > LINE_BYTES_MAX) rest = Buffer.alloc(0);
    }
    if (whole) yield { line: rest, end: rest.length + 1 };
  } finally {
    await file.close();
  }
}
