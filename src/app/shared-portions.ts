// The broker of bounds that hold over all proxy workers, on the supervisor's channels to them.
import { type FromBroker, PortionBroker, type ToBroker } from '#base/portions.ts';
import type { ToWorker } from './messages.ts';
import type { Plane } from './plane.ts';

/** How long a worker may take to hand over what it does not use; its asker waits so long at most. */
const YIELD_TIMEOUT_MS = 100;

export class SharedPortions {
  readonly #broker: PortionBroker;
  #expiring: NodeJS.Timeout | undefined;

  /** @param workers all of them by name, running or not */
  constructor(workers: ReadonlyMap<string, Pick<Plane, 'running' | 'send'>>) {
    this.#broker = new PortionBroker([...workers.keys()], (name, message) => send(workers.get(name), message));
  }

  /** What a worker says of its portions. */
  take(worker: string, message: ToBroker): void {
    this.#broker.take(worker, message);
    this.#watch();
  }

  /** A worker ended. */
  left(worker: string): void {
    this.#broker.left(worker);
  }

  #watch(): void {
    if (this.#expiring || !this.#broker.waiting) return;
    this.#expiring = setTimeout(() => {
      this.#expiring = undefined;
      this.#broker.expire();
    }, YIELD_TIMEOUT_MS).unref();
  }
}

function send(worker: Pick<Plane, 'running' | 'send'> | undefined, message: FromBroker): boolean {
  if (worker?.running !== true) return false;
  try {
    worker.send(message satisfies ToWorker);
    return true;
  } catch {
    // It is just ending.
    return false;
  }
}
