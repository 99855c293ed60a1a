// Who is believed no more. Durable before it is told anybody, and kept until an operator takes it back or the certificate has ended by itself.
import { hash } from 'node:crypto';
import { CullisError } from '#base/errors.ts';
import type { Clock } from '#base/ports.ts';
import type { Kv } from '#model/ports.ts';
import type { Revocation } from '#model/snapshot.ts';

const PREFIX = 'trust/revoked/';
/** Each handshake looks them up, and every worker holds them all. */
const REVOCATIONS_MAX = 10_000;

export interface KeptRevocation extends Revocation {
  /** When the certificate ends and the entry with it; Infinity is written as null. */
  readonly untilMs: number | null;
}

export class Revocations {
  readonly #kv: Kv;
  readonly #clock: Clock;
  readonly #all = new Map<string, KeptRevocation>();

  /** @throws CullisError state.unreadable: without the list somebody might be believed again */
  constructor(kv: Kv, clock: Clock) {
    this.#kv = kv;
    this.#clock = clock;
    for (const key of kv.list(PREFIX)) {
      const entry = parse(kv.get(key));
      if (!entry)
        throw new CullisError('state.unreadable', `the revocation \`${key.slice(PREFIX.length)}\` in the state is damaged`);
      this.#all.set(key, entry);
    }
    this.prune();
  }

  list(): readonly KeptRevocation[] {
    return [...this.#all.values()];
  }

  identity(identity: string): KeptRevocation | undefined {
    return this.#all.get(keyOf('identity', identity));
  }

  has(kind: Revocation['kind'], subject: string): boolean {
    return this.#all.has(keyOf(kind, subject));
  }

  /** On disk when it returns. @throws CullisError config.invalid when there are too many */
  add(entries: readonly KeptRevocation[]): void {
    if (this.#all.size + entries.length > REVOCATIONS_MAX) this.prune();
    if (this.#all.size + entries.length > REVOCATIONS_MAX)
      throw new CullisError(
        'config.invalid',
        `at most ${REVOCATIONS_MAX} identities and certificates can be revoked at once; rotate the CA instead`,
      );
    this.change(entries, []);
  }

  /** Adds and removes at once, or nothing of it. */
  change(added: readonly KeptRevocation[], removed: readonly Pick<Revocation, 'kind' | 'subject'>[]): void {
    this.#kv.transaction(() => {
      for (const one of removed) this.#kv.delete(keyOf(one.kind, one.subject));
      for (const one of added) this.#kv.put(keyOf(one.kind, one.subject), Buffer.from(JSON.stringify(one)), null);
    });
    for (const one of removed) this.#all.delete(keyOf(one.kind, one.subject));
    for (const one of added) this.#all.set(keyOf(one.kind, one.subject), one);
  }

  /** Forgets certificates that have ended by themselves. @returns whether there were any */
  prune(): boolean {
    const nowMs = this.#clock.nowMs();
    const ended = this.list().filter(({ untilMs }) => untilMs !== null && untilMs <= nowMs);
    if (ended.length > 0) this.change([], ended);
    return ended.length > 0;
  }
}

function keyOf(kind: Revocation['kind'], subject: string): string {
  return `${PREFIX}${kind}/${hash('sha256', subject, 'hex')}`;
}

function parse(bytes: Uint8Array | undefined): KeptRevocation | undefined {
  try {
    const value = JSON.parse(Buffer.from(bytes ?? []).toString('utf8')) as Partial<KeptRevocation>;
    const { kind, subject, reason, by, revokedMs, untilMs } = value;
    if ((kind !== 'identity' && kind !== 'serial') || typeof subject !== 'string' || typeof reason !== 'string') return undefined;
    if (typeof by !== 'string' || typeof revokedMs !== 'number' || (untilMs !== null && typeof untilMs !== 'number'))
      return undefined;
    return { kind, subject, reason, by, revokedMs, untilMs };
  } catch {
    return undefined;
  }
}
