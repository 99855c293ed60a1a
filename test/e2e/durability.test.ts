// kill -9 in the middle of writing: what was acknowledged is there, what was not is whole or absent, and losses are said.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import test, { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Event } from '#model/event.ts';
import { openSqlite } from '#store/sqlite.ts';
import { systemClock, systemRandom } from '#telemetry/machine.ts';
import { openJournal, readJournal } from '#telemetry/journal.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const WRITER = fileURLToPath(new URL('journal-writer.ts', import.meta.url));

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'cullis-durability-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Runs the writer until it has told `lines` lines, kills it with SIGKILL, and gives all lines it told. */
async function writeAndKill(kind: string, path: string, lines: number): Promise<string[]> {
  // As the planes run: under the permission model some file calls do not exist.
  const folder = kind === 'store' ? dirname(path) : path;
  const flags = ['--permission', `--allow-fs-read=${ROOT}`, `--allow-fs-read=${folder}`, `--allow-fs-write=${folder}`];
  const child = spawn(process.execPath, [...flags, WRITER, kind, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const told: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    told.push(line);
    if (told.length === lines) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await new Promise((resolve) => child.on('exit', resolve));
  assert.equal(child.signalCode, 'SIGKILL');
  return told;
}

async function events(dir: string): Promise<Event[]> {
  const all: Event[] = [];
  for await (const event of readJournal(dir)) all.push(event);
  return all;
}

test('journal: no acknowledged event is lost, over several deaths of one writer', async (t) => {
  const dir = folder(t);
  const acknowledged: string[] = [];
  for (const lines of [1, 40, 333]) acknowledged.push(...(await writeAndKill('journal', dir, lines)));
  const journal = await openJournal(dir, { node: 'proxy/1', clock: systemClock, random: systemRandom });
  await journal.close();
  const kept = new Set((await events(dir)).map((event) => event.id));
  assert.deepEqual(
    acknowledged.filter((id) => !kept.has(id)),
    [],
  );
  assert.ok(acknowledged.length >= 374);
});

test('journal: batched events that died with their process are counted exactly when they were older than 10 ms', async (t) => {
  const dir = folder(t);
  await writeAndKill('batched', dir, 1);
  await (await openJournal(dir, { node: 'proxy/1', clock: systemClock, random: systemRandom })).close();
  const [start, gap, ...more] = await events(dir);
  assert.equal(start?.type === 'gap' && start.detail, 'start');
  assert.ok(gap?.type === 'gap');
  assert.equal(gap.lost, 1000);
  assert.match(gap.detail, /at least 1000 batched events/);
  assert.deepEqual(more, []);
});

test('store: every acknowledged transaction is there, and none is there in part', async (t) => {
  const path = join(folder(t), 'state.db');
  let next = 0;
  for (const lines of [1, 100]) {
    const told = await writeAndKill('store', path, lines);
    next = Math.max(next, Number(told.at(-1)));
    const kv = openSqlite(path);
    const latest = Number(Buffer.from(kv.get('latest')!).toString());
    assert.ok(latest >= Number(told.at(-1)), `${latest} >= ${told.at(-1)}`);
    assert.deepEqual(
      kv.list('a/').map((key) => key.slice(2)),
      kv.list('b/').map((key) => key.slice(2)),
    );
    for (let i = 0; i <= latest; i++) assert.ok(kv.get(`a/${i}`), `a/${i}`);
    kv.close();
  }
  assert.ok(next >= 99);
});
