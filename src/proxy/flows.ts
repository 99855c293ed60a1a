import type { DenyCode, Reason } from '#model/decision.ts';
import type { Service } from './service.ts';
import type { PeerProof } from './trust.ts';

/** A connection that outlives a single decision: a TCP connection, a WebSocket, an answer without end. It is decided anew with every configuration. */
export interface Flow {
  /** Key of its listener. */
  readonly listener: string;
  /** SPIFFE id of this side. */
  readonly ownIdentity: string;
  /** What the peer proved when it connected; undefined over plaintext. */
  readonly proof: PeerProof | undefined;
  /** Judges the flow by a new configuration, and ends it when it is no longer allowed. @param service undefined when the listener is gone */
  reconsider(service: Service | undefined): void;
  /** Ends it as refused, with an event that says why. */
  deny(code: DenyCode, reasons: readonly Reason[]): void;
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

  /** Asks of each flow whether both sides are still believed, and ends it when not. */
  judge(faultOf: (flow: Flow) => Reason | undefined): void {
    for (const flow of this.#open) {
      const fault = faultOf(flow);
      if (fault) flow.deny('mtls.identity', [fault]);
    }
  }

  destroyAll(reason: string): void {
    for (const flow of this.#open) flow.destroy(reason);
  }
}
