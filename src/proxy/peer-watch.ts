// The served connections of one listener: each is ended when what its peer proved stops being true.
import type { Reason } from '#model/decision.ts';
import type { ServedConnection } from '#wire/types.ts';
import { EXPIRED_GRACE_MS, ROOT_GRACE_MS, type Trust, type TrustFault } from './trust.ts';

/** An idle connection that is being drained is closed after this, as an idle one would be one day. */
const DRAIN_MS = 30_000;

const GRACE_MS: Readonly<Record<Exclude<TrustFault['kind'], 'revoked'>, number>> = {
  expired: EXPIRED_GRACE_MS,
  root: ROOT_GRACE_MS,
};

interface Ending {
  /** Monotonic. */
  readonly atMs: number;
  /** What is under way then is cut; else it may finish. */
  readonly cut: boolean;
}

export class PeerWatch {
  readonly #connections = new Set<ServedConnection>();
  readonly #ending = new Map<ServedConnection, Ending>();

  add(connection: ServedConnection): void {
    this.#connections.add(connection);
  }

  delete(connection: ServedConnection): void {
    this.#connections.delete(connection);
    this.#ending.delete(connection);
  }

  /** Every connection ends with the answer it is at. */
  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  /** Every connection ends with its next answer, so that peers come back and meet the new certificate; no request is lost over it. */
  drain(monotonicMs: number): void {
    for (const connection of this.#connections) {
      if (this.#ending.has(connection) || connection.state === 'upgraded') continue;
      this.#ending.set(connection, { atMs: monotonicMs + DRAIN_MS, cut: false });
      softly(connection);
    }
  }

  /** Ends all at once: the identity behind the listener was taken away. */
  destroy(onEnded: (connection: ServedConnection) => void): void {
    for (const connection of this.#connections) {
      if (connection.state === 'upgraded') continue;
      connection.destroy();
      onEnded(connection);
    }
  }

  /** @param onEnded told of connections that are ended, or begin to end, against the peer's will */
  judge(trust: Trust, nowMs: number, monotonicMs: number, onEnded: (connection: ServedConnection, why: Reason) => void): void {
    for (const connection of this.#connections) {
      // A WebSocket is a flow from then on, which has a judge of its own.
      if (connection.state === 'upgraded') continue;
      const ending = this.#ending.get(connection);
      const fault = trust.faultOf(connection.info.tls, nowMs);
      if (fault?.kind === 'revoked') {
        connection.destroy();
        onEnded(connection, fault.reason);
      } else if (fault !== undefined && ending?.cut !== true) {
        this.#ending.set(connection, { atMs: monotonicMs + GRACE_MS[fault.kind], cut: true });
        softly(connection);
        // An orderly rotation is no denial.
        if (fault.kind === 'expired') onEnded(connection, fault.reason);
      } else if (ending !== undefined && monotonicMs >= ending.atMs) {
        if (ending.cut) connection.destroy();
        else connection.close();
      }
    }
  }
}

function softly(connection: ServedConnection): void {
  if (connection.drain) connection.drain();
  else connection.close();
}
