// What each thread of a scan does with its share of the files.
import { readTreeFile } from '#sources/tree.ts';
import type { TreeFile } from '#sources/tree.ts';
import type { FileEntry } from './data.ts';
import { entryOf } from './files.ts';
import { secretOptions } from './ignored.ts';

/** What a thread is started with. */
export interface ThreadSetting {
  /** Where `.gitleaksignore` may lie. */
  readonly cwd: string;
  readonly nowMs: number;
  /** Where compiled code is kept; a thread does not take that over by itself. */
  readonly codeFolder?: string;
}

export type ThreadTask = readonly Pick<TreeFile, 'path' | 'absolute'>[];
/** In the order of the task; nothing for a file that could not be read. */
export type ThreadAnswer = readonly (FileEntry | undefined)[];

/** @returns what works off one task after the other */
export function threadWork({ cwd, nowMs }: ThreadSetting): (task: ThreadTask) => ThreadAnswer {
  const options = { nowMs, ...secretOptions({ cwd }) };
  return (task) =>
    task.map((file) => {
      const bytes = readTreeFile(file);
      return bytes instanceof Uint8Array ? entryOf(file.path, bytes, options) : undefined;
    });
}
