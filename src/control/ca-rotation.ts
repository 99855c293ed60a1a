// What of a root's rotation lies in the store: the phase, and until the second one the CA that is to come. Each step is one transaction.
import { CullisError } from '#base/errors.ts';
import type { Clock, Random } from '#base/ports.ts';
import type { KeyWrap, Kv } from '#model/ports.ts';
import { type CertificateAuthority, openCa, sealCa } from '#pki/ca.ts';

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

const PHASES: readonly RotationPhase[] = ['trust', 'renew', 'distrust'];

export const PHASE_TEXTS: Readonly<Record<RotationPhase, string>> = {
  trust: 'phase 1 of 3: the new root is trusted beside the old one',
  renew: 'phase 2 of 3: the new CA signs, every certificate is replaced',
  distrust: 'phase 3 of 3: the old root is trusted no more',
};

export interface RotationStore {
  readonly kv: Kv;
  readonly keyWrap: KeyWrap;
  readonly clock: Clock;
  readonly random: Random;
}

/** @returns undefined behind the last one */
export function nextPhase(phase: RotationPhase): RotationPhase | undefined {
  return PHASES[PHASES.indexOf(phase) + 1];
}

/** @throws CullisError state.unreadable: guessing a phase could cut every link */
export function readRotation(kv: Kv, prefix: string): RotationState | undefined {
  const bytes = kv.get(`${prefix}rotation`);
  if (!bytes) return undefined;
  try {
    const { phase, startedMs, sinceMs, by, oldRootPem, newRootPem } = JSON.parse(
      Buffer.from(bytes).toString('utf8'),
    ) as RotationState;
    if (PHASES.includes(phase)) return { phase, startedMs, sinceMs, by, oldRootPem, newRootPem };
  } catch {
    // Said below.
  }
  throw new CullisError('state.unreadable', 'the state of the root rotation is damaged');
}

/** Puts the CA that is to come into the store, sealed, and begins the first phase. */
export async function storeNext(
  { kv, keyWrap, clock, random }: RotationStore,
  prefix: string,
  next: {
    readonly root: CertificateAuthority;
    readonly issuing: CertificateAuthority;
    readonly oldRootPem: string;
    readonly by: string;
  },
): Promise<RotationState> {
  const { root, issuing, oldRootPem, by } = next;
  const [sealedRoot, sealedIssuing] = [await sealCa(root, keyWrap, random), await sealCa(issuing, keyWrap, random)];
  const nowMs = clock.nowMs();
  const state: RotationState = {
    phase: 'trust',
    startedMs: nowMs,
    sinceMs: nowMs,
    by,
    oldRootPem,
    newRootPem: root.certificatePem,
  };
  kv.transaction(() => {
    kv.put(`${prefix}next-root`, sealedRoot, null);
    kv.put(`${prefix}next-issuing`, sealedIssuing, null);
    put(kv, prefix, state);
  });
  return state;
}

/** The issuing CA that is to come. @throws CullisError state.unreadable, key.unavailable */
export async function openNext({ kv, keyWrap }: RotationStore, prefix: string): Promise<CertificateAuthority> {
  const sealed = kv.get(`${prefix}next-issuing`);
  if (!sealed || !kv.get(`${prefix}next-root`)) throw new CullisError('state.unreadable', 'the next root is not in the state');
  return await openCa(sealed, keyWrap);
}

/** Enters a phase. With `renew` the new CA takes the old one's place, whose key is gone with that: nothing can be signed by it any more. */
export function enterPhase(
  { kv, clock }: RotationStore,
  prefix: string,
  rotation: RotationState,
  phase: RotationPhase | undefined,
): RotationState | undefined {
  const state = phase && { ...rotation, phase, sinceMs: clock.nowMs() };
  kv.transaction(() => {
    if (phase === 'renew') {
      for (const name of ['root', 'issuing']) {
        const sealed = kv.get(`${prefix}next-${name}`);
        if (!sealed) throw new CullisError('state.unreadable', `the next ${name} CA is not in the state`);
        kv.put(`${prefix}${name}`, sealed, null);
        kv.delete(`${prefix}next-${name}`);
      }
    }
    if (state) put(kv, prefix, state);
    else kv.delete(`${prefix}rotation`);
  });
  return state;
}

function put(kv: Kv, prefix: string, state: RotationState): void {
  kv.put(`${prefix}rotation`, Buffer.from(JSON.stringify(state)), null);
}
