import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { assert } from '#base/assert.ts';
import { CullisError, messageOf } from '#base/errors.ts';
import type { Kv } from '#model/ports.ts';
import { APPLICATION_ID, MIGRATIONS } from './migrations.ts';
import { checkKey, prefixEnd, sameBytes } from './keys.ts';

const BUSY_TIMEOUT_MS = 5000;
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;

/**
 * Key-value state in one SQLite file, made with mode 0600 where it does not exist. Each `put`, `delete` and outermost `transaction` is on
 * disk when it returns (WAL, `synchronous=FULL`), and a crash leaves all of it or nothing.
 * @throws CullisError state.unreadable when the file is damaged, is not ours, or was written by a newer version;
 *   state.locked when another process holds it for more than 5 seconds
 */
export function openSqlite(path: string): Kv {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // Made before SQLite sees it, so that it never exists with a wider mode; the -wal and -shm files take theirs from it.
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true, defensive: true });
    database.exec(
      'PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA fullfsync=ON; PRAGMA trusted_schema=OFF; PRAGMA secure_delete=ON;',
    );
    migrate(database, path);
    return new SqliteKv(database, path);
  } catch (error) {
    database?.close();
    throw asStateError(error, path);
  }
}

function migrate(database: DatabaseSync, path: string): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    const version = pragma(database, 'user_version');
    const application = pragma(database, 'application_id');
    const latest = MIGRATIONS.at(-1)?.version ?? 0;
    const tables = database.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.['n'];
    if (application !== APPLICATION_ID && (application !== 0 || version !== 0 || tables !== 0)) {
      throw new CullisError('state.unreadable', `\`${path}\` is a database of another program`);
    }
    if (version > latest) {
      throw new CullisError(
        'state.unreadable',
        `\`${path}\` was written by a newer version (schema ${version}, this one knows ${latest})`,
      );
    }
    for (const step of MIGRATIONS) if (step.version > version) database.exec(step.sql);
    database.exec(`PRAGMA application_id=${APPLICATION_ID}; PRAGMA user_version=${latest};`);
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
  // A file that a disk fault damaged is refused at the start, not at the first read of the wrong page.
  const check = database.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
  if (check !== 'ok') throw new CullisError('state.unreadable', `\`${path}\` is damaged: ${String(check)}`);
}

function pragma(database: DatabaseSync, name: 'user_version' | 'application_id'): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0);
}

function asStateError(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !('errcode' in error)) return error;
  const code = Number(error.errcode) & 0xff;
  if (code === SQLITE_BUSY || code === SQLITE_LOCKED) {
    return new CullisError('state.locked', `\`${path}\` is held by another process`, { cause: error });
  }
  return new CullisError('state.unreadable', `\`${path}\`: ${messageOf(error)}`, { cause: error });
}

class SqliteKv implements Kv {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #get;
  readonly #put;
  readonly #delete;
  readonly #list;
  #depth = 0;

  constructor(database: DatabaseSync, path: string) {
    this.#database = database;
    this.#path = path;
    this.#get = database.prepare('SELECT value FROM kv WHERE key = ?');
    this.#put = database.prepare(
      'INSERT INTO kv (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    );
    this.#delete = database.prepare('DELETE FROM kv WHERE key = ?');
    this.#list = database.prepare('SELECT key FROM kv WHERE key >= ? AND key < ? ORDER BY key');
  }

  get(key: string): Uint8Array | undefined {
    checkKey(key);
    return this.#try(() => this.#get.get(key)?.['value'] as Uint8Array | undefined);
  }

  put(key: string, value: Uint8Array, expected?: Uint8Array | null): boolean {
    checkKey(key);
    if (expected === null) {
      this.#try(() => this.#put.run(key, value));
      return true;
    }
    return this.transaction(() => {
      if (!sameBytes(this.get(key), expected)) return false;
      this.#put.run(key, value);
      return true;
    });
  }

  delete(key: string): void {
    checkKey(key);
    this.#try(() => this.#delete.run(key));
  }

  list(prefix: string): readonly string[] {
    return this.#try(() => this.#list.all(prefix, prefixEnd(prefix)).map((row) => row['key'] as string));
  }

  transaction<T>(work: () => T): T {
    const depth = this.#depth++;
    // IMMEDIATE takes the write lock first, so that what `work` reads is still true when it writes.
    const [begin, commit, undo] =
      depth === 0
        ? ['BEGIN IMMEDIATE', 'COMMIT', 'ROLLBACK']
        : [`SAVEPOINT s${depth}`, `RELEASE s${depth}`, `ROLLBACK TO s${depth}; RELEASE s${depth}`];
    try {
      return this.#try(() => {
        this.#database.exec(begin);
        try {
          const result = work();
          assert(!(result instanceof Promise), 'a transaction must not wait');
          this.#database.exec(commit);
          return result;
        } catch (error) {
          // SQLite ends a transaction by itself after some errors (disk full); an undo would then fail and hide the cause.
          if (this.#database.isTransaction) this.#database.exec(undo);
          throw error;
        }
      });
    } finally {
      this.#depth--;
    }
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #try<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw asStateError(error, this.#path);
    }
  }
}
