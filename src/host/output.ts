// Where a namespace's programs write to: pipes with names for a moment. Node's own are socket pairs, which cannot be opened again, so that
// `echo x > /dev/stderr` fails in them; and a descriptor of a socket that the supervisor holds the other end of is more than a log needs.
import { execFile } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';

export interface Output {
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** For `spawn`; to be given up with `release` when the child has its own. */
  readonly fds: readonly [stdout: number, stderr: number];
  release(): void;
}

/** @param folder an empty one that others cannot enter; what is made in it may be removed at once @throws when there is no `mkfifo` */
export async function makeOutput(folder: string): Promise<Output> {
  const paths = [join(folder, 'stdout'), join(folder, 'stderr')] as const;
  // Others may write: the workload is another user and opens its own again by /proc/self/fd.
  await promisify(execFile)('mkfifo', ['-m', '622', '--', ...paths]);
  const open: number[] = [];
  try {
    const readers = paths.map((path) => {
      const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      open.push(fd);
      return fd;
    });
    const [stdoutEnd, stderrEnd] = paths.map((path) => {
      const fd = openSync(path, constants.O_WRONLY);
      open.push(fd);
      return fd;
    });
    const [stdout, stderr] = readers.map((fd) => new Socket({ fd, readable: true, writable: false }));
    for (const each of [stdout!, stderr!]) each.on('error', () => {});
    return {
      stdout: stdout!,
      stderr: stderr!,
      fds: [stdoutEnd!, stderrEnd!],
      release: () => {
        closeSync(stdoutEnd!);
        closeSync(stderrEnd!);
      },
    };
  } catch (error) {
    for (const fd of open) closeSync(fd);
    throw error;
  }
}
