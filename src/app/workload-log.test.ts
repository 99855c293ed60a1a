import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunStatus } from '#host/supervise.ts';
import { WorkloadLog } from './workload-log.ts';

const START: RunStatus = { state: 'starting', pid: 0, restarts: 0, lastExit: undefined, detail: '' };
const GONE = { pid: 0, detail: 'ended by SIGKILL, next try in 200 ms', state: 'restarting' } as const;

/** Each row: what changes, and what is said and recorded of it. */
const LIFE: readonly (readonly [change: Partial<RunStatus>, want: readonly string[]])[] = [
  [{}, []],
  [{ pid: 5 }, ['track 5', 'started 5 ']],
  [{ state: 'ready' }, ['ready 5 ']],
  [{ state: 'ready' }, []],
  [{ ...GONE, restarts: 1 }, ['untrack 5', `exited 5 ${GONE.detail}`]],
  [{ state: 'starting', detail: '' }, []],
  [{ pid: 6 }, ['track 6', 'restarted 6 restart 1']],
  [{ detail: 'not ready after 30.0 s: nothing listens' }, []],
  [{ state: 'ready', detail: '' }, ['ready 6 ']],
  [{ state: 'stopped', pid: 0 }, ['untrack 6', 'exited 6 stopped']],
];

function follow(rows: readonly (readonly [Partial<RunStatus>, readonly string[]])[]): void {
  const said: string[] = [];
  const log = new WorkloadLog(
    { say: (action, _name, pid, detail) => void said.push(`${action} ${pid} ${detail}`) },
    { track: (pid) => void said.push(`track ${pid}`), untrack: (pid) => void said.push(`untrack ${pid}`) },
  );
  let status = START;
  for (const [change, want] of rows) {
    status = { ...status, ...change };
    log.take('shop/cart', status);
    assert.deepEqual(said.splice(0), want, JSON.stringify(change));
  }
}

test('a life is told from start to end', () => follow(LIFE));

test('a program that cannot start is told each time', () => {
  const failed = { state: 'restarting', detail: 'could not start: no program `x`' } as const;
  follow([
    [{}, []],
    [{ ...failed, restarts: 1 }, [`exited 0 ${failed.detail}`]],
    [{ state: 'starting', detail: '' }, []],
    [{ ...failed, restarts: 2 }, [`exited 0 ${failed.detail}`]],
  ]);
});
