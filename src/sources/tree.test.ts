import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { readHead, readTreeFile, walkTree } from './tree.ts';

function folder(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'cullis-tree-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(root, name, '..'), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

test('files are listed folder by folder, hidden ones too; what others made is told as skipped', () => {
  const root = folder({ 'b.yaml': 'b', 'a/c.yaml': 'c', '.env': 'X=1', 'node_modules/x/y.js': '', '.git/config': '' });
  const { files, notAnalysed } = walkTree(['.'], root);
  assert.deepEqual(
    files.map(({ path }) => path),
    ['.env', 'a/c.yaml', 'b.yaml'],
  );
  assert.deepEqual(
    notAnalysed.map(({ file, what }) => [file, what]),
    [['node_modules', 'skipped-folder']],
  );
  rmSync(root, { recursive: true });
});

test('links that lead out, lead nowhere or in a circle do no harm', () => {
  const root = folder({ 'inside/a.txt': 'a' });
  symlinkSync('/etc/hostname', join(root, 'out'));
  symlinkSync('missing', join(root, 'nowhere'));
  symlinkSync('..', join(root, 'inside', 'circle'));
  const { files, notAnalysed } = walkTree([root], root);
  assert.deepEqual(
    files.map(({ path }) => path),
    ['inside/a.txt'],
  );
  assert.deepEqual(notAnalysed.map(({ file }) => file).sort(), ['nowhere', 'out']);
  rmSync(root, { recursive: true });
});

test('a file that is too large is told with its size, a path that is not there with its name', () => {
  const root = folder({ 'big.bin': '' });
  truncateSync(join(root, 'big.bin'), 100);
  const { files, notAnalysed } = walkTree(['big.bin', 'gone'], root, { fileBytesMax: 99 });
  assert.equal(files.length, 0);
  assert.deepEqual(
    notAnalysed.map(({ what }) => what),
    ['too-large', 'unreadable'],
  );
  assert.match(notAnalysed[0]?.message ?? '', /100 bytes/);
  rmSync(root, { recursive: true });
});

test('a file is read whole, its head alone, or not at all', () => {
  const root = folder({ 'a.txt': 'hello' });
  const [file] = walkTree(['.'], root).files;
  assert.ok(file);
  assert.deepEqual(readTreeFile(file), Buffer.from('hello'));
  assert.equal(String(readHead(file.absolute, 2)), 'he');
  rmSync(root, { recursive: true });
  assert.deepEqual(readTreeFile(file), { unreadable: 'ENOENT' });
  assert.equal(readHead(file.absolute, 2), undefined);
});
