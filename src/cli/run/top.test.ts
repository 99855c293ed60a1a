// `cullis top` on a terminal that is not one: what it draws, what keys do, and that it leaves the terminal as it was.
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { runCli } from '../main.ts';
import { cullis } from '../../../test/fakes/cli.ts';
import { fakeControl } from '../../../test/fakes/control-api.ts';
import { SHOP_ANSWERS } from '../../../test/fakes/shop-status.ts';

async function state(t: TestContext) {
  const control = await fakeControl(SHOP_ANSWERS);
  const folder = mkdtempSync(join(tmpdir(), 'cullis-top-'));
  mkdirSync(join(folder, '.cullis'));
  writeFileSync(join(folder, '.cullis', 'admin-url'), control.url);
  writeFileSync(join(folder, '.cullis', 'operator-token'), control.token);
  t.after(async () => {
    await control.close();
    rmSync(folder, { recursive: true });
  });
  return { control, folder };
}

class Terminal extends EventEmitter {
  readonly isTTY = true;
  raw: boolean[] = [];
  resumed = false;
  setRawMode(on: boolean): void {
    this.raw.push(on);
  }
  resume(): void {
    this.resumed = true;
  }
  pause(): void {
    this.resumed = false;
  }
}

test('it redraws in place, takes keys, survives the control plane, and leaves the terminal as it was', async (t) => {
  const { control, folder } = await state(t);
  const stdin = new Terminal();
  const frames: string[] = [];
  const waiting = new Set<() => void>();
  const stdout = {
    isTTY: true,
    columns: 90,
    rows: 10,
    hasColors: () => false,
    write(text: string) {
      frames.push(text);
      for (const look of waiting) look();
    },
  };
  const until = (wanted: RegExp): Promise<string> =>
    new Promise((resolve) => {
      const look = (): void => {
        const frame = frames.at(-1) ?? '';
        if (!wanted.test(frame)) return;
        waiting.delete(look);
        resolve(frame);
      };
      waiting.add(look);
      look();
    });
  const process = {
    argv: ['node', 'cullis', 'top', '--interval', '0.1'],
    env: {},
    stdin,
    stdout,
    stderr: { write: () => {} },
    cwd: () => folder,
  };
  const ended = runCli(process);
  const first = await until(/RATE\/s▾/);
  assert.ok(stripVTControlCharacters(first).split('\r\n').length <= 10);
  assert.match(first, /^\u001b\[H/);
  stdin.emit('data', Buffer.from('s'));
  await until(/ERR %▾/);
  stdin.emit('data', Buffer.from('p'));
  await until(/paused/);
  stdin.emit('data', Buffer.from('p'));
  await control.close();
  await until(/the control API at .* paused|ECONNREFUSED|could not be reached|control API/);
  stdin.emit('data', Buffer.from('\u0003'));
  assert.equal(await ended, 0);
  assert.deepEqual(stdin.raw, [true, false]);
  assert.equal(stdin.resumed, false);
  assert.equal(stdin.listenerCount('data'), 0);
  assert.equal(frames[0], '\u001b[?1049h\u001b[?25l');
  assert.equal(frames.at(-1), '\u001b[?25h\u001b[?1049l');
});

test('where nobody looks it prints one look and ends', async (t) => {
  const { folder } = await state(t);
  const plain = await cullis(['top', '--interval', '0.1'], { cwd: folder });
  assert.equal(plain.code, 0);
  assert.equal(plain.stdout, stripVTControlCharacters(plain.stdout));
  assert.match(plain.stdout, /^FROM +TO +TLS/m);
  const json = await cullis(['top', '--once', '--json', '--interval', '0.1', '--sort', 'from'], { cwd: folder });
  const { links } = JSON.parse(json.stdout) as { links: { from: string }[] };
  assert.deepEqual(
    links.map(({ from }) => from),
    links.map(({ from }) => from).sort(),
  );
  assert.equal((await cullis(['top', '--interval', '0'], { cwd: folder })).code, 2);
});

test('without a running system it says so', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cullis-top-'));
  const { code, stderr } = await cullis(['top', '--once'], { cwd: folder });
  rmSync(folder, { recursive: true });
  assert.equal(code, 2);
  assert.match(stderr, /nothing runs/);
});
