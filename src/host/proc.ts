// What Linux tells about processes in /proc. Everything here answers `undefined` rather than throw: processes come and go.
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

export interface ProcessStat {
  readonly pid: number;
  /** Program name, at most 15 bytes. */
  readonly name: string;
  /** R, S, D, Z, T, X … (proc_pid_stat(5) field 3). */
  readonly state: string;
  readonly ppid: number;
  readonly group: number;
  readonly session: number;
  /** Clock ticks after boot: with the boot id it tells one use of a pid from the next. Text, since it may exceed 2^53. */
  readonly startTicks: string;
}

/** proc_pid_stat(5); the name may itself hold spaces and parentheses, so fields are counted from the last `)`. */
export function parseStat(text: string): ProcessStat | undefined {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 1 || close < open) return undefined;
  const fields = text.slice(close + 2).split(' ');
  const [pid, ppid, group, session] = [text.slice(0, open), fields[1], fields[2], fields[3]].map(Number);
  const startTicks = fields[19];
  if (!pid || ppid === undefined || group === undefined || session === undefined || !startTicks) return undefined;
  return { pid, name: text.slice(open + 1, close), state: fields[0] ?? '?', ppid, group, session, startTicks: startTicks.trim() };
}

/** @returns undefined when there is no such process (or no /proc) */
export function processStat(pid: number): ProcessStat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return undefined;
  }
}

/** Every process visible here; empty where there is no /proc. */
export function processIds(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => name.charCodeAt(0) >= 48 && name.charCodeAt(0) <= 57)
      .map(Number);
  } catch {
    return [];
  }
}

/** Processes that ended but were not yet waited for count as gone. */
export function isRunning(pid: number, startTicks?: string): boolean {
  const stat = processStat(pid);
  return (
    stat !== undefined && stat.state !== 'Z' && stat.state !== 'X' && (startTicks === undefined || stat.startTicks === startTicks)
  );
}

/** Differs after every boot; '' where the kernel does not say. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return '';
  }
}

/** A process's number in the innermost pid namespace it is in (proc_pid_status(5), NSpid); undefined when that is this one. */
export function innerPid(pid: number): number | undefined {
  try {
    const numbers = /^NSpid:\s+(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]?.split(/\s+/) ?? [];
    return numbers.length > 1 ? Number(numbers.at(-1)) : undefined;
  } catch {
    return undefined;
  }
}

/** Value of one variable in the environment a process was started with; undefined when it cannot be read or is not set. */
export function processEnv(pid: number, name: string): string | undefined {
  let text: string;
  try {
    text = `\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}`;
  } catch {
    return undefined;
  }
  const at = text.indexOf(`\0${name}=`);
  if (at === -1) return undefined;
  const from = at + name.length + 2;
  const end = text.indexOf('\0', from);
  return text.slice(from, end === -1 ? undefined : end);
}

/** `node server.ts` for people: the first words of the command line, else the program's name. Arguments beyond it may hold secrets. */
export function processTitle(pid: number): string {
  let words: string[] = [];
  try {
    words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    // A process of another user or one that just ended: its name will do.
  }
  const program = words[0]?.split('/').at(-1) || processStat(pid)?.name || 'unknown';
  const script = words[1] && !words[1].startsWith('-') ? ` ${words[1].split('/').at(-1)}` : '';
  return (program + script).replace(/[^\x20-\x7e]/g, '?').slice(0, 60);
}

/**
 * The tree of a workload: processes of the session that `root` leads, and descendants of `root` or of those.
 * A descendant that left the session and whose parent ended is not found here (see `leftoversOf`, which asks the environment).
 */
export function processTree(root: number, stats: readonly ProcessStat[] = allStats()): number[] {
  const children = new Map<number, number[]>();
  const found = new Set<number>();
  for (const stat of stats) {
    if (stat.pid === root || stat.session === root) found.add(stat.pid);
    const siblings = children.get(stat.ppid);
    if (siblings) siblings.push(stat.pid);
    else children.set(stat.ppid, [stat.pid]);
  }
  // A Set iterates over what is added while it is walked, so this visits every descendant once.
  for (const pid of found) for (const child of children.get(pid) ?? []) found.add(child);
  return [...found];
}

export function allStats(): ProcessStat[] {
  return processIds()
    .map(processStat)
    .filter((stat) => stat !== undefined);
}

/** Inodes of all sockets that a process holds, into `into`. @param budget descriptors that may still be looked at; shared over calls */
export function collectSockets(pid: number, into: Set<string>, budget: { left: number }): void {
  const folder = `/proc/${pid}/fd`;
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return;
  }
  for (const name of names) {
    if (budget.left-- <= 0) return;
    try {
      const link = readlinkSync(`${folder}/${name}`);
      if (link.startsWith('socket:[')) into.add(link.slice(8, -1));
    } catch {
      // Closed between the listing and the look.
    }
  }
}

/** Whether a process holds the socket with this inode. @param budget descriptors that may still be looked at; shared over calls */
export function holdsSocket(pid: number, inode: string, budget: { left: number }): boolean {
  const folder = `/proc/${pid}/fd`;
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return false;
  }
  const wanted = `socket:[${inode}]`;
  // The newest descriptor is most often the highest number.
  for (let i = names.length - 1; i >= 0; i--) {
    if (budget.left-- <= 0) return false;
    try {
      if (readlinkSync(`${folder}/${names[i]}`) === wanted) return true;
    } catch {
      // Closed between the listing and the look.
    }
  }
  return false;
}
