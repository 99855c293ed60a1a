import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Manifests } from './manifests.ts';

const NAMESPACE = (name: string): string => `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${name} }\n`;

function withFolder(work: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'cullis-manifests-'));
  try {
    writeFileSync(join(folder, 'a.yaml'), NAMESPACE('a'));
    mkdirSync(join(folder, 'deep'));
    work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What a person does to a folder, and whether that is a change. */
const EDITS: readonly (readonly [string, (folder: string) => void, boolean])[] = [
  ['nothing', () => {}, false],
  ['a file is written', (folder) => writeFileSync(join(folder, 'a.yaml'), NAMESPACE('b')), true],
  ['a file comes', (folder) => writeFileSync(join(folder, 'deep', 'b.yaml'), NAMESPACE('b')), true],
  ['a file goes', (folder) => rmSync(join(folder, 'a.yaml')), true],
  ['a folder comes', (folder) => mkdirSync(join(folder, 'new')), true],
  ['a link comes', (folder) => symlinkSync('a.yaml', join(folder, 'c.yaml')), true],
  ['a named path goes', (folder) => rmSync(folder, { recursive: true }), true],
];

test('every edit of a watched folder is seen once it has settled, until it is read', () => {
  for (const [what, edit, want] of EDITS)
    withFolder((folder) => {
      const manifests = new Manifests([folder], '', '/');
      assert.equal(manifests.read().ok, true, what);
      assert.equal(manifests.changed(), false, what);
      edit(folder);
      assert.equal(manifests.changed(), false, `${what}: it may not be finished yet`);
      assert.equal(manifests.changed(), want, what);
      if (what === 'a named path goes') mkdirSync(folder);
      else {
        manifests.read();
        assert.deepEqual([manifests.changed(), manifests.changed()], [false, false], `${what}: it was read`);
      }
    });
});

test('what changes between two looks is not read', () => {
  withFolder((folder) => {
    const manifests = new Manifests([folder], '', '/');
    manifests.read();
    for (const name of ['b', 'cc', 'ddd']) {
      writeFileSync(join(folder, 'a.yaml'), NAMESPACE(name));
      assert.equal(manifests.changed(), false, name);
    }
    assert.equal(manifests.changed(), true);
  });
});

test('equal texts have equal hashes; a mistake refuses the whole and names its place', () => {
  withFolder((folder) => {
    const manifests = new Manifests(['a.yaml', '-'], NAMESPACE('stdin'), folder);
    const first = manifests.read();
    assert.ok(first.ok);
    assert.deepEqual(
      first.loaded.system.namespaces.map((one) => one.name),
      ['a', 'stdin'],
    );
    writeFileSync(join(folder, 'a.yaml'), NAMESPACE('a'));
    assert.equal(manifests.read().hash, first.hash);
    writeFileSync(join(folder, 'a.yaml'), 'kind: [');
    const wrong = manifests.read();
    assert.ok(!wrong.ok);
    assert.notEqual(wrong.hash, first.hash);
    assert.match(wrong.diagnostics[0]?.location?.file ?? '', /^a\.yaml$/);
  });
});
