// Users for workloads: numbers that no one else has, so that the kernel keeps workloads apart. Nothing is added to /etc/passwd.
import { readFileSync } from 'node:fs';
import { CullisError } from '#base/errors.ts';
import { processIds } from './proc.ts';

/** Between Debian's and systemd's own ranges (60514-61183 is free in both; systemd UIDS-GIDS). */
export const FIRST_UID = 61_000;
export const LAST_UID = 61_183;

export interface UserTable {
  /** Workload id -> uid (= gid), as remembered in the state folder. */
  readonly uids: Readonly<Record<string, number>>;
}

/**
 * Gives every workload a uid of its own. What was given before stays, because files on disk belong to it.
 * @throws CullisError process.failed when the range is used up
 */
export function assignUids(workloads: readonly string[], before: UserTable, taken: ReadonlySet<number>): UserTable {
  const uids: Record<string, number> = { ...before.uids };
  const used = new Set([...Object.values(uids), ...taken]);
  for (const id of workloads) {
    if (Object.hasOwn(uids, id)) continue;
    let uid = FIRST_UID;
    while (used.has(uid)) uid++;
    if (uid > LAST_UID)
      throw new CullisError('process.failed', `no user id left for \`${id}\` (${FIRST_UID} to ${LAST_UID} are in use)`);
    used.add(uid);
    uids[id] = uid;
  }
  return { uids };
}

/** User ids of the range that accounts or running processes have. */
export function takenUids(passwd = readText('/etc/passwd'), group = readText('/etc/group')): Set<number> {
  const taken = new Set<number>();
  for (const line of `${passwd}\n${group}`.split('\n')) taken.add(Number(line.split(':')[2]));
  for (const pid of processIds()) {
    const uid = /^Uid:\t(\d+)/m.exec(readText(`/proc/${pid}/status`))?.[1];
    if (uid !== undefined) taken.add(Number(uid));
  }
  return new Set([...taken].filter((uid) => uid >= FIRST_UID && uid <= LAST_UID));
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** /etc/passwd and /etc/group inside a namespace: root, nobody and the workload. Some programs (initdb) insist on a name. */
export function accountFiles(name: string, uid: number, gid: number, home: string): { passwd: string; group: string } {
  const account = name.replace(/[^a-z0-9_-]/g, '_').slice(0, 31) || 'workload';
  return {
    passwd: `root:x:0:0:root:/root:/usr/sbin/nologin\n${account}:x:${uid}:${gid}::${home}:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n`,
    group: `root:x:0:\n${account}:x:${gid}:\nnogroup:x:65534:\n`,
  };
}
