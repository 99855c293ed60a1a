// What a killed supervisor leaves behind is found and removed by the next one, and nothing else is.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { bootId, isRunning, processStat } from '#host/proc.ts';
import { openState } from '#host/state.ts';

describe('state folder', { skip: process.platform === 'linux' ? false : 'needs /proc', timeout: 30_000 }, () => {
  let folder = '';
  const children: ChildProcess[] = [];
  before(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'cullis-state-')), '.cullis');
  });
  after(() => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(join(folder, '..'), { recursive: true, force: true });
  });

  async function supervisor(): Promise<{ child: ChildProcess; pids: number[] }> {
    const child = spawn(process.execPath, ['--no-warnings', join(import.meta.dirname, 'host-supervisor.ts'), folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    let text = '';
    for await (const chunk of child.stdout) if ((text += chunk).endsWith('\n')) break;
    return { child, pids: JSON.parse(text) as number[] };
  }

  it('is locked while a supervisor lives, and cleaned after it was killed', async () => {
    const { child, pids } = await supervisor();
    assert.ok(pids.length >= 2 && pids.every((pid) => isRunning(pid)));
    await assert.rejects(openState(folder), { code: 'state.locked', message: new RegExp(`is held by process ${child.pid}`) });
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    child.kill('SIGKILL');
    await once(child, 'exit');
    // The kernel ends the workloads with their supervisor; what left the tree and ignores signals is still there.
    assert.ok(pids.some((pid) => isRunning(pid)));
    const state = await openState(folder);
    assert.deepEqual(
      pids.filter((pid) => isRunning(pid)),
      [],
    );
    assert.ok(
      state.cleaned.some((line) => line.startsWith('shop/plain (pid ')),
      state.cleaned.join(', '),
    );
    assert.deepEqual(readdirSync(state.runFolder), []);
    state.close();
    assert.ok(!existsSync(join(folder, 'lock')) && !existsSync(join(folder, 'run')));
  });

  it('spares a process that only has the number of a recorded one, and one marked by another instance', async () => {
    const instance = readFileSync(join(folder, 'instance'), 'utf8');
    const start = async (env: Record<string, string>): Promise<number> => {
      const child = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1000)'], {
        env,
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      children.push(child);
      await once(child.stdout, 'data');
      return child.pid!;
    };
    const reused = await start({});
    const foreign = await start({ CULLIS_INSTANCE: 'f'.repeat(32) });
    const marked = await start({ CULLIS_INSTANCE: instance, CULLIS_WORKLOAD: 'shop/lost' });
    const boot = bootId();
    const record = (pid: number, change: object): object => ({
      pid,
      startTicks: processStat(pid)!.startTicks,
      boot,
      what: 'x',
      ...change,
    });
    const records = [
      record(reused, { startTicks: '1' }),
      record(reused, { boot: 'another' }),
      record(foreign, {}),
      record(process.pid, {}),
      record(process.ppid, {}),
      { pid: 1, startTicks: '0', boot, what: 'init' },
      'nonsense',
    ];
    writeFileSync(join(folder, 'processes.json'), JSON.stringify(records));
    const state = await openState(folder);
    assert.deepEqual(state.cleaned, [`shop/lost (pid ${marked})`]);
    assert.deepEqual(
      [reused, foreign, marked].map((pid) => isRunning(pid)),
      [true, true, false],
    );
    state.close();
  });

  it('takes over a lock whose holder is gone, whose number is used again, or whose file is torn', async () => {
    const stale = [
      { pid: 4_000_000, startTicks: '1', boot: bootId() },
      { pid: process.ppid, startTicks: '1', boot: bootId() },
      { pid: process.ppid, startTicks: processStat(process.ppid)!.startTicks, boot: 'another boot' },
    ].map((holder) => JSON.stringify(holder));
    for (const text of [...stale, '{"pid":', '']) {
      writeFileSync(join(folder, 'lock'), text);
      (await openState(folder)).close();
    }
    writeFileSync(
      join(folder, 'lock'),
      JSON.stringify({ pid: process.ppid, startTicks: processStat(process.ppid)!.startTicks, boot: bootId() }),
    );
    await assert.rejects(openState(folder), { code: 'state.locked' });
    rmSync(join(folder, 'lock'));
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('lock')),
      [],
    );
  });

  it('gives each workload the same user again', async () => {
    const first = await openState(folder);
    const uids = first.uids(['shop/a', 'shop/b']);
    first.close();
    const second = await openState(folder);
    const again = second.uids(['shop/c', 'shop/b', 'shop/a']);
    second.close();
    assert.deepEqual([again['shop/a'], again['shop/b']], [uids['shop/a'], uids['shop/b']]);
    assert.equal(new Set(Object.values(again)).size, Object.keys(again).length);
  });
});
