// The customers' database, reached as any PostgreSQL is. It may start after its users, so the tables are made with patience.
import { Pool } from 'pg';
import { log } from './log.ts';

export interface Database {
  /** True once the tables are there. */
  ready(): boolean;
  /** Rows of one statement with `$1` parameters. */
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

/**
 * Opens a pool on `DATABASE_ADDR` (`host:port`) and runs `schema` until it succeeds, trying again after 0.25 to 4 seconds.
 * @param schema statements that may run any number of times (`CREATE TABLE IF NOT EXISTS …`)
 */
export function openDatabase(schema: string): Database {
  const address = process.env['DATABASE_ADDR'] ?? 'customer-database:5432';
  const colon = address.lastIndexOf(':');
  const pool = new Pool({
    host: address.slice(0, colon),
    port: Number(address.slice(colon + 1)),
    user: process.env['DATABASE_USER'] ?? 'shop',
    database: process.env['DATABASE_NAME'] ?? 'shop',
    password: process.env['DATABASE_PASSWORD'] ?? '',
    max: 8,
    connectionTimeoutMillis: 3_000,
    query_timeout: 5_000,
    idleTimeoutMillis: 30_000,
  });
  // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
  pool.on('error', (error) => log('warning', 'database connection lost', { error: error.message }));
  let isReady = false;
  const prepare = async (delayMs: number): Promise<void> => {
    try {
      // Two services prepare at once; the lock keeps their CREATE statements from racing in the catalogue. PostgreSQL runs the
      // statements of one simple query in one transaction, so the lock lasts exactly as long as they do.
      await pool.query(`SELECT pg_advisory_xact_lock(7070); ${schema}`);
      isReady = true;
      log('info', 'database ready');
    } catch (error) {
      log('warning', 'database not ready', { error: error instanceof Error ? error.message : String(error), againMs: delayMs });
      setTimeout(() => void prepare(Math.min(delayMs * 2, 4_000)), delayMs);
    }
  };
  void prepare(250);
  return {
    ready: () => isReady,
    async query<Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
      return (await pool.query<Row>(text, [...values])).rows;
    },
  };
}
