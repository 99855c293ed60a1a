// One process at a time per state folder. Node has no flock, so the lock is a file that names its holder, and a holder is known by
// pid and start time: a pid alone is used again.
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { CullisError } from '#base/errors.ts';
import { bootId, isRunning, processStat } from './proc.ts';

interface Holder {
  readonly pid: number;
  readonly startTicks: string;
  readonly boot: string;
}

/**
 * Takes the lock or takes it over from a holder that is gone.
 * @returns releases it @throws CullisError state.locked naming the holder
 */
export function takeLock(file: string): () => void {
  const own: Holder = { pid: process.pid, startTicks: processStat(process.pid)?.startTicks ?? '', boot: bootId() };
  const text = JSON.stringify(own);
  const mine = `${file}.${process.pid}`;
  writeFileSync(mine, text, { mode: 0o600 });
  try {
    // Bounded: each turn either takes the lock, meets a living holder, or removes a stale one.
    for (let turn = 0; turn < 100; turn++) {
      try {
        // A link is made whole or not at all, and never over another.
        linkSync(mine, file);
        return () => {
          if (readText(file) === text) rmSync(file, { force: true });
        };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const before = readText(file);
      if (before === undefined) continue;
      const holder = parseHolder(before);
      if (holder && holds(holder, own.boot)) {
        throw new CullisError('state.locked', `\`${file}\` is held by process ${holder.pid}`);
      }
      // Two may find the same stale lock: whoever moved something else than what it judged puts it back.
      const aside = `${mine}.stale`;
      try {
        renameSync(file, aside);
      } catch {
        continue;
      }
      if (readText(aside) !== before) {
        try {
          linkSync(aside, file);
        } catch {
          // Another was quicker; the next turn judges it.
        }
      }
      rmSync(aside, { force: true });
    }
    throw new CullisError('state.locked', `\`${file}\` changes hands too often`);
  } finally {
    rmSync(mine, { force: true });
  }
}

function holds({ pid, startTicks, boot }: Holder, bootNow: string): boolean {
  if (boot !== bootNow) return false;
  if (startTicks !== '') return isRunning(pid, startTicks);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function parseHolder(text: string): Holder | undefined {
  try {
    const { pid, startTicks, boot } = JSON.parse(text) as Partial<Holder>;
    if (typeof pid === 'number' && typeof startTicks === 'string' && typeof boot === 'string') return { pid, startTicks, boot };
  } catch {
    // A torn file is from a crash: stale.
  }
  return undefined;
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
