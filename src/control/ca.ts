import { createHash, X509Certificate } from 'node:crypto';
import { CullisError, messageOf } from '#base/errors.ts';
import type { Clock, Random } from '#base/ports.ts';
import type { CertificateEvent, Emit } from '#model/event.ts';
import type { KeyWrap, Kv } from '#model/ports.ts';
import type { Revocation } from '#model/snapshot.ts';
import { type CertificateAuthority, createIssuing, createRoot, issueSvid, openCa, sealCa } from '#pki/ca.ts';
import { uuidv7 } from '#telemetry/ids.ts';

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

/**
 * Steps of a root's rotation. `trust`: the new root is believed beside the old one. `renew`: the new CA signs, and every certificate is replaced.
 * `distrust`: the old root is believed no more.
 */
export type RotationPhase = 'trust' | 'renew' | 'distrust';

/** A rotation under way, as it lies in the store. */
export interface RotationState {
  readonly phase: RotationPhase;
  readonly startedMs: number;
  /** When the present phase began. */
  readonly sinceMs: number;
  readonly by: string;
  readonly oldRootPem: string;
  readonly newRootPem: string;
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

  /** Use `openCaService`. */
  constructor(ports: CaPorts, issuing: CertificateAuthority) {
    this.#ports = ports;
    this.#prefix = caPrefix(ports.trustDomain);
    this.#nextId = uuidv7(ports.clock, ports.random);
    this.#issuing = issuing;
    this.#rotation = readRotation(ports.kv.get(`${this.#prefix}rotation`));
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
  async beginRotation(by: string): Promise<void> {
    const { clock, random, kv, keyWrap, trustDomain } = this.#ports;
    if (this.#rotation) throw new CullisError('ca.refused', 'the root is being rotated already');
    const root = createRoot({ trustDomain, nowMs: clock.nowMs(), ttlMs: this.#ports.rootTtlMs ?? ROOT_TTL_MS, random });
    const issuing = createIssuing(root, { nowMs: clock.nowMs(), ttlMs: this.#ports.issuingTtlMs ?? ISSUING_TTL_MS, random });
    const [sealedRoot, sealedIssuing] = [await sealCa(root, keyWrap, random), await sealCa(issuing, keyWrap, random)];
    const nowMs = clock.nowMs();
    const newRootPem = root.certificatePem;
    const state: RotationState = { phase: 'trust', startedMs: nowMs, sinceMs: nowMs, by, oldRootPem: this.rootPem, newRootPem };
    await this.#say({
      action: 'ca-rotation',
      ...aboutCa(root, `phase 1 of 3, by ${by}: the new root is trusted beside the old one`),
    });
    // Nothing was waited for since the check but the journal; two calls at once must not both go on.
    if (this.#rotation) throw new CullisError('ca.refused', 'the root is being rotated already');
    kv.transaction(() => {
      kv.put(`${this.#prefix}next-root`, sealedRoot, null);
      kv.put(`${this.#prefix}next-issuing`, sealedIssuing, null);
      kv.put(`${this.#prefix}rotation`, Buffer.from(JSON.stringify(state)), null);
    });
    this.#rotation = state;
  }

  /**
   * The next phase. The caller has made sure that every worker has done the present one.
   * @returns the phase that begins; undefined when the rotation is over
   */
  async advanceRotation(): Promise<RotationPhase | undefined> {
    const { kv, clock, keyWrap, trustDomain } = this.#ports;
    const rotation = this.#rotation;
    if (!rotation) return undefined;
    const key = (name: string): string => this.#prefix + name;
    const enter = (phase: RotationPhase): RotationState => ({ ...rotation, phase, sinceMs: clock.nowMs() });
    const about = (detail: string) => ({ action: 'ca-rotation' as const, ...aboutCa(this.#issuing, detail) });
    switch (rotation.phase) {
      case 'trust': {
        const [sealedRoot, sealedIssuing] = [kv.get(key('next-root')), kv.get(key('next-issuing'))];
        if (!sealedRoot || !sealedIssuing)
          throw new CullisError('state.unreadable', `the next root of \`${trustDomain}\` is not in the state`);
        const issuing = await openCa(sealedIssuing, keyWrap);
        const next = enter('renew');
        await this.#say({ ...about('phase 2 of 3: the new CA signs, every certificate is replaced'), serial: issuing.serial });
        // With this the old root's key is gone: nothing can be signed by it any more.
        kv.transaction(() => {
          kv.put(key('root'), sealedRoot, null);
          kv.put(key('issuing'), sealedIssuing, null);
          kv.delete(key('next-root'));
          kv.delete(key('next-issuing'));
          kv.put(key('rotation'), Buffer.from(JSON.stringify(next)), null);
        });
        this.#issuing = issuing;
        this.#rotation = next;
        return 'renew';
      }
      case 'renew': {
        const next = enter('distrust');
        await this.#say(about('phase 3 of 3: the old root is trusted no more'));
        kv.put(key('rotation'), Buffer.from(JSON.stringify(next)), null);
        this.#rotation = next;
        return 'distrust';
      }
      case 'distrust':
        await this.#say(about('done: the new root is the only one'));
        kv.delete(key('rotation'));
        this.#rotation = undefined;
        return undefined;
    }
  }

  /** A third of its life before its end, and always early enough that a certificate made now lives as long as asked. */
  async renewIssuingWhenDue(leafTtlMs: number): Promise<void> {
    const { notBeforeMs, notAfterMs } = this.#issuing;
    const marginMs = Math.max((notAfterMs - notBeforeMs) / 3, Math.min(leafTtlMs * 2, (notAfterMs - notBeforeMs) / 2));
    if (this.#ports.clock.nowMs() < notAfterMs - marginMs) return;
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined;
    });
    await this.#renewing;
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

/** @throws CullisError state.unreadable: guessing a phase could cut every link */
function readRotation(bytes: Uint8Array | undefined): RotationState | undefined {
  if (!bytes) return undefined;
  try {
    const { phase, startedMs, sinceMs, by, oldRootPem, newRootPem } = JSON.parse(
      Buffer.from(bytes).toString('utf8'),
    ) as RotationState;
    if (['trust', 'renew', 'distrust'].includes(phase)) return { phase, startedMs, sinceMs, by, oldRootPem, newRootPem };
  } catch {
    // Said below.
  }
  throw new CullisError('state.unreadable', 'the state of the root rotation is damaged');
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
