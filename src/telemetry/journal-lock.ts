import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CullisError, messageOf } from '#base/errors.ts';
import { streamName } from './journal-format.ts';

const SQLITE_BUSY = 5;

/**
 * One writer a stream, held by the kernel: Node has no file locks of its own, SQLite takes them (fcntl), and the kernel lets go of them when the
 * process dies in whatever way. A file with a process number would have to guess whether that process still lives.
 * @returns a function that gives the lock back; the empty file stays, since removing it would race with the next holder
 * @throws CullisError state.locked while another process writes this stream
 */
export function lockStream(dir: string, node: string): () => void {
  const path = join(dir, `${streamName(node)}.lock`);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    chmodSync(path, 0o600);
    database.exec('PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    const busy = error instanceof Error && 'errcode' in error && Number(error.errcode) === SQLITE_BUSY;
    if (busy) throw new CullisError('state.locked', `the journal of \`${node}\` is written by another process`, { cause: error });
    throw new CullisError('state.unreadable', `the journal's lock \`${path}\` could not be taken: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const held = database;
  return () => {
    if (held.isOpen) held.close();
  };
}
