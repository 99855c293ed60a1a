import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { deflateSync } from 'node:zlib';
import type { NotAnalysed } from '#model/coverage.ts';
import { applyDelta } from './git/pack.ts';
import { readGitHistory } from './git.ts';

interface Made {
  readonly id: string;
  readonly type: string;
  readonly bytes: Buffer;
}

const made = (type: string, content: string | Buffer): Made => {
  const bytes = Buffer.from(content);
  return { id: createHash('sha1').update(`${type} ${bytes.length}\0`).update(bytes).digest('hex'), type, bytes };
};
const tree = (entries: Readonly<Record<string, Made>>): Made =>
  made(
    'tree',
    Buffer.concat(
      Object.entries(entries).map(([name, { id, type }]) =>
        Buffer.concat([Buffer.from(`${type === 'tree' ? '40000' : '100644'} ${name}\0`), Buffer.from(id, 'hex')]),
      ),
    ),
  );
const commit = (root: Made, parents: readonly Made[], day: number): Made =>
  made(
    'commit',
    `tree ${root.id}\n${parents.map(({ id }) => `parent ${id}\n`).join('')}author A <a@x.test> ${day * 86_400} +0000\ncommitter C <c@x.test> ${day * 86_400 + 60} +0200\n\nmessage\n`,
  );

const TYPE: Readonly<Record<string, number>> = { commit: 1, tree: 2, blob: 3, tag: 4 };
const entryHeader = (type: number, size: number): Buffer => {
  const bytes = [(type << 4) | (size & 15)];
  for (let rest = size >> 4; rest > 0; rest >>= 7) {
    bytes[bytes.length - 1]! |= 0x80;
    bytes.push(rest & 0x7f);
  }
  return Buffer.from(bytes);
};

/** A pack of objects, and of one more that is a delta against the first (`ofs`) or named by id (`ref`). */
function writePack(
  dir: string,
  objects: readonly Made[],
  delta: { readonly of: Made; readonly base: Made; readonly bytes: Buffer; readonly by: 'ofs' | 'ref' },
): void {
  const parts: Buffer[] = [Buffer.from('PACK\0\0\0\x02\0\0\0\0', 'latin1')];
  const offsets = new Map<string, number>();
  let at = 12;
  const add = (id: string, bytes: Buffer): void => {
    offsets.set(id, at);
    parts.push(bytes);
    at += bytes.length;
  };
  for (const { id, type, bytes } of objects) add(id, Buffer.concat([entryHeader(TYPE[type]!, bytes.length), deflateSync(bytes)]));
  const back = at - offsets.get(delta.base.id)!;
  const base =
    delta.by === 'ref'
      ? Buffer.from(delta.base.id, 'hex')
      : Buffer.from(back < 128 ? [back] : [0x80 | ((back >> 7) - 1), back & 0x7f]);
  add(delta.of.id, Buffer.concat([entryHeader(delta.by === 'ref' ? 7 : 6, delta.bytes.length), base, deflateSync(delta.bytes)]));
  writeFileSync(join(dir, 'pack-1.pack'), Buffer.concat([...parts, Buffer.alloc(20)]));
  const ids = [...offsets.keys()].sort();
  const fan = Buffer.alloc(1024);
  for (let i = 0; i < 256; i++) fan.writeUInt32BE(ids.filter((id) => Number.parseInt(id.slice(0, 2), 16) <= i).length, i * 4);
  const places = Buffer.alloc(ids.length * 4);
  ids.forEach((id, i) => places.writeUInt32BE(offsets.get(id)!, i * 4));
  writeFileSync(
    join(dir, 'pack-1.idx'),
    Buffer.concat([
      Buffer.from('ff744f6300000002', 'hex'),
      fan,
      ...ids.map((id) => Buffer.from(id, 'hex')),
      Buffer.alloc(ids.length * 4),
      places,
      Buffer.alloc(40),
    ]),
  );
}

function repository(run: (dir: string, git: string) => void): void {
  const dir = mkdtempSync(join(tmpdir(), 'cullis-git-'));
  try {
    const git = join(dir, '.git');
    mkdirSync(join(git, 'objects', 'pack'), { recursive: true });
    mkdirSync(join(git, 'refs', 'heads'), { recursive: true });
    writeFileSync(join(git, 'HEAD'), 'ref: refs/heads/main\n');
    run(dir, git);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function writeLoose(git: string, { id, type, bytes }: Made): void {
  mkdirSync(join(git, 'objects', id.slice(0, 2)), { recursive: true });
  writeFileSync(
    join(git, 'objects', id.slice(0, 2), id.slice(2)),
    deflateSync(Buffer.concat([Buffer.from(`${type} ${bytes.length}\0`), bytes])),
  );
}

const long = 'line of a file that is long enough to be copied from\n'.repeat(4);
const first = made('blob', `${long}old\n`);
const second = made('blob', `${long}new\n`);
const other = made('blob', 'other\n');
const root1 = tree({ 'a.txt': first });
const folder = tree({ 'b.txt': other, 'copy.txt': first });
const root2 = tree({ 'a.txt': second, dir: folder });
const commit1 = commit(root1, [], 10);
const commit2 = commit(root2, [commit1], 20);
// Copy all but the last four bytes of the base, then insert four.
const deltaBytes = Buffer.concat([
  Buffer.from([
    0x80 | (first.bytes.length & 0x7f),
    first.bytes.length >> 7,
    0x80 | (second.bytes.length & 0x7f),
    second.bytes.length >> 7,
  ]),
  Buffer.from([0x90, long.length]),
  Buffer.from([4]),
  Buffer.from('new\n'),
]);
const seen = (dir: string, options = {}): string[] =>
  [...readGitHistory(dir, options)].map(
    ({ path, commit: id, when, present, bytes }) =>
      `${path} ${id === commit1.id ? 1 : 2} day ${when / 86_400_000} ${present ? 'present' : 'gone'} ${bytes.length}`,
  );
const ALL = [
  `a.txt 1 day 10 present ${first.bytes.length}`,
  `a.txt 2 day 20 present ${second.bytes.length}`,
  'dir/b.txt 2 day 20 present 6',
];

for (const by of ['ofs', 'ref'] as const) {
  test(`git: reads a pack with a delta by ${by}; each content once, with the first commit`, () => {
    repository((dir, git) => {
      writePack(join(git, 'objects', 'pack'), [first, other, root1, folder, root2, commit1, commit2], {
        of: second,
        base: first,
        bytes: deltaBytes,
        by,
      });
      writeFileSync(join(git, 'packed-refs'), `# pack-refs with: peeled\n${commit2.id} refs/heads/main\n`);
      assert.deepEqual(seen(dir), ALL);
      assert.deepEqual(seen(join(dir, '.git')), ALL);
    });
  });
}

test('git: loose objects, alternates, `since`, chosen references, removed content', () => {
  repository((dir, git) => {
    const elsewhere = join(dir, 'elsewhere');
    mkdirSync(join(git, 'objects', 'info'));
    writeFileSync(join(git, 'objects', 'info', 'alternates'), `${join(elsewhere, 'objects')}\n`);
    for (const object of [first, root1, commit1]) writeLoose(elsewhere, object);
    const root3 = tree({ dir: tree({ 'b.txt': other }) });
    const commit3 = commit(root3, [commit2], 30);
    for (const object of [second, other, folder, root2, commit2, root3, tree({ 'b.txt': other }), commit3])
      writeLoose(git, object);
    writeFileSync(join(git, 'refs', 'heads', 'main'), `${commit3.id}\n`);
    assert.deepEqual(seen(dir), [ALL[0]!.replace('present', 'gone'), ALL[1]!.replace('present', 'gone'), ALL[2]!]);
    assert.equal(seen(dir, { since: 15 * 86_400_000 }).length, 2);
    assert.equal(seen(dir, { wants: (path: string) => path.startsWith('dir/') }).length, 2);
    writeFileSync(join(git, 'refs', 'heads', 'side'), `${commit1.id}\n`);
    writeFileSync(join(git, 'HEAD'), `${commit1.id}\n`);
    assert.equal(seen(dir, { refs: (name: string) => name === 'refs/heads/side' }).length, 1);
  });
});

test('git: a shallow clone, missing and damaged objects are told', () => {
  repository((dir, git) => {
    for (const object of [other, folder, root2, commit2]) writeLoose(git, object);
    writeFileSync(join(git, 'refs', 'heads', 'main'), `${commit2.id}\n`);
    writeFileSync(join(git, 'shallow'), `${commit2.id}\n`);
    writeFileSync(join(git, 'objects', 'pack', 'x.pack'), 'x');
    writeFileSync(join(git, 'objects', 'pack', 'x.idx'), 'x');
    const told: NotAnalysed[] = [];
    assert.deepEqual(
      [...readGitHistory(dir, { tell: (left) => told.push(left) })].map(({ path }) => path),
      ['dir/b.txt'],
    );
    assert.deepEqual(
      told.map(({ what }) => what),
      ['unreadable', 'shallow-clone', 'unreadable'],
    );
  });
});

test('git: a delta that does not fit is refused', () => {
  const base = Buffer.from('0123456789');
  for (const bytes of [
    [9, 4, 4, 1, 2, 3, 4],
    [10, 4, 0],
    [10, 4, 0x91, 8, 4],
    [10, 3, 4, 1, 2, 3, 4],
    [10, 4, 3, 1, 2, 3],
    [10, 0xff, 0xff, 0xff, 0x7f],
  ])
    assert.equal(applyDelta(base, Buffer.from(bytes), 1000), undefined, String(bytes));
  assert.deepEqual(applyDelta(base, Buffer.from([10, 4, 0x91, 2, 4]), 1000), Buffer.from('2345'));
});

test('git: a folder without a repository has no history', () => {
  const dir = mkdtempSync(join(tmpdir(), 'cullis-git-'));
  assert.deepEqual([...readGitHistory(dir)], []);
  rmSync(dir, { recursive: true });
});
