// What operators may do about trust: revoke, restore, renew, rotate. Each waits until the workers have done it, for a bounded time, and says who has not.
import type { RenewResponse, RevocationResponse } from '#api/control.ts';
import type { Clock } from '#base/ports.ts';
import type { WorkerReport } from '#model/snapshot.ts';
import type { Rotation, RotationView } from './rotation.ts';
import type { SnapshotServer } from './snapshots.ts';
import type { RevokeRequest, TrustKeeper } from './trust.ts';

/** A revocation must hold within 5 s; who has not said so by then is named. */
const ACK_WAIT_MS = 5_000;
const RENEW_WAIT_MS = 8_000;
const LOOK_MS = 20;

export interface TrustActionPorts {
  readonly trust: TrustKeeper;
  readonly rotation: Rotation;
  readonly snapshots: SnapshotServer;
  readonly clock: Clock;
  report(worker: string): WorkerReport | undefined;
}

export class TrustActions {
  readonly #ports: TrustActionPorts;

  constructor(ports: TrustActionPorts) {
    this.#ports = ports;
  }

  /** @throws CullisError config.invalid */
  async revoke(request: RevokeRequest): Promise<RevocationResponse> {
    const news = await this.#ports.trust.revoke(request);
    return { kind: request.kind, subject: request.subject, changed: news, waiting: await this.#told() };
  }

  async restore(identity: string, by: string): Promise<RevocationResponse> {
    const news = await this.#ports.trust.restore(identity, by);
    return { kind: 'identity', subject: identity, changed: news, waiting: await this.#told() };
  }

  /** @throws CullisError ca.refused when one is under way */
  async rotate(by: string): Promise<RotationView | null> {
    await this.#ports.rotation.begin(by);
    return this.#ports.rotation.view();
  }

  /** Has certificates replaced. @param identity '' means all */
  async renew(identity: string): Promise<RenewResponse> {
    const { snapshots, clock } = this.#ports;
    const before = this.#serials(identity);
    for (const { name } of snapshots.workers()) snapshots.sendRenew(name, identity === '' ? [] : [identity]);
    const untilMs = clock.monotonicMs() + RENEW_WAIT_MS;
    for (;;) {
      const now = this.#serials(identity);
      const waiting = [...before].filter(([key, { serial }]) => now.get(key)?.serial === serial).map(([, one]) => one.identity);
      if (waiting.length === 0 || clock.monotonicMs() >= untilMs) {
        const renewed = [...now.values()].filter((one) => !waiting.includes(one.identity));
        return {
          renewed: renewed.map(({ identity: of, worker, serial, notAfterMs }) => ({ identity: of, worker, serial, notAfterMs })),
          waiting,
        };
      }
      await new Promise((resolve) => {
        setTimeout(resolve, LOOK_MS);
      });
    }
  }

  #serials(identity: string): Map<string, { identity: string; worker: string; serial: string; notAfterMs: number }> {
    const found = new Map<string, { identity: string; worker: string; serial: string; notAfterMs: number }>();
    for (const { name, connected } of this.#ports.snapshots.workers()) {
      if (!connected) continue;
      for (const one of this.#ports.report(name)?.certificates ?? [])
        if (identity === '' || one.identity === identity) found.set(`${name} ${one.identity}`, { ...one, worker: name });
    }
    return found;
  }

  async #told(): Promise<readonly string[]> {
    const { snapshots } = this.#ports;
    snapshots.sendTrust();
    const late = await snapshots.trusted(ACK_WAIT_MS);
    const away = snapshots.expected().filter(({ connected }) => !connected);
    return [...late, ...away.map(({ name }) => name)];
  }
}
