// What control keeps in the store beside the CA and the operators: the key of session ids, and the last snapshot that all workers took.
import type { Random } from '#base/ports.ts';
import type { KeyWrap, Kv } from '#model/ports.ts';
import type { System } from '#model/system.ts';
import type { NodePlan } from '#plan/plan.ts';

const SESSION_KEY = 'session-key';
const LAST_SNAPSHOT = 'snapshot/last';

/** Base64 of 32 bytes, the same over restarts, so that a session keeps its id. @throws CullisError key.unavailable */
export async function openSessionKey(kv: Kv, keyWrap: KeyWrap, random: Random): Promise<string> {
  const sealed = kv.get(SESSION_KEY);
  if (sealed) return Buffer.from(await keyWrap.unwrap(sealed, SESSION_KEY)).toString('base64');
  const key = random.bytes(32);
  if (!kv.put(SESSION_KEY, await keyWrap.wrap(key, SESSION_KEY))) return openSessionKey(kv, keyWrap, random);
  return Buffer.from(key).toString('base64');
}

export interface LastSnapshot {
  /** Addresses of a plan are good only for the run of the supervisor that gave them. */
  readonly run: string;
  readonly plan: NodePlan;
  /** What the plan was made from; without the places in the files, which the plan itself has. */
  readonly system: System;
}

export function saveLastSnapshot(kv: Kv, last: LastSnapshot): void {
  kv.put(LAST_SNAPSHOT, Buffer.from(JSON.stringify(last)), null);
}

/** The last snapshot that all workers of this run took; undefined when there is none or it is of another run. */
export function readLastSnapshot(kv: Kv, run: string): LastSnapshot | undefined {
  const bytes = kv.get(LAST_SNAPSHOT);
  if (!bytes) return undefined;
  try {
    const last = JSON.parse(Buffer.from(bytes).toString('utf8')) as LastSnapshot;
    return last.run === run && typeof last.plan?.version === 'string' && typeof last.system?.hash === 'string' ? last : undefined;
  } catch {
    return undefined;
  }
}
