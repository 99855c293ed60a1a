// The builtin database: a real PostgreSQL, as a plain process under a user of its own and inside a namespace.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import pg from 'pg';
import { isolationAvailable } from '#host/isolation.ts';
import { createNamespace } from '#host/namespaces.ts';
import { freePort } from '#host/ports.ts';
import { isRunning } from '#host/proc.ts';
import { type PostgresProgram, postgresProgram } from '#host/postgres.ts';
import { type RunSpec, startWorkload } from '#host/runner.ts';

const isolation = isolationAvailable();
const packaged = ((): string | false => {
  try {
    postgresProgram({ dataFolder: '/nowhere', ip: '127.0.0.1', port: 1 });
    return false;
  } catch (error) {
    return (error as Error).message;
  }
})();

function specOf(program: PostgresProgram, port: number): RunSpec {
  return {
    id: 'shop/db',
    command: program.command,
    cwd: import.meta.dirname,
    env: { ...program.env, POSTGRES_USER: 'owner', POSTGRES_PASSWORD: "it's secret", POSTGRES_DB: 'shop-1' },
    readiness: { kind: 'postgres', user: 'owner', database: 'shop-1' },
    address: { ip: '127.0.0.1', port },
    readyTimeoutMs: 30_000,
    stopSignal: program.stopSignal,
  };
}

async function ask(port: number, text: string, stream?: () => Socket): Promise<unknown> {
  const login = { host: '127.0.0.1', port, user: 'owner', password: "it's secret", database: 'shop-1' };
  const client = new pg.Client({ ...login, ...(stream ? { stream } : {}) });
  await client.connect();
  try {
    return (await client.query({ text, rowMode: 'array' })).rows;
  } finally {
    await client.end();
  }
}

describe('builtin postgres', { skip: packaged, timeout: 60_000, concurrency: true }, () => {
  const sql = 'create table customers (id int primary key, name text);\ninsert into customers values (1, $$Ada$$);\n';

  function folders(): { state: string; dataFolder: string; initSqlFile: string } {
    // As in a state folder: nobody but this user may enter it.
    const state = mkdtempSync(join(tmpdir(), 'cullis-postgres-'));
    const dataFolder = join(state, 'data', 'db');
    mkdirSync(join(state, 'data'));
    const initSqlFile = join(state, 'init.sql');
    writeFileSync(initSqlFile, sql, { mode: 0o644 });
    return { state, dataFolder, initSqlFile };
  }

  it('runs as a plain process, keeps its data over a restart, and stops cleanly', async (t) => {
    const { state, dataFolder, initSqlFile } = folders();
    t.after(() => rmSync(state, { recursive: true, force: true }));
    const { port } = await freePort('127.0.0.1', 0);
    const runAs = process.getuid?.() === 0 ? { runAs: { uid: 61_170, gid: 61_170 } } : {};
    const spec = specOf(postgresProgram({ dataFolder, ip: '127.0.0.1', port, initSqlFile, ...runAs }), port);
    const lines: string[] = [];
    for (const turn of [1, 2]) {
      const database = startWorkload(spec, { onLog: ({ text }) => void lines.push(text) });
      t.after(async () => await database.stop());
      await database.ready().catch((error: Error) => assert.fail(`${error.message}\n${lines.join('\n')}`));
      assert.deepEqual(await ask(port, 'select count(*)::int, min(name) from customers'), [[turn, 'Ada']]);
      await ask(port, `insert into customers values (${turn + 1}, 'Zoe')`);
      const { pid } = database.status();
      await database.stop();
      assert.ok(!isRunning(pid));
      assert.match(lines.at(-1)!, /database system is shut down/);
    }
    assert.ok(!lines.join('\n').includes('secret'));
  });

  it('runs in a namespace as any workload does', { skip: isolation.ok ? false : isolation.why }, async (t) => {
    if (!isolation.ok) return;
    const { state, dataFolder, initSqlFile } = folders();
    const program = postgresProgram({ dataFolder, ip: '127.0.0.1', port: 5432, initSqlFile });
    const namespace = await createNamespace({
      workload: 'shop/db',
      isolation,
      services: [],
      uid: 61_171,
      runFolder: join(state, 'run'),
      cwd: import.meta.dirname,
      share: program.share,
      writable: program.writable,
      hide: [state],
    });
    t.after(async () => {
      await namespace.close();
      rmSync(state, { recursive: true, force: true });
    });
    const lines: string[] = [];
    const database = namespace.run(specOf(program, 5432), { onLog: ({ text }) => void lines.push(text) });
    await database.ready().catch((error: Error) => assert.fail(`${error.message}\n${lines.join('\n')}`));
    const socket = await namespace.connect('127.0.0.1', 5432);
    // pg calls connect() on whatever stream it is given; this one is connected already.
    const stream = Object.assign(socket, { connect: () => (setImmediate(() => socket.emit('connect')), socket) });
    assert.deepEqual(await ask(5432, 'select name from customers', () => stream), [['Ada']]);
    await database.stop();
    assert.match(lines.at(-1)!, /database system is shut down/);
  });
});
