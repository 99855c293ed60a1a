// Large trees: what files say by themselves, worked out by several threads. Which thread takes which file does not show in the result.
import { getCompileCacheDir } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { setImmediate as immediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { CullisError, messageOf } from '#base/errors.ts';
import type { TreeFile } from '#sources/tree.ts';
import type { FileEntry } from './data.ts';
import { threadWork } from './thread-work.ts';
import type { ThreadAnswer, ThreadSetting, ThreadTask } from './thread-work.ts';

/** Each thread loads the rules and compiles them anew: about half a second of a processor, which a smaller tree does not give back. */
const WORTH_BYTES = 128 * 1024 * 1024;
const THREADS_MAX = 8;
/** Small enough that the last one does not keep the others waiting. */
const CHUNK_BYTES = 1024 * 1024;
const CHUNK_FILES = 200;
/** Chunks that lie before a thread. */
const AHEAD = 3;

/**
 * Looks at files that are needed for nothing else, where there are enough of them and more than one processor. This thread works too.
 * @param files those that nothing is known of
 * @param options for tests: from how many bytes it is done, by how many threads beside this one, and what they run
 * @returns by path; empty where it does not pay
 * @throws CullisError process.failed when a thread fails: a scan that leaves out files must not look like a clean one
 */
export async function entriesAhead(
  files: readonly TreeFile[],
  { cwd, nowMs }: Pick<ThreadSetting, 'cwd' | 'nowMs'>,
  options: { readonly worthBytes?: number; readonly helpers?: number; readonly thread?: URL } = {},
): Promise<ReadonlyMap<string, FileEntry>> {
  const entries = new Map<string, FileEntry>();
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const { worthBytes = WORTH_BYTES, helpers = Math.min(availableParallelism(), THREADS_MAX) - 1 } = options;
  if (bytes < worthBytes || helpers < 1) return entries;
  const thread = options.thread ?? new URL('./thread.ts', import.meta.url);
  const code = getCompileCacheDir();
  const setting: ThreadSetting = { cwd, nowMs, ...(code !== undefined && { codeFolder: dirname(code) }) };
  const queue = chunksOf(files).values();
  const take = (task: readonly TreeFile[], answer: ThreadAnswer): void => {
    for (const [i, entry] of answer.entries()) if (entry) entries.set(task[i]!.path, entry);
  };
  await Promise.all([
    ...Array.from({ length: helpers }, () => runThread(thread, queue, setting, take)),
    runHere(queue, setting, take),
  ]);
  return entries;
}

function chunksOf(files: readonly TreeFile[]): readonly (readonly TreeFile[])[] {
  const chunks: TreeFile[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const file of files) {
    const last = chunks.at(-1);
    if (last && bytes < CHUNK_BYTES && last.length < CHUNK_FILES) last.push(file);
    else {
      chunks.push([file]);
      bytes = 0;
    }
    bytes += file.size;
  }
  return chunks;
}

type Take = (task: readonly TreeFile[], answer: ThreadAnswer) => void;

async function runHere(queue: Iterable<readonly TreeFile[]>, setting: ThreadSetting, take: Take): Promise<void> {
  const work = threadWork(setting);
  for (const task of queue) {
    take(task, work(task));
    // The others' answers come in between.
    await immediate();
  }
}

/** One thread takes chunks until there are none; some lie before it, so that it need not wait for this thread. */
function runThread(thread: URL, queue: Iterator<readonly TreeFile[]>, setting: ThreadSetting, take: Take): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(thread, { workerData: setting });
    const waiting: (readonly TreeFile[])[] = [];
    const fill = (): void => {
      while (waiting.length < AHEAD) {
        const { value, done } = queue.next();
        if (done === true) break;
        waiting.push(value);
        worker.postMessage(value.map(({ path, absolute }) => ({ path, absolute })) satisfies ThreadTask, []);
      }
      if (waiting.length > 0) return;
      resolve();
      void worker.terminate();
    };
    worker.on('message', (answer: ThreadAnswer) => {
      take(waiting.shift()!, answer);
      fill();
    });
    worker.on('error', (error) => {
      const near = waiting[0]?.[0] === undefined ? '' : ` at or after \`${waiting[0][0].path}\``;
      reject(new CullisError('process.failed', `a thread of the scan failed${near}: ${messageOf(error)}`, { cause: error }));
    });
    worker.on('exit', () => reject(new CullisError('process.failed', 'a thread of the scan ended too early')));
    fill();
  });
}
