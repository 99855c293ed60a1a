// Drives the rotation of the root: no phase ends before every worker has done it, and after a crash it goes on where it was.
import { CullisError } from '#base/errors.ts';
import type { Clock } from '#base/ports.ts';
import type { WorkerReport } from '#model/snapshot.ts';
import type { Logger } from '#telemetry/log.ts';
import { fingerprintOf } from '#pki/trust-bundle.ts';
import { certificatesOf } from '#pki/pem.ts';
import type { RotationPhase } from './ca-rotation.ts';
import type { WorkerView } from './snapshots.ts';
import type { TrustKeeper } from './trust.ts';

/** A worker that did not do what it was told is told again. */
const AGAIN_MS = 3_000;

export interface RotationPorts {
  readonly trust: TrustKeeper;
  readonly clock: Clock;
  readonly log: Logger;
  /** Every worker that may hold certificates, connected or not. */
  workers(): readonly WorkerView[];
  report(worker: string): WorkerReport | undefined;
  /** Identities that this worker must have certificates for. */
  identitiesOf(worker: string): readonly string[];
  sendTrust(): void;
  sendRenew(worker: string, identities: readonly string[]): void;
  askReports(): void;
}

export interface RotationView {
  readonly phase: RotationPhase;
  readonly startedMs: number;
  readonly sinceMs: number;
  readonly by: string;
  readonly oldRootFingerprint: string;
  readonly newRootFingerprint: string;
  /** Who has not done this phase yet, and why. */
  readonly waiting: readonly { readonly worker: string; readonly why: string }[];
}

export class Rotation {
  readonly #ports: RotationPorts;
  #toldAtMs = Number.NEGATIVE_INFINITY;
  #busy = false;

  constructor(ports: RotationPorts) {
    this.#ports = ports;
  }

  view(): RotationView | null {
    const state = this.#ports.trust.ca?.rotation;
    if (!state) return null;
    const { phase, startedMs, sinceMs, by, oldRootPem, newRootPem } = state;
    return {
      phase,
      startedMs,
      sinceMs,
      by,
      oldRootFingerprint: printOf(oldRootPem),
      newRootFingerprint: printOf(newRootPem),
      waiting: this.#waiting(phase, newRootPem),
    };
  }

  /** Begins one. @throws CullisError ca.refused when one is under way or there is no CA yet */
  async begin(by: string): Promise<void> {
    const { trust } = this.#ports;
    if (!trust.ca) throw new CullisError('ca.refused', 'there is no CA yet: nothing is in force');
    await trust.ca.beginRotation(by);
    this.#tell();
  }

  /** Looks whether the phase is done, and goes on. Called often; one look at a time. */
  async tick(): Promise<void> {
    const { trust, clock } = this.#ports;
    if (this.#busy || !trust.ca?.rotation) return;
    this.#busy = true;
    try {
      const { phase, newRootPem } = trust.ca.rotation;
      if (this.#waiting(phase, newRootPem).length === 0) {
        await trust.ca.advanceRotation();
        this.#tell();
      } else if (clock.monotonicMs() - this.#toldAtMs >= AGAIN_MS) this.#tell();
      else if (phase === 'renew') this.#ports.askReports();
    } finally {
      this.#busy = false;
    }
  }

  #tell(): void {
    const { trust } = this.#ports;
    this.#toldAtMs = this.#ports.clock.monotonicMs();
    trust.refresh();
    this.#ports.sendTrust();
    const state = trust.ca?.rotation;
    if (state?.phase !== 'renew') return;
    for (const { name } of this.#ports.workers()) {
      const stale = this.#stale(name, printOf(state.newRootPem));
      if (stale.length > 0) this.#ports.sendRenew(name, stale);
    }
  }

  #waiting(phase: RotationPhase, newRootPem: string): RotationView['waiting'] {
    const { trust } = this.#ports;
    return this.#ports.workers().flatMap((worker) => {
      const { name, connected, trustVersion } = worker;
      if (!connected) return [{ worker: name, why: 'is not connected' }];
      if (trustVersion < trust.state.trustVersion)
        return [{ worker: name, why: worker.trustFault || 'has not acknowledged the roots' }];
      if (phase !== 'renew') return [];
      const stale = this.#stale(name, printOf(newRootPem), worker.pid);
      return stale.length === 0 ? [] : [{ worker: name, why: `${stale.length} certificates are still to be replaced` }];
    });
  }

  /** Identities whose certificate in this worker stands under another root, or that it has none for. */
  #stale(worker: string, newRoot: string, pid?: number): string[] {
    const { trust } = this.#ports;
    const known = this.#ports.report(worker);
    const held = new Map(
      pid !== undefined && known?.pid !== pid ? [] : known?.certificates.map((one) => [one.identity, one.serial]),
    );
    return this.#ports.identitiesOf(worker).filter((identity) => {
      if (trust.revocationOf(identity)) return false;
      return trust.ca?.issued(held.get(identity) ?? '')?.root !== newRoot;
    });
  }
}

function printOf(rootPem: string): string {
  return fingerprintOf(certificatesOf(rootPem)[0] ?? new Uint8Array());
}
