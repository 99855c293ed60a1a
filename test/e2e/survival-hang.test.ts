// A plane that hangs, dies at once or cannot even start is started again, with growing pauses, and stops when it is told to.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Plane } from '#app/plane.ts';
import { until } from './running.ts';

const folder = mkdtempSync(join(tmpdir(), 'cullis-plane-'));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Watched {
  readonly plane: Plane;
  readonly children: ChildProcess[];
  readonly ends: string[];
  readonly waitsMs: number[];
  readonly lines: string[];
}

function plane(program: string): Watched {
  const main = join(folder, 'main.mjs');
  writeFileSync(main, program);
  const children: ChildProcess[] = [];
  const ends: string[] = [];
  const waitsMs: number[] = [];
  const lines: string[] = [];
  const made = new Plane(
    {
      name: 'test',
      main: 'main',
      code: { mainOf: () => main, refresh: () => {} },
      start: () => ({}),
      read: [folder],
      write: [],
      env: {},
      onLine: (line) => lines.push(line),
    },
    'proxy',
    {
      onStart: (child) => void children.push(child),
      onExit: (_pid, detail, againInMs) => {
        ends.push(detail);
        waitsMs.push(againInMs);
      },
    },
    { everyMs: 50, unansweredMax: 6 },
  );
  made.start();
  return { plane: made, children, ends, waitsMs, lines };
}

const ANSWERS = "process.on('message', () => process.send({ type: 'pong' }));";

test('one that hangs is ended and started again', { timeout: 20_000 }, async () => {
  const { plane: one, children, ends } = plane(`${ANSWERS} process.send({ type: 'up' });`);
  let heard = 0;
  children[0]!.on('message', () => heard++);
  await until('it answers', () => heard >= 10);
  assert.deepEqual(ends, [], 'one that answers is left alone');
  children[0]!.kill('SIGSTOP');
  await until('it is started again', () => children.length === 2);
  assert.deepEqual(ends, ['did not answer for 0.3 s']);
  await one.stop(undefined, 1000);
  assert.equal(one.running, false);
});

test(
  'one that dies at once is tried again with growing pauses, and what it said last is heard',
  { timeout: 20_000 },
  async () => {
    const { plane: one, ends, waitsMs, lines } = plane("console.error('no luck'); process.exit(3);");
    await until('three tries', () => ends.length >= 3);
    assert.equal(ends[0], 'exited with 3');
    assert.equal(lines[0], 'no luck');
    assert.deepEqual(waitsMs.slice(0, 3), [50, 100, 200]);
    await one.stop(undefined, 1000);
    const count = ends.length;
    await new Promise((resolve) => setTimeout(resolve, 450));
    assert.equal(ends.length, count, 'not started again after the stop');
  },
);

test('one that ignores the request to end is ended all the same', { timeout: 20_000 }, async () => {
  const { plane: one, children } = plane(`${ANSWERS} process.on('SIGTERM', () => {}); process.send({ type: 'up' });`);
  await new Promise((resolve) => children[0]!.once('message', resolve));
  const startedMs = performance.now();
  await one.stop(undefined, 100);
  assert.equal(children[0]!.signalCode, 'SIGKILL');
  assert.ok(performance.now() - startedMs < 3000);
});
