import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSources } from './sources.ts';

const FILES: Readonly<Record<string, string>> = {
  'b.yaml': 'kind: Service\n',
  'a/deep.yml': '# first\napiVersion: v1\n',
  'list.json': '{"kind":"List"}',
  'spaced.json': '{\n  "apiVersion" : "v1"}',
  'package.json': '{"name":"web","scripts":{}}',
  'ci.yaml': 'on: push\n',
  'notes.txt': 'kind: of\n',
  'node_modules/x/x.yaml': 'kind: Service\n',
  '.hidden/y.yaml': 'kind: Service\n',
};

function withFolder(work: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'cullis-sources-'));
  try {
    for (const [name, text] of Object.entries(FILES)) {
      mkdirSync(join(folder, name, '..'), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const none = (): Uint8Array => new Uint8Array();

test('a folder gives its manifests in the order of their names, and leaves other files alone', () => {
  withFolder((folder) => {
    const { texts, diagnostics } = readSources(['.'], none, folder);
    assert.deepEqual(
      texts.map((one) => one.file),
      ['a/deep.yml', 'b.yaml', 'list.json', 'spaced.json'],
    );
    assert.deepEqual(diagnostics, []);
  });
});

test('a file that is named is read whatever it is', () => {
  withFolder((folder) => {
    const { texts } = readSources(['package.json', 'notes.txt'], none, folder);
    assert.deepEqual(
      texts.map((one) => one.file),
      ['package.json', 'notes.txt'],
    );
  });
});

test('a path that is not there is one mistake, the rest is read', () => {
  withFolder((folder) => {
    const { texts, diagnostics } = readSources(['nothing.yaml', 'b.yaml', '-'], () => Buffer.from('kind: Pod'), folder);
    assert.deepEqual(
      texts.map((one) => one.file),
      ['b.yaml', '<stdin>'],
    );
    assert.match(diagnostics[0]?.message ?? '', /no such file or folder: `nothing\.yaml`/);
  });
});
