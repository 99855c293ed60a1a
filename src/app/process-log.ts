// What became of every process, on its way into the journal. The supervisor sees it and control writes it, so it is kept here until control says it is on disk.
import type { Clock, Random } from '#base/ports.ts';
import type { EgressEvent, Event, NameEvent, ProcessEvent } from '#model/event.ts';
import { uuidv7 } from '#telemetry/ids.ts';

const NODE = 'supervisor';
/** While control is away; the oldest are dropped beyond it, and counted. */
const WAITING_MAX = 2000;
const BATCH_MAX = 200;

type Body<E extends Event> = Omit<E, 'id' | 'timeMs' | 'node'>;
/** What the supervisor sees, before it has an id. */
export type SeenEvent = Body<ProcessEvent> | Body<NameEvent> | Body<EgressEvent>;

export interface ProcessLogPorts {
  readonly clock: Clock;
  readonly random: Random;
  /** Resolves when they are on disk; rejects when control is away. */
  write(events: readonly Event[]): Promise<unknown>;
}

export class ProcessLog {
  readonly #ports: ProcessLogPorts;
  readonly #nextId: () => string;
  #waiting: Event[] = [];
  #lost = 0;
  #writing: Promise<void> | undefined;

  constructor(ports: ProcessLogPorts) {
    this.#ports = ports;
    this.#nextId = uuidv7(ports.clock, ports.random);
  }

  /** @param name workload id, `control`, `proxy/1` @param pid 0 when it never had one */
  say(action: ProcessEvent['action'], name: string, pid: number, detail: string): void {
    this.add({ type: 'process', action, name, pid, detail });
  }

  /** Something else that the supervisor sees. */
  add(body: SeenEvent): void {
    this.#waiting.push({ ...body, id: this.#nextId(), timeMs: this.#ports.clock.nowMs(), node: NODE });
    if (this.#waiting.length > WAITING_MAX) {
      this.#waiting.shift();
      this.#lost++;
    }
    void this.flush();
  }

  /** Hands over what waits. Resolves when it is on disk, or cannot be written now; then the next call tries again. An event may be written twice, with one id. */
  flush(): Promise<void> {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async #write(): Promise<void> {
    // A turn later, so that what happens at once is written at once.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      if (this.#lost > 0) this.#sayLost();
      const batch = this.#waiting.slice(0, BATCH_MAX);
      try {
        await this.#ports.write(batch);
      } catch {
        return;
      }
      // Some may have been dropped from the front meanwhile.
      const written = new Set(batch);
      this.#waiting = this.#waiting.filter((event) => !written.has(event));
    }
  }

  #sayLost(): void {
    const detail = 'events of processes and look-ups that the control plane was away for';
    const base = { id: this.#nextId(), timeMs: this.#ports.clock.nowMs(), node: NODE };
    this.#waiting.unshift({ type: 'gap', ...base, lost: this.#lost, detail });
    this.#lost = 0;
  }
}
