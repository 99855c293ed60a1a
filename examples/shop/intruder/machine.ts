// Looking around on the machine: other processes, files, signals.
import { closeSync, openSync, readFileSync, readSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Knock } from './targets.ts';

const PIDS_MAX = 20_000;
const FILES_MAX = 200;
/** Programs that are none of this workload's business: the shop's other services, the database, Cullis itself. */
const OTHERS =
  /services\/(?:frontend|user-service|cart|payment-processing)\.ts|\bpostgres\b|bin\/cullis\.js|src\/(?:app|control|proxy|main)/;

interface Neighbour {
  readonly pid: number;
  readonly name: string;
}

/** Processes of others that can be seen, and how many can be seen at all. */
export function neighbours(): { readonly others: readonly Neighbour[]; readonly visible: number } {
  const others: Neighbour[] = [];
  let visible = 0;
  for (const entry of readdirSync('/proc').slice(0, PIDS_MAX)) {
    if (!/^\d+$/.test(entry)) continue;
    visible++;
    let command = '';
    try {
      command = readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ');
    } catch {
      continue;
    }
    const found = OTHERS.exec(command);
    if (found && !command.includes('intruder.ts')) others.push({ pid: Number(entry), name: found[0] });
  }
  return { others, visible };
}

function first(what: string, look: (pid: number) => string): Knock {
  const { others, visible } = neighbours();
  if (others.length === 0) return { reached: false, detail: `only ${visible} processes can be seen, none of others` };
  let refused = '';
  for (const { pid, name } of others) {
    try {
      return { reached: true, detail: `${what} of ${name} (${pid}): ${look(pid)}` };
    } catch (error) {
      refused = (error as NodeJS.ErrnoException).code ?? String(error);
    }
  }
  return { reached: false, detail: `${others.length} processes of others can be seen, none can be read (${refused})` };
}

/** Environment variables of other processes; only their number is told, never a value. */
export const readEnvironments = (): Knock =>
  first('environment', (pid) => `${readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').length - 1} variables`);

/** Open files of other processes. */
export const readOpenFiles = (): Knock => first('open files', (pid) => `${readdirSync(`/proc/${pid}/fd`).length} descriptors`);

/** Memory of other processes: opened, not read. */
export const openMemory = (): Knock =>
  first('memory', (pid) => {
    closeSync(openSync(`/proc/${pid}/mem`, 'r'));
    return 'can be opened';
  });

/** Signal 0 asks whether another process could be ended, and harms nothing. */
export const signalOthers = (): Knock =>
  first('signal', (pid) => {
    process.kill(pid, 0);
    return 'could be ended';
  });

/** Reads a byte of each file below a folder. */
export function readFolder(folder: string): Knock {
  const files: string[] = [];
  const walk = (path: string, depth: number): void => {
    if (files.length >= FILES_MAX || depth > 4) return;
    for (const entry of readdirSync(path)) {
      const full = join(path, entry);
      try {
        if (statSync(full).isDirectory()) walk(full, depth + 1);
        else files.push(full);
      } catch {
        // What cannot be looked at is not reached.
      }
    }
  };
  try {
    walk(folder, 0);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return { reached: false, detail: code === 'ENOENT' ? 'the folder is not there' : `the folder cannot be listed (${code})` };
  }
  let readable = 0;
  for (const file of files) {
    try {
      const handle = openSync(file, 'r');
      readSync(handle, Buffer.alloc(1), 0, 1, 0);
      closeSync(handle);
      readable++;
    } catch {
      // Not readable: counted by not being counted.
    }
  }
  return { reached: readable > 0, detail: `${readable} of ${files.length} files can be read` };
}
