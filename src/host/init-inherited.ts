// Descriptors that came along from whoever started the supervisor: a lock, a socket, a shell's pipe. None of them is a workload's business.
import { closeSync, readFileSync, readdirSync } from 'node:fs';

/** open(2) on Linux; Node's own descriptors have it. */
const O_CLOEXEC = 0o2000000;

/**
 * Closes every descriptor from 3 upwards that a child would inherit. Node itself makes sure of the low ones, and of the others only up to
 * the first gap.
 */
export function closeInherited(): void {
  if (process.platform !== 'linux') return;
  for (const name of readdirSync('/proc/self/fd')) {
    const fd = Number(name);
    if (fd <= 2) continue;
    try {
      const flags = /^flags:\s+([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1];
      if (flags !== undefined && (Number.parseInt(flags, 8) & O_CLOEXEC) === 0) closeSync(fd);
    } catch {
      // The descriptor of the listing itself.
    }
  }
}
