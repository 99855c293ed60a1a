import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { quote, rootScript } from './root.ts';

const project = mkdtempSync(join(tmpdir(), 'cullis-root-'));
const state = join(project, '.cullis');
const data = join(state, 'data', 'db');
mkdirSync(data, { recursive: true });
after(() => rmSync(project, { recursive: true, force: true }));

const lines = rootScript({ share: [project], writable: [data], hide: [state], tmpBytesMax: 1 << 20 });
const at = (text: string): number => lines.findIndex((line) => line.includes(text));

test('a data folder inside the hidden state folder of a shared project: covered, opened, then closed', () => {
  const shared = at(`mount --rbind '${project}'`);
  const covered = at(`hidden '.${state}'`);
  const opened = at(`mount --rbind '${data}'`);
  const closed = at(`mount -o remount,bind,ro,nosuid,nodev,noexec`);
  assert.ok(shared >= 0 && shared < covered && covered < opened && opened < closed, lines.join('\n'));
});

test('a hidden folder that nothing shared contains needs no cover', () => {
  const other = rootScript({ share: [data], writable: [], hide: [state], tmpBytesMax: 1 << 20 });
  assert.ok(!other.some((line) => line.includes(`hidden '.${state}'`)));
});

test('a word with a new line is no path', () => assert.throws(() => quote('a\nb'), /cannot be used as a path/));
