// `socketBelongsTo` for a busy listener: the kernel's table costs milliseconds to read whoever asks, so it is read away from the main
// thread, and once for all who wait.
import { open } from 'node:fs/promises';
import { collectSockets, processTree } from './proc.ts';
import { type Connection, DESCRIPTORS_MAX, type Needle, TABLE_BYTES_MAX, peerNeedles, readLine } from './sockets.ts';

interface Question {
  readonly rootPid: number;
  readonly needles: readonly Needle[];
  readonly answer: (belongs: boolean) => void;
  inode: string | undefined;
}

/** Questions that may wait; one more is answered no at once. */
const WAITING_MAX = 10_000;

export type PeerCheck = (rootPid: number, connection: Connection) => Promise<boolean>;

/**
 * Makes a check with the meaning of `socketBelongsTo`: whether the peer of a connection is a process of the tree that `rootPid` leads.
 * Never rejects; denies in doubt. Ask as soon as the connection is accepted.
 */
export function createPeerCheck(): PeerCheck {
  let waiting: Question[] = [];
  let working = false;

  async function work(): Promise<void> {
    working = true;
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        await findInodes(batch);
        judge(batch);
      } catch {
        for (const { answer } of batch) answer(false);
      }
    }
    working = false;
  }

  return async (rootPid, connection) =>
    await new Promise((resolve) => {
      const needles = peerNeedles(connection);
      if (needles.length === 0 || rootPid <= 0 || waiting.length >= WAITING_MAX) return resolve(false);
      waiting.push({ rootPid, needles, answer: resolve, inode: undefined });
      if (!working) void work();
    });
}

async function findInodes(batch: readonly Question[]): Promise<void> {
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6'] as const) {
    const open = batch.filter(({ inode }) => inode === undefined);
    const wanted = open.flatMap((question) =>
      question.needles.filter((one) => one.table === table).map(({ text }) => ({ text, question })),
    );
    if (wanted.length > 0) await searchTable(table, wanted);
  }
}

/** Reads until every line is found, the table ends, or the bound is reached. */
async function searchTable(path: string, wanted: { readonly text: string; readonly question: Question }[]): Promise<void> {
  const file = await open(path).catch(() => undefined);
  if (!file) return;
  try {
    const buffer = Buffer.allocUnsafe(64 * 1024);
    let left = wanted;
    let rest = '';
    for (let total = 0; total < TABLE_BYTES_MAX && left.length > 0;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) return;
      total += bytesRead;
      const text = rest + buffer.toString('latin1', 0, bytesRead);
      const end = text.lastIndexOf('\n');
      left = left.filter(({ text: needle, question }) => {
        const at = text.indexOf(needle);
        if (at === -1 || at > end) return true;
        question.inode = readLine(text, at).inode;
        return false;
      });
      rest = text.slice(end + 1);
    }
  } finally {
    await file.close();
  }
}

function judge(batch: readonly Question[]): void {
  const held = new Map<number, Set<string>>();
  for (const { rootPid, inode, answer } of batch) {
    if (inode === undefined) {
      answer(false);
      continue;
    }
    let sockets = held.get(rootPid);
    if (!sockets) {
      sockets = new Set();
      const budget = { left: DESCRIPTORS_MAX };
      for (const pid of processTree(rootPid)) collectSockets(pid, sockets, budget);
      held.set(rootPid, sockets);
    }
    answer(sockets.has(inode));
  }
}
