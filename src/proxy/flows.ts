import type { Service } from './service.ts';

/** A connection that outlives a single decision: a TCP connection or a WebSocket. It is decided anew with every configuration. */
export interface Flow {
  /** Key of its listener. */
  readonly listener: string;
  /** Judges the flow by a new configuration, and ends it when it is no longer allowed. @param service undefined when the listener is gone */
  reconsider(service: Service | undefined): void;
  destroy(reason: string): void;
}

/** All flows of the proxy. */
export class Flows {
  readonly #open = new Set<Flow>();

  add(flow: Flow): void {
    this.#open.add(flow);
  }

  delete(flow: Flow): void {
    this.#open.delete(flow);
  }

  get size(): number {
    return this.#open.size;
  }

  reconsider(serviceOf: (listener: string) => Service | undefined): void {
    for (const flow of this.#open) flow.reconsider(serviceOf(flow.listener));
  }

  destroyAll(reason: string): void {
    for (const flow of this.#open) flow.destroy(reason);
  }
}
