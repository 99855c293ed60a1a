// kill -9 at any moment, of any part, several systems side by side: nothing of a namespace outlives its supervisor.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isolationAvailable } from '#host/isolation.ts';
import { processIds } from '#host/proc.ts';
import { openState } from '#host/state.ts';
import { systemTool } from '#host/tools.ts';
import { until } from './running.ts';

const MAKER = fileURLToPath(new URL('namespace-maker.ts', import.meta.url));
/** More with CULLIS_KILL_ROUNDS. */
const ROUNDS = Number(process.env['CULLIS_KILL_ROUNDS'] ?? 8);
const LANES = 4;
/** Somebody who is neither root nor anybody on this machine. */
const NOBODY = 61_190;

/** Starts a program with descriptors that it did not ask for, as shells and service managers do. */
const WITH_MORE = systemTool('bash') ? ['bash', '-c', 'exec 9</dev/null 40</dev/null 250</dev/null; exec "$@"', 'bash'] : [];

const isolation = isolationAvailable();
const setpriv = systemTool('setpriv');

/** Every process that has, or is in a mount namespace that has, the folder. */
function within(folder: string): number[] {
  return processIds().filter((pid) => pid !== process.pid && readText(`/proc/${pid}/mountinfo`).includes(folder));
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Whether the unprivileged user gets as far as this file, and may make namespaces. */
function unprivilegedWorks(): boolean {
  const asNobody = [setpriv ?? '', '--reuid', `${NOBODY}`, '--regid', `${NOBODY}`, '--clear-groups', '--'];
  const words = [...asNobody, 'sh', '-c', `test -r ${MAKER} && test -x ${process.execPath} && unshare -Urn true`];
  return process.getuid?.() === 0 && setpriv !== undefined && run(words) === 0;
}

function run(words: readonly string[]): number | null {
  return spawnSync(words[0]!, words.slice(1), { stdio: 'ignore', timeout: 5000 }).status;
}

describe('kill -9 of namespaces', { skip: isolation.ok ? false : isolation.why, timeout: 60_000 }, () => {
  const makers: ChildProcess[] = [];
  const folders: string[] = [];
  after(() => {
    for (const maker of makers) maker.kill('SIGKILL');
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  interface Lane {
    readonly state: string;
    /** Visible in every namespace of this lane, and so the proof that one is left. */
    readonly share: string;
    readonly words: readonly string[];
    readonly how: 'root' | 'userns';
  }

  function makeLane(unprivileged: boolean): Lane {
    const folder = mkdtempSync(join(tmpdir(), 'cullis-kill-'));
    folders.push(folder);
    const [state, share] = [join(folder, 'state'), join(folder, 'share')];
    mkdirSync(share, { mode: 0o755 });
    if (unprivileged) for (const path of [folder, share]) chownSync(path, NOBODY, NOBODY);
    const words = [...WITH_MORE, process.execPath, '--no-warnings', MAKER, state, share];
    const asNobody = [setpriv!, '--reuid', `${NOBODY}`, '--regid', `${NOBODY}`, '--clear-groups', '--'];
    const how = unprivileged || process.getuid?.() !== 0 ? 'userns' : 'root';
    return { state, share, words: unprivileged ? [...asNobody, ...words] : words, how };
  }

  /** One system from its start to its end by SIGKILL. @param part 1 when a process inside is killed before the supervisor is */
  async function round({ words, share, how }: Lane, part: number, waitMs: number): Promise<string> {
    const child = spawn(words[0]!, words.slice(1), {
      env: { PATH: process.env['PATH'] ?? '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    makers.push(child);
    const exited = once(child, 'exit');
    let said = '';
    let complaint = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
    await until('it begins', () => {
      assert.equal(child.exitCode, null, complaint);
      return said.startsWith('begin');
    });
    assert.equal(said.split('\n')[0], `begin ${how}`);
    let name = 'the supervisor';
    if (part > 0) {
      // The one that waits for a namespace, its first, its caretaker, its watcher, a program. What was killed is just being made anew.
      await until('it is up', () => said.includes('up'));
      const inside = within(share);
      for (const pid of inside.filter((one) => readText(`/proc/${one}/comm`) === 'sleep\n'))
        assert.deepEqual(readdirSync(`/proc/${pid}/fd`), ['0', '1', '2'], 'what the supervisor was started with went along');
      const victim = inside[Math.floor(Math.random() * inside.length)]!;
      name = readText(`/proc/${victim}/comm`).trim();
      process.kill(victim, 'SIGKILL');
    }
    await pause(part > 0 ? waitMs / 4 : waitMs);
    child.kill('SIGKILL');
    await exited;
    await until(`all is gone after ${name} was killed`, () => within(share).length === 0, 5000);
    return `${name}, ${how}, ${part > 0 ? 'and the supervisor ' : ''}after ${waitMs} ms${said.includes('up') ? '' : ' in the middle of making'}`;
  }

  it(`leaves no process, namespace, mount or interface, ${ROUNDS} times at random moments`, async (t) => {
    const unprivileged = unprivilegedWorks();
    if (!unprivileged) t.diagnostic('no unprivileged rounds: this is no root, or user namespaces are closed to others');
    const before = { mounts: readText('/proc/self/mountinfo'), interfaces: Object.keys(networkInterfaces()) };
    const links = readdirSync('/sys/class/net');
    const lanes = Array.from({ length: LANES }, (_, i) => makeLane(unprivileged && i % 2 === 1));
    await Promise.all(
      lanes.map(async (lane, i) => {
        for (let n = 0; n < ROUNDS / LANES; n++) t.diagnostic(await round(lane, (n + i) % 2, Math.floor(Math.random() * 600)));
      }),
    );
    assert.equal(readText('/proc/self/mountinfo'), before.mounts);
    assert.deepEqual(readdirSync('/sys/class/net'), links);
    assert.deepEqual(Object.keys(networkInterfaces()), before.interfaces);
    for (const { state } of lanes) {
      const next = await openState(state);
      assert.deepEqual(readdirSync(next.runFolder), [], 'files of a killed run are gone with the next start');
      next.close();
      assert.ok(!existsSync(join(state, 'run')) && !existsSync(join(state, 'processes.json')));
    }
  });
});
