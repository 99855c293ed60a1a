// The state folder: who uses it, what was started from it, and the numbers that must stay the same from one start to the next.
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { CullisError, messageOf } from '#base/errors.ts';
import { type Recorded, endLeftovers } from './leftovers.ts';
import { takeLock } from './lock.ts';
import { bootId, processStat } from './proc.ts';
import { type UserTable, assignUids, takenUids } from './users.ts';

export interface State {
  /** Absolute; mode 0700. */
  readonly folder: string;
  /** Marks this folder's processes; the same over restarts. */
  readonly instance: string;
  /** Sockets and temporary files of this run; emptied at every start. */
  readonly runFolder: string;
  /** What was found of an earlier run that did not end well, and removed: `shop/cart (pid 12)`. */
  readonly cleaned: readonly string[];
  /** An earlier run was killed; by now nothing of it is left, whether there was something to clean or all of it ended by itself. */
  readonly afterCrash: boolean;
  path(...names: string[]): string;
  /** Remembers a started process, so that it can be ended even if this one is killed. Call it as soon as there is a pid. */
  track(pid: number, what: string): void;
  untrack(pid: number): void;
  /** A uid per workload, the same as ever. */
  uids(workloads: readonly string[]): Readonly<Record<string, number>>;
  /** Gives the folder free. Processes are not ended: whoever started them does that first. */
  close(): void;
}

/**
 * Opens (or makes) a state folder, takes its lock, and ends what an earlier run left behind.
 * @throws CullisError state.locked when another process has it, state.unreadable when it cannot be used
 */
export async function openState(folder: string): Promise<State> {
  const root = resolve(folder);
  prepareFolder(root);
  const release = takeLock(join(root, 'lock'));
  try {
    const instance =
      readOr(join(root, 'instance'), /^[0-9a-f]{32}$/) ?? writeFileWhole(join(root, 'instance'), randomBytes(16).toString('hex'));
    const registry = join(root, 'processes.json');
    const runFolder = join(root, 'run');
    // A run that ended well has taken both with it.
    const afterCrash = existsSync(registry) || existsSync(runFolder);
    const cleaned = await endLeftovers(instance, readRecords(registry), bootId());
    rmSync(registry, { force: true });
    rmSync(runFolder, { recursive: true, force: true });
    mkdirSync(runFolder, { mode: 0o700 });
    return new OpenState(root, instance, runFolder, cleaned, afterCrash, release);
  } catch (error) {
    release();
    throw error instanceof CullisError ? error : unusable(root, error);
  }
}

function prepareFolder(root: string): void {
  try {
    mkdirSync(root, { recursive: true, mode: 0o700 });
    const { uid, mode } = statSync(root);
    const self = process.getuid?.();
    if (self !== undefined && self !== 0 && uid !== self) throw new Error(`it belongs to user ${uid}`);
    if ((mode & 0o077) !== 0) chmodSync(root, 0o700);
  } catch (error) {
    throw unusable(root, error);
  }
}

function unusable(root: string, error: unknown): CullisError {
  return new CullisError('state.unreadable', `cannot use the state folder \`${root}\`: ${messageOf(error)}`, { cause: error });
}

class OpenState implements State {
  readonly folder: string;
  readonly instance: string;
  readonly runFolder: string;
  readonly cleaned: readonly string[];
  readonly afterCrash: boolean;
  readonly #release: () => void;
  readonly #boot = bootId();
  readonly #records = new Map<number, Recorded>();

  constructor(
    folder: string,
    instance: string,
    runFolder: string,
    cleaned: readonly string[],
    afterCrash: boolean,
    release: () => void,
  ) {
    this.folder = folder;
    this.instance = instance;
    this.runFolder = runFolder;
    this.cleaned = cleaned;
    this.afterCrash = afterCrash;
    this.#release = release;
  }

  path(...names: string[]): string {
    return join(this.folder, ...names);
  }

  track(pid: number, what: string): void {
    const startTicks = processStat(pid)?.startTicks;
    if (startTicks === undefined) return;
    this.#records.set(pid, { pid, startTicks, boot: this.#boot, what });
    this.#save();
  }

  untrack(pid: number): void {
    if (this.#records.delete(pid)) this.#save();
  }

  uids(workloads: readonly string[]): Readonly<Record<string, number>> {
    const file = this.path('users.json');
    const before = readUsers(file);
    const after = assignUids(workloads, before, takenUids());
    if (Object.keys(after.uids).length !== Object.keys(before.uids).length) writeFileWhole(file, JSON.stringify(after));
    return after.uids;
  }

  close(): void {
    rmSync(this.path('processes.json'), { force: true });
    rmSync(this.runFolder, { recursive: true, force: true });
    this.#release();
  }

  #save(): void {
    // Not synced: after a crash of the machine no process is left to be found.
    writeFileWhole(this.path('processes.json'), JSON.stringify([...this.#records.values()]), false);
  }
}

function readRecords(file: string): Recorded[] {
  const list = readJson(file);
  if (!Array.isArray(list)) return [];
  return list.filter((item): item is Recorded => {
    const { pid, startTicks, boot, what } = (item ?? {}) as Partial<Recorded>;
    return (
      Number.isSafeInteger(pid) &&
      pid! > 1 &&
      typeof startTicks === 'string' &&
      typeof boot === 'string' &&
      typeof what === 'string'
    );
  });
}

function readUsers(file: string): UserTable {
  const { uids } = (readJson(file) ?? {}) as { uids?: unknown };
  const entries = Object.entries(uids ?? {}).filter((entry): entry is [string, number] => Number.isSafeInteger(entry[1]));
  return { uids: Object.fromEntries(entries) };
}

/** Undefined when the file is not there or damaged: both hold what can be found again. */
function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as unknown;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function readOr(file: string, wanted: RegExp): string | undefined {
  try {
    const text = readFileSync(file, 'utf8').trim();
    return wanted.test(text) ? text : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Writes a file so that a crash leaves the old or the new one, never half. Mode 0600. @returns the text */
export function writeFileWhole(file: string, text: string, durable = true): string {
  const temporary = `${file}.new`;
  const handle = openSync(temporary, 'w', 0o600);
  try {
    writeSync(handle, text);
    if (durable) fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(temporary, file);
  if (durable) {
    const parent = openSync(dirname(file), 'r');
    try {
      fsyncSync(parent);
    } finally {
      closeSync(parent);
    }
  }
  return text;
}
