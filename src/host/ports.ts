import { once } from 'node:events';
import { createServer } from 'node:net';
import { CullisError, messageOf } from '#base/errors.ts';
import { processTitle } from './proc.ts';
import { listenerHolder } from './sockets.ts';

export interface BusyPort {
  readonly port: number;
  /** Who holds it, when the system says so: another user's processes cannot be asked. */
  readonly holder?: { readonly pid: number; readonly program: string };
  /** `EADDRINUSE`, or `EACCES` for a port below 1024 without the right to it. */
  readonly reason: string;
}

export interface FreePort {
  readonly port: number;
  readonly moved: boolean;
  /** The ports that were asked for and not free, in order; for the line that says why a port moved. */
  readonly busy: readonly BusyPort[];
}

const TRIES = 50;

/**
 * The preferred port when it can be had on `ip`, else the next one that can, else any. The port is free at the time of the answer;
 * whoever listens must still be ready for another to have been quicker.
 * @param preferred 0 for any @param taken ports promised to others
 * @throws CullisError listen.failed when `ip` is not an address of this machine
 */
export async function freePort(ip: string, preferred: number, taken: ReadonlySet<number> = new Set()): Promise<FreePort> {
  const busy: BusyPort[] = [];
  // A port that needs rights is not followed by its neighbours, which need them too: 80 moves to 8080.
  let candidate = preferred;
  for (let i = 0; i < TRIES && candidate > 0 && candidate < 65_536; i++) {
    if (!taken.has(candidate)) {
      const reason = await refusal(ip, candidate);
      if (reason === undefined) return { port: candidate, moved: candidate !== preferred, busy };
      const pid = reason === 'EADDRINUSE' ? listenerHolder(ip, candidate) : undefined;
      busy.push({ port: candidate, reason, ...(pid === undefined ? {} : { holder: { pid, program: processTitle(pid) } }) });
      if (reason === 'EACCES' && candidate < 1024) {
        candidate += 8000;
        continue;
      }
    }
    candidate++;
  }
  for (let i = 0; i < TRIES; i++) {
    const port = await anyPort(ip);
    if (!taken.has(port)) return { port, moved: preferred !== 0, busy };
  }
  throw new CullisError('listen.failed', `no free port on \`${ip}\``);
}

/** `port 8080 is held by node server.ts (pid 12)`, for each port that was busy. */
export function describeBusy(busy: readonly BusyPort[]): string {
  return busy
    .map(({ port, holder, reason }) => {
      if (reason === 'EACCES') return `port ${port} needs rights this process lacks`;
      return holder ? `port ${port} is held by ${holder.program} (pid ${holder.pid})` : `port ${port} is busy`;
    })
    .join(', ');
}

async function refusal(ip: string, port: number): Promise<string | undefined> {
  const server = createServer();
  try {
    server.listen({ host: ip, port, exclusive: true });
    await once(server, 'listening');
    return undefined;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EADDRINUSE' || code === 'EACCES') return code;
    throw new CullisError('listen.failed', `cannot listen on \`${ip}\`: ${messageOf(error)}`, { cause: error });
  } finally {
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

async function anyPort(ip: string): Promise<number> {
  const server = createServer();
  try {
    server.listen({ host: ip, port: 0, exclusive: true });
    await once(server, 'listening');
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  } catch (error) {
    throw new CullisError('listen.failed', `cannot listen on \`${ip}\`: ${messageOf(error)}`, { cause: error });
  } finally {
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}
