import { createHash, X509Certificate } from 'node:crypto';
import { CullisError, messageOf } from '#base/errors.ts';
import type { Clock, Random } from '#base/ports.ts';
import type { CertificateEvent, Emit } from '#model/event.ts';
import type { KeyWrap, Kv } from '#model/ports.ts';
import type { Revocation } from '#model/snapshot.ts';
import { type CertificateAuthority, createIssuing, createRoot, issueSvid, openCa, sealCa } from '#pki/ca.ts';
import { uuidv7 } from '#telemetry/ids.ts';
import {
  enterPhase,
  nextPhase,
  openNext,
  PHASE_TEXTS,
  readRotation,
  type RotationPhase,
  type RotationState,
  storeNext,
} from './ca-rotation.ts';

const DAY_MS = 86_400_000;
const ROOT_TTL_MS = 3650 * DAY_MS;
const ISSUING_TTL_MS = 90 * DAY_MS;
const ISSUED_MAX = 50_000;

export interface CaPorts {
  readonly kv: Kv;
  readonly keyWrap: KeyWrap;
  readonly emit: Emit;
  readonly clock: Clock;
  readonly random: Random;
  readonly node: string;
  readonly trustDomain: string;
  /** Why an identity gets no certificate: it is revoked. */
  readonly revocationOf?: (identity: string) => Revocation | undefined;
  /** Lives, for tests. */
  readonly rootTtlMs?: number;
  readonly issuingTtlMs?: number;
}

export interface Issued {
  readonly serial: string;
  readonly identity: string;
  readonly worker: string;
  readonly issuedMs: number;
  readonly notAfterMs: number;
  /** Hex SHA-256 of the root it stands under; absent in entries of before there was a second one. */
  readonly root?: string;
}

export interface AuthorityView {
  /** SHA-256 of the root certificate, lower-case hex. */
  readonly rootFingerprint: string;
  readonly rootNotAfterMs: number;
  readonly issuingSerial: string;
  readonly issuingNotAfterMs: number;
  /** Certificates that have not ended yet. */
  readonly issued: number;
}

/**
 * The certificate authority of one trust domain. The root's key is opened only to sign an issuing CA; both lie sealed in the store. What was
 * issued is in the journal and in the issued log before the certificate leaves.
 */
export class CaService {
  readonly #ports: CaPorts;
  readonly #prefix: string;
  readonly #nextId: () => string;
  readonly #issued = new Map<string, Issued>();
  readonly #latest = new Map<string, Issued>();
  #issuing: CertificateAuthority;
  #rotation: RotationState | undefined;
  #rootView: { readonly pem: string; readonly view: Pick<AuthorityView, 'rootFingerprint' | 'rootNotAfterMs'> } | undefined;
  #renewing: Promise<void> | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  /** Use `openCaService`. */
  constructor(ports: CaPorts, issuing: CertificateAuthority) {
    this.#ports = ports;
    this.#prefix = caPrefix(ports.trustDomain);
    this.#nextId = uuidv7(ports.clock, ports.random);
    this.#issuing = issuing;
    this.#rotation = readRotation(ports.kv, this.#prefix);
    for (const key of ports.kv.list(`${this.#prefix}issued/`)) {
      const entry = JSON.parse(Buffer.from(ports.kv.get(key) ?? []).toString('utf8')) as Issued;
      this.#issued.set(entry.serial, entry);
      const latest = this.#latest.get(entry.identity);
      if (!latest || latest.issuedMs <= entry.issuedMs) this.#latest.set(entry.identity, entry);
    }
    this.#prune();
  }

  get rootPem(): string {
    return this.#issuing.rootPem;
  }

  /** Roots that are believed: two while one takes over from the other. */
  get roots(): readonly string[] {
    const { rootPem } = this.#issuing;
    if (this.#rotation?.phase === 'trust') return [rootPem, this.#rotation.newRootPem];
    if (this.#rotation?.phase === 'renew') return [rootPem, this.#rotation.oldRootPem];
    return [rootPem];
  }

  get rotation(): RotationState | undefined {
    return this.#rotation;
  }

  /** The certificate with this serial, when it was issued here and has not ended. */
  issued(serial: string): Issued | undefined {
    return this.#issued.get(serial);
  }

  /** Every certificate of an identity that has not ended. */
  issuedTo(identity: string): Issued[] {
    const nowMs = this.#ports.clock.nowMs();
    return [...this.#issued.values()].filter((entry) => entry.identity === identity && entry.notAfterMs > nowMs);
  }

  /** The newest certificate of an identity that has not ended. */
  latest(identity: string): Issued | undefined {
    const entry = this.#latest.get(identity);
    return entry && entry.notAfterMs > this.#ports.clock.nowMs() ? entry : undefined;
  }

  view(): AuthorityView {
    return {
      ...this.#root(),
      issuingSerial: this.#issuing.serial,
      issuingNotAfterMs: this.#issuing.notAfterMs,
      issued: this.#issued.size,
    };
  }

  /**
   * Signs for a worker.
   * @param allowed whether this worker's plan holds the identity; asked here so that no caller can forget it
   * @returns the chain as PEM, leaf first
   * @throws CullisError ca.refused, with an event on disk that says so; journal.unwritable, and nothing was issued
   */
  async issue(
    worker: string,
    identity: string,
    csrPem: string,
    ttlMs: number,
    allowed: (identity: string) => boolean,
  ): Promise<string> {
    const { clock, random, kv } = this.#ports;
    try {
      if (!allowed(identity)) throw new CullisError('ca.refused', `\`${identity}\` is not an identity of this worker's plan`);
      const revocation = this.#ports.revocationOf?.(identity);
      if (revocation !== undefined) {
        const why = revocation.reason === '' ? '' : `: ${revocation.reason}`;
        throw new CullisError('ca.refused', `\`${identity}\` was revoked by \`${revocation.by}\`${why}`);
      }
      await this.renewIssuingWhenDue(ttlMs);
      if (this.#issued.size >= ISSUED_MAX) this.#prune();
      if (this.#issued.size >= ISSUED_MAX) throw new CullisError('ca.refused', `there are ${ISSUED_MAX} certificates in use`);
      const nowMs = clock.nowMs();
      const svid = issueSvid(this.#issuing, csrPem, identity, { nowMs, ttlMs, random });
      const { serial, notAfterMs } = svid;
      const { rootFingerprint: root } = this.#root();
      const entry: Issued = { serial, identity, worker, issuedMs: nowMs, notAfterMs, root };
      const action = this.#latest.has(identity) ? 'renewed' : 'issued';
      await this.#say({ action, identity, serial, notAfterMs, detail: `for worker ${worker}` });
      kv.put(`${this.#prefix}issued/${serial}`, Buffer.from(JSON.stringify(entry)), null);
      this.#issued.set(serial, entry);
      this.#latest.set(identity, entry);
      return svid.chainPem;
    } catch (error) {
      if (!(error instanceof CullisError) || error.code !== 'ca.refused') throw error;
      await this.#say({
        action: 'refused',
        identity: identity.slice(0, 2048),
        serial: '',
        notAfterMs: 0,
        detail: `worker ${worker}: ${error.message}`,
      });
      throw error;
    }
  }

  /**
   * Makes the next root and its issuing CA. From now on both roots are believed; the old one signs until `advanceRotation`.
   * @throws CullisError ca.refused when a rotation is under way
   */
  beginRotation(by: string): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#rotation) throw new CullisError('ca.refused', 'the root is being rotated already');
      const { clock, random, rootTtlMs = ROOT_TTL_MS, issuingTtlMs = ISSUING_TTL_MS } = this.#ports;
      const now = { nowMs: clock.nowMs(), random };
      const root = createRoot({ ...now, trustDomain: this.#ports.trustDomain, ttlMs: rootTtlMs });
      const issuing = createIssuing(root, { ...now, ttlMs: issuingTtlMs });
      await this.#say({ action: 'ca-rotation', ...aboutCa(root, `${PHASE_TEXTS.trust}, by ${by}`) });
      this.#rotation = await storeNext(this.#ports, this.#prefix, { root, issuing, oldRootPem: this.rootPem, by });
    });
  }

  /**
   * The next phase. The caller has made sure that every worker has done the present one.
   * @returns the phase that begins; undefined when the rotation is over
   */
  advanceRotation(): Promise<RotationPhase | undefined> {
    return this.#inTurn(async () => {
      const rotation = this.#rotation;
      const next = rotation && nextPhase(rotation.phase);
      const issuing = next === 'renew' ? await openNext(this.#ports, this.#prefix) : this.#issuing;
      if (!rotation) return undefined;
      await this.#say({
        action: 'ca-rotation',
        ...aboutCa(issuing, next ? PHASE_TEXTS[next] : 'done: the new root is the only one'),
      });
      this.#rotation = enterPhase(this.#ports, this.#prefix, rotation, next);
      this.#issuing = issuing;
      return next;
    });
  }

  /** A third of its life before its end, and always early enough that a certificate made now lives as long as asked. */
  async renewIssuingWhenDue(leafTtlMs: number): Promise<void> {
    const { notBeforeMs, notAfterMs } = this.#issuing;
    const marginMs = Math.max((notAfterMs - notBeforeMs) / 3, Math.min(leafTtlMs * 2, (notAfterMs - notBeforeMs) / 2));
    if (this.#ports.clock.nowMs() < notAfterMs - marginMs) return;
    this.#renewing ??= this.#inTurn(() => this.#renew()).finally(() => {
      this.#renewing = undefined;
    });
    await this.#renewing;
  }

  /** Whatever replaces a CA does so alone: two at once would leave a root and an issuing CA that do not belong together. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #renew(): Promise<void> {
    const sealed = this.#ports.kv.get(`${this.#prefix}root`);
    if (!sealed) throw new CullisError('state.unreadable', 'the root CA is not in the state');
    const root = await openCa(sealed, this.#ports.keyWrap);
    this.#issuing = await makeIssuing(this.#ports, root);
    await this.#say({ action: 'ca-created', ...aboutCa(this.#issuing, 'issuing CA renewed') });
    this.#prune();
  }

  #root(): Pick<AuthorityView, 'rootFingerprint' | 'rootNotAfterMs'> {
    const { rootPem: pem } = this.#issuing;
    if (this.#rootView?.pem !== pem) this.#rootView = { pem, view: rootView(pem) };
    return this.#rootView.view;
  }

  #prune(): void {
    const nowMs = this.#ports.clock.nowMs();
    const ended = [...this.#issued.values()].filter((entry) => entry.notAfterMs <= nowMs);
    if (ended.length === 0) return;
    this.#ports.kv.transaction(() => {
      for (const { serial } of ended) this.#ports.kv.delete(`${this.#prefix}issued/${serial}`);
    });
    for (const { serial } of ended) this.#issued.delete(serial);
    for (const [identity, entry] of this.#latest) if (entry.notAfterMs <= nowMs) this.#latest.delete(identity);
  }

  #say(fields: Omit<CertificateEvent, 'type' | 'id' | 'timeMs' | 'node'>): Promise<void> {
    const { emit, clock, node } = this.#ports;
    return emit.emitDurably({ type: 'certificate', id: this.#nextId(), timeMs: clock.nowMs(), node, ...fields });
  }
}

function rootView(rootPem: string): Pick<AuthorityView, 'rootFingerprint' | 'rootNotAfterMs'> {
  const root = new X509Certificate(rootPem);
  return { rootFingerprint: createHash('sha256').update(root.raw).digest('hex'), rootNotAfterMs: root.validToDate.getTime() };
}

/** Whether the store has a CA of this trust domain. */
export function hasCa(kv: Kv, trustDomain: string): boolean {
  return kv.get(`${caPrefix(trustDomain)}root`) !== undefined;
}

function caPrefix(trustDomain: string): string {
  return `ca/${trustDomain}/`;
}

function aboutCa(
  ca: CertificateAuthority,
  detail: string,
): Pick<CertificateEvent, 'identity' | 'serial' | 'notAfterMs' | 'detail'> {
  return { identity: `spiffe://${ca.trustDomain}`, serial: ca.serial, notAfterMs: ca.notAfterMs, detail };
}

async function makeIssuing(ports: CaPorts, root: CertificateAuthority): Promise<CertificateAuthority> {
  const { clock, random, kv, keyWrap, trustDomain } = ports;
  const issuing = createIssuing(root, { nowMs: clock.nowMs(), ttlMs: ports.issuingTtlMs ?? ISSUING_TTL_MS, random });
  kv.put(`${caPrefix(trustDomain)}issuing`, await sealCa(issuing, keyWrap, random), null);
  return issuing;
}

/**
 * Opens the trust domain's CA, or makes it: root and issuing CA, sealed in the store, with a durable event each.
 * @throws CullisError key.unavailable when the key does not open what the store holds; it never makes a second root over one it cannot open
 */
export async function openCaService(ports: CaPorts): Promise<CaService> {
  const { clock, random, kv, keyWrap, emit, node, trustDomain } = ports;
  const prefix = caPrefix(trustDomain);
  const created: CertificateAuthority[] = [];
  let sealedRoot = kv.get(`${prefix}root`);
  if (!sealedRoot) {
    const root = createRoot({ trustDomain, nowMs: clock.nowMs(), ttlMs: ports.rootTtlMs ?? ROOT_TTL_MS, random });
    sealedRoot = await sealCa(root, keyWrap, random);
    if (!kv.put(`${prefix}root`, sealedRoot)) return openCaService(ports);
    created.push(root);
  }
  const sealedIssuing = kv.get(`${prefix}issuing`);
  let issuing: CertificateAuthority;
  try {
    issuing = sealedIssuing ? await openCa(sealedIssuing, keyWrap) : await makeIssuing(ports, await openCa(sealedRoot, keyWrap));
  } catch (error) {
    if (error instanceof CullisError) throw error;
    throw new CullisError('state.unreadable', `the CA of \`${trustDomain}\` could not be opened: ${messageOf(error)}`, {
      cause: error,
    });
  }
  if (!sealedIssuing) created.push(issuing);
  const nextId = uuidv7(clock, random);
  for (const ca of created) {
    await emit.emitDurably({
      type: 'certificate',
      id: nextId(),
      timeMs: clock.nowMs(),
      node,
      action: 'ca-created',
      ...aboutCa(ca, ca.role === 'root' ? 'root CA made' : 'issuing CA made'),
    });
  }
  const service = new CaService(ports, issuing);
  await service.renewIssuingWhenDue(0);
  return service;
}
