// What a killed supervisor left running is found by its record and by the mark in its environment, and ended.
import { isRunning, processEnv, processIds, processStat, processTitle } from './proc.ts';
import { INSTANCE_VARIABLE, WORKLOAD_VARIABLE } from './tree.ts';

export interface Recorded {
  readonly pid: number;
  readonly startTicks: string;
  readonly boot: string;
  /** For people: `shop/cart`, `proxy/1`. */
  readonly what: string;
}

const TERM_WAIT_MS = 2000;
const KILL_WAIT_MS = 2000;
const POLL_MS = 20;

/**
 * Ends the processes that provably are this instance's: recorded with pid, start time and boot, or carrying its mark. This process, its
 * ancestors, and whatever they started for themselves are spared.
 * @returns a word for each: `shop/cart (pid 12)`
 */
export async function endLeftovers(instance: string, recorded: readonly Recorded[], boot: string): Promise<string[]> {
  const left = new Map<number, { startTicks: string; what: string; group: number }>();
  const spared = ancestors();
  for (const { pid, startTicks, boot: then, what } of recorded) {
    const stat = then === boot && !spared.has(pid) ? processStat(pid) : undefined;
    // A start time is exact to a hundredth of a second; the mark, where it can be read, must agree.
    if (!stat || stat.startTicks !== startTicks || stat.state === 'Z') continue;
    const mark = processEnv(pid, INSTANCE_VARIABLE);
    if (mark === undefined || mark === instance) left.set(pid, { startTicks, what, group: stat.group });
  }
  for (const pid of processIds()) {
    if (spared.has(pid) || left.has(pid) || processEnv(pid, INSTANCE_VARIABLE) !== instance) continue;
    const stat = processStat(pid);
    if (!stat || stat.state === 'Z') continue;
    left.set(pid, {
      startTicks: stat.startTicks,
      what: processEnv(pid, WORKLOAD_VARIABLE) ?? processTitle(pid),
      group: stat.group,
    });
  }
  if (left.size === 0) return [];
  for (const [signal, waitMs] of [
    ['SIGTERM', TERM_WAIT_MS],
    ['SIGKILL', KILL_WAIT_MS],
  ] as const) {
    for (const [pid, { startTicks, group }] of left) {
      if (!isRunning(pid, startTicks)) continue;
      kill(pid, signal);
      // Everything is started as leader of its own group, so the group is ours with its leader.
      if (group === pid) kill(-pid, signal);
    }
    const alive = (): boolean => [...left].some(([pid, { startTicks }]) => isRunning(pid, startTicks));
    for (const deadlineMs = performance.now() + waitMs; alive() && performance.now() < deadlineMs;) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
  return [...left].map(([pid, { what }]) => `${what} (pid ${pid})`);
}

function ancestors(): Set<number> {
  const found = new Set([process.pid]);
  for (let at = processStat(process.pid)?.ppid ?? 0; at > 1 && !found.has(at); at = processStat(at)?.ppid ?? 0) found.add(at);
  return found.add(1);
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone.
  }
}
