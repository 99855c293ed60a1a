// The caretaker's side of watch.ts: starts the watching program, starts it again when it ends, and reads what it tells.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Something a workload tried that leads nowhere, gathered for a fifth of a second. */
export interface Attempt {
  /** `tcp`, `udp`, or `ip/47` for another protocol. */
  readonly protocol: string;
  readonly ip: string;
  /** 0 where the protocol has none. */
  readonly port: number;
  readonly count: number;
}

/** @param more what was too much or too varied to be told apart */
export type Tell = (attempts: readonly Attempt[], more: number) => void;

const READY_WAIT_MS = 2000;
/** Ends one after the other without a word in between, after which it is given up. */
const FAILURES_MAX = 5;
const AGAIN_MS = 50;

/** @returns waits until it watches, or will not */
export function watchAttempts(words: readonly string[], tell: Tell): () => Promise<void> {
  if (words.length === 0) return async () => {};
  let ready = Promise.withResolvers<void>();
  let failures = 0;
  const start = (): void => {
    const child = spawn(words[0]!, words.slice(1), { cwd: '/', env: {}, stdio: ['ignore', 'pipe', 'inherit'] });
    let waiting: Attempt[] = [];
    let more = 0;
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line === 'ready') {
        failures = 0;
        return ready.resolve();
      }
      const [protocol = '', ip = '', port = '', count = ''] = line.split(' ');
      if (waiting.length === 0 && more === 0) setImmediate(flush);
      if (protocol === 'more') more += Number(ip);
      else waiting.push({ protocol, ip, port: Number(port), count: Number(count) });
    });
    const flush = (): void => {
      tell(waiting, more);
      waiting = [];
      more = 0;
    };
    child.once('error', (error) => process.stderr.write(`tries to get around are not seen: ${error.message}\n`));
    child.once('close', () => {
      ready.resolve();
      if (++failures >= FAILURES_MAX) {
        process.stderr.write('tries to get around are not seen: the watcher does not stay\n');
        return;
      }
      ready = Promise.withResolvers();
      // A sweep of the namespace takes it along; before the next program starts it is back.
      if (failures === 1) start();
      else setTimeout(start, AGAIN_MS * failures);
    });
  };
  start();
  return async () => {
    const late = new Promise<void>((resolve) => setTimeout(resolve, READY_WAIT_MS).unref());
    await Promise.race([ready.promise, late]);
  };
}
