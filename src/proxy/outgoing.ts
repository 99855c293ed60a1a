// Connections that this proxy opened over mutual TLS: what their servers proved is asked again while they live.
import type { Socket } from 'node:net';
import type { Reason } from '#model/decision.ts';
import { serverProof } from '#wire/tls/connect.ts';
import { ROOT_GRACE_MS, EXPIRED_GRACE_MS, type PeerProof, type Trust } from './trust.ts';

interface Outgoing {
  readonly socket: Socket;
  readonly ownIdentity: string;
  readonly proof: PeerProof | undefined;
  /** Monotonic ms; Infinity while nothing is wrong. */
  endsAtMs: number;
}

export class OutgoingConnections {
  readonly #open = new Set<Outgoing>();

  add(socket: Socket, ownIdentity: string): void {
    const one: Outgoing = { socket, ownIdentity, proof: serverProof(socket), endsAtMs: Number.POSITIVE_INFINITY };
    this.#open.add(one);
    socket.once('close', () => this.#open.delete(one));
  }

  get size(): number {
    return this.#open.size;
  }

  /**
   * Ends what is no longer believed: at once where a side was revoked, after a moment where a certificate ended or a root was given up.
   * @param ownFault why an identity of this side must not be used @returns whether a root was given up, so that later requests should take new connections
   */
  judge(trust: Trust, ownFault: (identity: string) => Reason | undefined, nowMs: number, monotonicMs: number): boolean {
    let otherRoots = false;
    for (const one of this.#open) {
      if (monotonicMs >= one.endsAtMs) {
        one.socket.destroy();
        continue;
      }
      const fault = trust.faultOf(one.proof, nowMs);
      if (fault?.kind === 'revoked' || trust.revocationOf(one.ownIdentity) !== undefined) {
        one.socket.destroy();
      } else if ((fault !== undefined || ownFault(one.ownIdentity) !== undefined) && one.endsAtMs === Number.POSITIVE_INFINITY) {
        one.endsAtMs = monotonicMs + (fault?.kind === 'root' ? ROOT_GRACE_MS : EXPIRED_GRACE_MS);
        otherRoots ||= fault?.kind === 'root';
      }
    }
    return otherRoots;
  }
}
