// Ending a whole tree of processes, whatever it did to get away.
import { allStats, isRunning, processEnv, processStat, processTree } from './proc.ts';

/** Set in the environment of everything Cullis starts: the state folder's id, the workload's id, and one of the run's own. */
export const INSTANCE_VARIABLE = 'CULLIS_INSTANCE';
export const WORKLOAD_VARIABLE = 'CULLIS_WORKLOAD';
export const RUN_VARIABLE = 'CULLIS_RUN';

/** How often the end is looked for. */
const POLL_MS = 20;
/** After SIGKILL only a process stuck in the kernel is left; it is not waited for longer than this. */
const KILL_WAIT_MS = 2000;

/**
 * Ends the process group of `root`, its session, its descendants and whatever else carries the run's mark: SIGTERM (or `signal`), then SIGKILL
 * after `graceMs`. Resolves when none is left.
 * @param run value of RUN_VARIABLE in the environment of the tree's processes
 */
export async function endTree(root: number, graceMs: number, signal: NodeJS.Signals, run: string): Promise<void> {
  if (graceMs > 0) {
    // Descendants that left the group are remembered now, while their parents still connect them to the root.
    const before = members(root, run);
    signalGroup(root, signal);
    for (const [pid] of before) if (processStat(pid)?.group !== root) signalOne(pid, signal);
    if (await gone(root, before, run, graceMs)) return;
  }
  const left = members(root, run);
  signalGroup(root, 'SIGKILL');
  for (const [pid] of left) signalOne(pid, 'SIGKILL');
  await gone(root, left, run, KILL_WAIT_MS);
}

/** pid -> start ticks of everything that belongs to the tree now. */
function members(root: number, run: string): Map<number, string> {
  const stats = allStats();
  const tree = new Set(processTree(root, stats));
  const found = new Map<number, string>();
  for (const { pid, startTicks, group, state } of stats) {
    if (pid === process.pid || state === 'Z') continue;
    const ours = tree.has(pid) || group === root || processEnv(pid, RUN_VARIABLE) === run;
    if (ours) found.set(pid, startTicks);
  }
  return found;
}

async function gone(root: number, known: ReadonlyMap<number, string>, run: string, waitMs: number): Promise<boolean> {
  for (const deadlineMs = performance.now() + waitMs; ;) {
    if (![...known].some(([pid, startTicks]) => isRunning(pid, startTicks)) && members(root, run).size === 0) return true;
    if (performance.now() >= deadlineMs) return false;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  if (group > 1) signalOne(-group, signal);
}

function signalOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Already gone.
  }
}
