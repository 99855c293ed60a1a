import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileGrants } from './file-grants.ts';

/** Below one folder: what is granted, and with which words. Names that end with a slash are folders. */
const ROWS: readonly (readonly [granted: readonly string[], want: readonly string[]])[] = [
  [['a/'], ['a']],
  [['a/', 'a/'], ['a']],
  [['a/b/', 'a/', 'a/x.yaml'], ['a']],
  [
    ['x.yaml', 'a/'],
    ['a', 'x.yaml'],
  ],
  [['a/', 'a.yaml'], ['a*']],
  [
    ['a.yaml', 'a/b/', 'a/', 'z/'],
    ['a*', 'z'],
  ],
  [
    ['a.yaml', 'a.yaml2'],
    ['a.yaml', 'a.yaml2'],
  ],
  [
    ['missing/', 'missing.yaml'],
    ['missing', 'missing.yaml'],
  ],
];

test('what lies in a granted folder is left out, and a folder that another name begins with is granted as a pattern', () => {
  const root = mkdtempSync(join(tmpdir(), 'cullis-grants-'));
  try {
    for (const name of ['a/b', 'z']) mkdirSync(join(root, name), { recursive: true });
    for (const name of ['a.yaml', 'a.yaml2', 'a/x.yaml', 'x.yaml']) writeFileSync(join(root, name), '');
    for (const [granted, want] of ROWS) {
      const paths = granted.map((name) => join(root, name).replace(/\/$/, ''));
      assert.deepEqual(
        fileGrants(paths),
        want.map((name) => join(root, name)),
      );
    }
  } finally {
    rmSync(root, { recursive: true });
  }
});
