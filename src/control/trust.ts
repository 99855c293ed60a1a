// What the mesh trusts: the CA of the trust domain in force, its roots, and who was revoked. One value with a version that rises over restarts.
import type { Clock, Random } from '#base/ports.ts';
import { CullisError } from '#base/errors.ts';
import type { CertificateEvent, Emit } from '#model/event.ts';
import type { KeyWrap, Kv } from '#model/ports.ts';
import type { Revocation, TrustState } from '#model/snapshot.ts';
import { parseSpiffeId } from '#pki/spiffe-id.ts';
import { uuidv7 } from '#telemetry/ids.ts';
import { type CaService, hasCa, openCaService } from './ca.ts';
import { type KeptRevocation, Revocations } from './revocations.ts';

const VERSION = 'trust/version';

export interface TrustPorts {
  readonly kv: Kv;
  readonly keyWrap: KeyWrap;
  readonly journal: Emit;
  readonly clock: Clock;
  readonly random: Random;
}

export interface RevokeRequest {
  readonly kind: Revocation['kind'];
  /** SPIFFE id or serial number. */
  readonly subject: string;
  readonly reason: string;
  readonly by: string;
}

/** Who signs, and whose roots are believed beside its own. */
interface Present {
  readonly ca: CaService | undefined;
  readonly trustDomain: string;
  readonly aliases: readonly string[];
}

export class TrustKeeper {
  readonly #ports: TrustPorts;
  readonly #revocations: Revocations;
  readonly #cas = new Map<string, CaService>();
  readonly #nextId: () => string;
  #present: Present = { ca: undefined, trustDomain: '', aliases: [] };
  #state: TrustState;

  /** @throws CullisError state.unreadable */
  constructor(ports: TrustPorts) {
    this.#ports = ports;
    this.#revocations = new Revocations(ports.kv, ports.clock);
    this.#nextId = uuidv7(ports.clock, ports.random);
    // Workers may have a state of the control process before this one, which must not win.
    this.#state = { trustVersion: storedVersion(ports.kv) + 1, bundle: { roots: {} }, revoked: this.#told() };
    this.#storeVersion();
  }

  get ca(): CaService | undefined {
    return this.#present.ca;
  }

  get state(): TrustState {
    return this.#state;
  }

  revocations(): readonly KeptRevocation[] {
    return this.#revocations.list();
  }

  revocationOf(identity: string): KeptRevocation | undefined {
    return this.#revocations.identity(identity);
  }

  /**
   * Opens the CA of a trust domain, or makes it, and signs by it from now on.
   * @param aliases names that the trust domain had before: peers that still show them are believed when their CA was here
   * @throws CullisError key.unavailable, state.unreadable
   */
  async use(trustDomain: string, aliases: readonly string[] = []): Promise<void> {
    const ca = await this.#open(trustDomain);
    const known = aliases.filter((alias) => alias !== trustDomain && hasCa(this.#ports.kv, alias));
    for (const alias of known) await this.#open(alias);
    this.goBack({ ca, trustDomain, aliases: known });
  }

  async #open(trustDomain: string): Promise<CaService> {
    const known = this.#cas.get(trustDomain);
    if (known) return known;
    const revocationOf = (identity: string): Revocation | undefined => this.revocationOf(identity);
    const ca = await openCaService({ ...this.#ports, emit: this.#ports.journal, node: 'control', trustDomain, revocationOf });
    this.#cas.set(trustDomain, ca);
    return ca;
  }

  /** What `goBack` takes. */
  present(): Present {
    return this.#present;
  }

  /** Signs by the CA of before again, when a configuration was not taken. */
  goBack(present: Present): void {
    this.#present = present;
    this.refresh();
  }

  /** Works the state out again. @returns whether it changed, and must be told */
  refresh(): boolean {
    const { ca, trustDomain, aliases } = this.#present;
    const roots: Record<string, readonly string[]> = ca ? { [trustDomain]: ca.roots } : {};
    for (const alias of aliases) roots[alias] = this.#cas.get(alias)?.roots ?? [];
    const bundle = { roots };
    const revoked = this.#told();
    const same = JSON.stringify([bundle, revoked]) === JSON.stringify([this.#state.bundle, this.#state.revoked]);
    if (same) return false;
    this.#state = { trustVersion: this.#state.trustVersion + 1, bundle, revoked };
    this.#storeVersion();
    return true;
  }

  /** Forgets revocations of certificates that have ended. @returns whether the state changed */
  prune(): boolean {
    return this.#revocations.prune() && this.refresh();
  }

  /**
   * Ends the trust in an identity or one certificate: on disk, with its event, before anybody is told.
   * @returns false when it was revoked already
   * @throws CullisError config.invalid for what is no identity of the mesh or no certificate in use
   */
  async revoke({ kind, subject, reason, by }: RevokeRequest): Promise<boolean> {
    const issued = kind === 'serial' ? this.#issued(subject) : undefined;
    const fault =
      kind === 'identity'
        ? identityFault(subject, this.#present)
        : issued
          ? undefined
          : 'no certificate in use has this serial number';
    if (fault) throw new CullisError('config.invalid', fault);
    if (this.#revocations.has(kind, subject)) return false;
    const untilMs = issued?.notAfterMs ?? null;
    await this.#say({
      action: 'revoked',
      identity: issued?.identity ?? subject,
      serial: issued?.serial ?? '',
      notAfterMs: untilMs ?? 0,
      detail: `by ${by}${reason === '' ? '' : `: ${reason}`}`,
    });
    this.#revocations.add([{ kind, subject, reason, by, revokedMs: this.#ports.clock.nowMs(), untilMs }]);
    this.refresh();
    return true;
  }

  /**
   * An identity may have certificates again. Those of before stay refused until they end: whoever took one must not have it back.
   * @returns false when it is not revoked
   */
  async restore(identity: string, by: string): Promise<boolean> {
    const entry = this.revocationOf(identity);
    if (!entry) return false;
    const issued = [...this.#cas.values()].flatMap((ca) => ca.issuedTo(identity));
    await this.#say({
      action: 'restored',
      identity,
      serial: '',
      notAfterMs: 0,
      detail: `by ${by}; ${issued.length} certificates from before stay revoked`,
    });
    const { revokedMs } = entry;
    const reason = 'issued before its identity was restored';
    const serials = issued.map(({ serial, notAfterMs }): KeptRevocation => ({
      kind: 'serial',
      subject: serial,
      reason,
      by,
      revokedMs,
      untilMs: notAfterMs,
    }));
    this.#revocations.change(serials, [entry]);
    this.refresh();
    return true;
  }

  #issued(serial: string): ReturnType<CaService['issued']> {
    for (const ca of this.#cas.values()) {
      const entry = ca.issued(serial);
      if (entry) return entry;
    }
    return undefined;
  }

  /** Workers are not told when an entry ends by itself: they see the certificate's own end. */
  #told(): Revocation[] {
    return this.#revocations.list().map(({ kind, subject, reason, by, revokedMs }) => ({ kind, subject, reason, by, revokedMs }));
  }

  #storeVersion(): void {
    this.#ports.kv.put(VERSION, Buffer.from(String(this.#state.trustVersion)), null);
  }

  #say(fields: Omit<CertificateEvent, 'type' | 'id' | 'timeMs' | 'node'>): Promise<void> {
    const { journal, clock } = this.#ports;
    return journal.emitDurably({ type: 'certificate', id: this.#nextId(), timeMs: clock.nowMs(), node: 'control', ...fields });
  }
}

function identityFault(identity: string, { trustDomain, aliases }: Present): string | undefined {
  const parsed = parseSpiffeId(identity);
  if (!parsed.ok) return `\`${identity.slice(0, 256)}\` is not a SPIFFE ID: ${parsed.error}`;
  if (parsed.id.path === '') return 'a trust domain as a whole cannot be revoked: rotate its CA';
  return parsed.id.trustDomain === trustDomain || aliases.includes(parsed.id.trustDomain)
    ? undefined
    : `\`${identity}\` is not of the trust domain \`${trustDomain}\``;
}

/** @throws CullisError state.unreadable: starting over from nothing would make workers ignore what they are told */
function storedVersion(kv: Kv): number {
  const bytes = kv.get(VERSION);
  if (!bytes) return 0;
  const version = Number(Buffer.from(bytes).toString('utf8'));
  if (!Number.isSafeInteger(version) || version < 0)
    throw new CullisError('state.unreadable', 'the version of the trust state is damaged');
  return version;
}
