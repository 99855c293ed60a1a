import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { type Exit, type Launched, type Launcher, type RunStatus, supervise } from './supervise.ts';

/** A program that does what the test says. */
class FakeLauncher implements Launcher {
  readonly launched: { exit(exit: Exit): void; readonly output: PassThrough; ended: number[] }[] = [];
  serves = true;
  failure: Error | undefined;

  async launch(): Promise<Launched> {
    if (this.failure) throw this.failure;
    const exited = Promise.withResolvers<Exit>();
    const output = new PassThrough();
    const ended: number[] = [];
    this.launched.push({ exit: exited.resolve, output, ended });
    return {
      pid: 100 + this.launched.length,
      exited: exited.promise,
      output: [{ stream: 'stdout', readable: output }],
      end: async (graceMs) => {
        ended.push(graceMs);
        exited.resolve({ code: null, signal: 'SIGTERM' });
      },
    };
  }

  async probe(): Promise<string | undefined> {
    return this.serves ? undefined : 'nothing listens';
  }
}

const OPTIONS = { id: 'shop/cart', readyTimeoutMs: 5000, backoff: { firstMs: 1, maxMs: 2, stableMs: 60_000 } };

/** Resolves with the first status that `want` accepts. */
function watch(): {
  onState(id: string, status: RunStatus): void;
  until(want: (status: RunStatus) => boolean): Promise<RunStatus>;
  seen: RunStatus[];
} {
  const seen: RunStatus[] = [];
  let wake: () => void = () => {};
  return {
    seen,
    onState: (_, status) => {
      seen.push(status);
      wake();
    },
    until: async (want) => {
      for (;;) {
        const found = seen.find(want);
        if (found) return found;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}

test('a workload goes from starting to ready, through a restart, to stopped', async () => {
  const launcher = new FakeLauncher();
  const states = watch();
  const workload = supervise(launcher, OPTIONS, states);
  assert.equal(workload.status().state, 'starting');
  await workload.ready();
  assert.deepEqual([workload.status().state, workload.status().pid], ['ready', 101]);
  launcher.launched[0]!.exit({ code: 1, signal: null });
  const restarting = await states.until(({ state }) => state === 'restarting');
  assert.match(restarting.detail, /^exited with 1, (next try|failed)/);
  assert.deepEqual([restarting.pid, restarting.restarts, restarting.lastExit?.code], [0, 1, 1]);
  assert.deepEqual(launcher.launched[0]!.ended, [0], 'what the program left behind is ended before it starts again');
  await states.until(({ state, pid }) => state === 'ready' && pid === 102);
  await workload.stop(77);
  assert.deepEqual(launcher.launched[1]!.ended, [77]);
  assert.equal(workload.status().state, 'stopped');
  await workload.stop();
  assert.equal(launcher.launched.length, 2);
});

test('a program that cannot start is tried again for ever, and that is said', async () => {
  const launcher = new FakeLauncher();
  launcher.failure = new Error('no program `x`');
  const states = watch();
  const workload = supervise(launcher, OPTIONS, states);
  const { detail } = await states.until(({ restarts }) => restarts === 6);
  assert.match(detail, /^could not start: no program `x`, failed 6 times in a row, still trying in [12] ms$/);
  launcher.failure = undefined;
  await workload.ready();
  await workload.stop();
});

test('one that is late is reported once, still waited for, and a stop does not wait for it', async () => {
  const launcher = new FakeLauncher();
  launcher.serves = false;
  const states = watch();
  const workload = supervise(launcher, { ...OPTIONS, readyTimeoutMs: 1 }, states);
  await assert.rejects(workload.ready(), {
    code: 'process.failed',
    message: /`shop\/cart` is not ready after 0\.0 s: nothing listens/,
  });
  launcher.serves = true;
  await states.until(({ state }) => state === 'ready');
  assert.equal(states.seen.filter(({ detail }) => detail.startsWith('not ready')).length, 1);
  await workload.stop();
  const silent = new FakeLauncher();
  silent.serves = false;
  const other = supervise(silent, OPTIONS, {});
  await other.stop();
  await assert.rejects(other.ready(), /stopped before it was ready/);
});

test('output arrives as lines of the workload', async () => {
  const launcher = new FakeLauncher();
  const lines: string[] = [];
  const workload = supervise(launcher, OPTIONS, { onLog: ({ id, stream, text }) => lines.push(`${id} ${stream} ${text}`) });
  await workload.ready();
  const { output } = launcher.launched[0]!;
  output.end('one\ntwo');
  await new Promise((resolve) => output.once('close', resolve));
  assert.deepEqual(lines, ['shop/cart stdout one', 'shop/cart stdout two']);
  await workload.stop();
});
