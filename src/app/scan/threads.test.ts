import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { walkTree } from '#sources/tree.ts';
import { entryOf } from './files.ts';
import { entriesAhead } from './threads.ts';

const NOW = Date.parse('2026-11-24T00:00:00Z');

async function withTree<T>(run: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'cullis-threads-'));
  try {
    for (let i = 0; i < 30; i++) {
      const key = `AKIA${String(i)
        .padStart(2, '2')
        .replaceAll(/[018-9]/g, '4')}QWERTYUIPLKJHG`;
      writeFileSync(join(folder, `${i}.js`), `const key = '${key}';\n// cullis:ignore x: why\n${'a + b;\n'.repeat(20_000)}`);
    }
    return await run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('threads find what one finds', async () => {
  await withTree(async (folder) => {
    const { files } = walkTree(['.'], folder);
    const gone = { path: 'gone.js', absolute: join(folder, 'gone.js'), size: 1, stamp: '' };
    const found = await entriesAhead([...files, gone], { cwd: folder, nowMs: NOW }, { worthBytes: 0, helpers: 1 });
    assert.equal(found.size, 30);
    assert.equal(found.get('gone.js'), undefined);
    for (const file of files) {
      const want = entryOf(file.path, readFileSync(file.absolute), { nowMs: NOW });
      assert.deepEqual(found.get(file.path), want);
      assert.equal(want.ignores?.length, 1);
    }
  });
});

test('a small tree is left to the scan itself', async () => {
  await withTree(async (folder) => {
    const { files } = walkTree(['.'], folder);
    assert.equal((await entriesAhead(files, { cwd: folder, nowMs: NOW })).size, 0);
  });
});

test('a thread that fails fails the scan', async () => {
  await withTree(async (folder) => {
    const { files } = walkTree(['.'], folder);
    const run = (code: string): Promise<unknown> =>
      entriesAhead(
        files,
        { cwd: folder, nowMs: NOW },
        { worthBytes: 0, helpers: 1, thread: new URL(`data:text/javascript,${encodeURIComponent(code)}`) },
      );
    await assert.rejects(run('throw new Error("out of order")'), {
      code: 'process.failed',
      message: 'a thread of the scan failed at or after `0.js`: out of order',
    });
    await assert.rejects(run('process.exit(0)'), { code: 'process.failed', message: 'a thread of the scan ended too early' });
  });
});
