import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test, { type TestContext } from 'node:test';
import * as fc from 'fast-check';
import { CullisError } from '#base/errors.ts';
import type { Kv } from '#model/ports.ts';
import { fileKeyWrap, passphraseKeyWrap } from './key-file.ts';
import { openMemory } from './memory.ts';
import { openSqlite } from './sqlite.ts';

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'cullis-store-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined): string | undefined => (value ? new TextDecoder().decode(value) : undefined);

const MAKERS: readonly { readonly name: string; readonly open: (t: TestContext) => Kv }[] = [
  { name: 'memory', open: () => openMemory() },
  { name: 'sqlite', open: (t) => openSqlite(join(folder(t), 'state.db')) },
];

for (const { name, open } of MAKERS) {
  test(`${name}: put compares before it sets`, (t) => {
    const kv = open(t);
    t.after(() => kv.close());
    const rows: readonly [expected: Uint8Array | undefined | null, want: boolean][] = [
      [bytes('x'), false],
      [undefined, true],
      [undefined, false],
      [bytes('0'), false],
      [bytes('1'), true],
      [null, true],
    ];
    for (const [i, [expected, want]] of rows.entries()) assert.equal(kv.put('a/b', bytes(String(i)), expected), want, `row ${i}`);
    assert.equal(text(kv.get('a/b')), '5');
    assert.equal(kv.put('c', bytes('1')), true, 'absent third argument means: must be absent');
    assert.equal(kv.put('c', bytes('2')), false);
  });

  test(`${name}: list gives the keys of a prefix in order, and nothing beside it`, (t) => {
    const kv = open(t);
    t.after(() => kv.close());
    for (const key of ['b/2', 'b/1', 'a', 'b', 'c/1', 'b/\u{1f512}', 'b/\uffee', 'B/1', 'b%', 'b_']) kv.put(key, bytes('v'));
    assert.deepEqual(kv.list('b/'), ['b/1', 'b/2', 'b/\uffee', 'b/\u{1f512}']);
    assert.deepEqual(kv.list('zz'), []);
    kv.delete('b/1');
    kv.delete('b/none');
    assert.deepEqual(kv.list('b/').length, 3);
    assert.equal(kv.get('b/1'), undefined);
  });

  test(`${name}: a transaction is whole or nothing, also inside another`, (t) => {
    const kv = open(t);
    t.after(() => kv.close());
    kv.put('k', bytes('old'));
    assert.throws(() =>
      kv.transaction(() => {
        kv.put('k', bytes('new'), null);
        kv.put('other', bytes('1'));
        throw new Error('stop');
      }),
    );
    assert.deepEqual([text(kv.get('k')), kv.get('other')], ['old', undefined]);
    const result = kv.transaction(() => {
      kv.put('k', bytes('outer'), null);
      assert.throws(() =>
        kv.transaction(() => {
          kv.put('k', bytes('inner'), null);
          throw new Error('stop');
        }),
      );
      return text(kv.get('k'));
    });
    assert.deepEqual([result, text(kv.get('k'))], ['outer', 'outer']);
    assert.throws(() => kv.transaction(async () => kv.put('k', bytes('late'), null)), /must not wait/);
    assert.equal(text(kv.get('k')), 'outer');
  });

  test(`${name}: a returned value is a copy, and malformed keys are bugs`, (t) => {
    const kv = open(t);
    t.after(() => kv.close());
    const value = bytes('abc');
    kv.put('k', value);
    value[0] = 0;
    kv.get('k')!.fill(0);
    assert.equal(text(kv.get('k')), 'abc');
    for (const key of ['', 'a\0b', 'a\nb', '\ud800', 'x'.repeat(1025)])
      assert.throws(() => kv.put(key, value), /malformed state key/);
  });
}

test('memory and sqlite agree on any run of operations', (t) => {
  const sqlite = openSqlite(join(folder(t), 'state.db'));
  t.after(() => sqlite.close());
  const memory = openMemory();
  const key = fc.constantFrom('a', 'a/b', 'a/c', 'b', 'é/x');
  const value = fc.constantFrom('', '1', '2', '3');
  const expected = fc.oneof(fc.constant(null), fc.constant(undefined), value);
  const operation = fc.oneof(
    fc.record({ kind: fc.constant('put' as const), key, value, expected }),
    fc.record({ kind: fc.constant('delete' as const), key }),
    fc.record({ kind: fc.constant('list' as const), key }),
  );
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 12 }), fc.boolean(), (operations, fail) => {
      const run = (kv: Kv): unknown[] => {
        const seen: unknown[] = [];
        try {
          kv.transaction(() => {
            for (const one of operations) {
              if (one.kind === 'put') {
                seen.push(
                  kv.put(one.key, bytes(one.value), typeof one.expected === 'string' ? bytes(one.expected) : one.expected),
                );
              } else if (one.kind === 'delete') kv.delete(one.key);
              else seen.push(kv.list(one.key));
            }
            if (fail) throw new Error('undo');
          });
        } catch {
          seen.push('undone');
        }
        for (const name of kv.list('')) seen.push([name, text(kv.get(name))]);
        return seen;
      };
      assert.deepEqual(run(sqlite), run(memory));
    }),
    { numRuns: 60 },
  );
});

test('sqlite: private to its owner, and everything is there after it is opened again', (t) => {
  const path = join(folder(t), 'deep', 'state.db');
  const first = openSqlite(path);
  first.put('k', bytes('v'));
  const second = openSqlite(path);
  assert.equal(text(second.get('k')), 'v');
  for (const suffix of ['', '-wal', '-shm']) assert.equal(statSync(path + suffix).mode & 0o777, 0o600, suffix);
  first.close();
  second.close();
  second.close();
  const third = openSqlite(path);
  assert.equal(text(third.get('k')), 'v');
  third.close();
});

test('sqlite: refuses a newer schema, a foreign database and a file that is none', (t) => {
  const dir = folder(t);
  const make = (name: string, work: (database: DatabaseSync) => void): string => {
    const database = new DatabaseSync(join(dir, name));
    work(database);
    database.close();
    return join(dir, name);
  };
  openSqlite(join(dir, 'newer.db')).close();
  const rows: readonly [path: string, message: RegExp][] = [
    [make('newer.db', (database) => database.exec('PRAGMA user_version=999')), /newer version \(schema 999/],
    [make('foreign.db', (database) => database.exec('CREATE TABLE t (x)')), /another program/],
    [make('marked.db', (database) => database.exec('PRAGMA application_id=7; CREATE TABLE t (x)')), /another program/],
    [(writeFileSync(join(dir, 'text.db'), 'x'.repeat(5000)), join(dir, 'text.db')), /not a database/],
  ];
  for (const [path, message] of rows) {
    assert.throws(
      () => openSqlite(path),
      (error) => error instanceof CullisError && error.code === 'state.unreadable' && message.test(error.message),
      path,
    );
  }
});

test('a key file is made once with mode 0600, and seals for one place only', async (t) => {
  const path = join(folder(t), 'keys', 'master.key');
  const wrap = fileKeyWrap(path);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const sealed = await wrap.wrap(bytes('secret'), 'ca/root');
  assert.equal(text(await fileKeyWrap(path).unwrap(sealed, 'ca/root')), 'secret');
  const changed = sealed.slice();
  changed[changed.length - 1]! ^= 1;
  const other = fileKeyWrap(join(folder(t), 'other.key'));
  const rows: readonly [string, () => Promise<unknown>][] = [
    ['another place', () => wrap.unwrap(sealed, 'ca/issuing')],
    ['a changed byte', () => wrap.unwrap(changed, 'ca/root')],
    ['another key', () => other.unwrap(sealed, 'ca/root')],
    ['too short', () => wrap.unwrap(sealed.slice(0, 20), 'ca/root')],
    ['another version', () => wrap.unwrap(Buffer.concat([Buffer.of(9), sealed.slice(1)]), 'ca/root')],
  ];
  for (const [name, open] of rows)
    await assert.rejects(open, (error) => error instanceof CullisError && error.code === 'key.unavailable', name);
  assert.notDeepEqual(await wrap.wrap(bytes('secret'), 'ca/root'), sealed, 'two seals of one value differ');
});

test('a key file that others can read, that is a link, or that has a wrong length is refused', (t) => {
  const dir = folder(t);
  const file = (name: string, content: string, mode: number): string => {
    writeFileSync(join(dir, name), content, { mode });
    chmodSync(join(dir, name), mode);
    return join(dir, name);
  };
  const good = file('good.key', 'k'.repeat(32), 0o600);
  symlinkSync(good, join(dir, 'link.key'));
  const rows: readonly [string, RegExp][] = [
    [file('group.key', 'k'.repeat(32), 0o640), /open to others \(mode 640\)/],
    [file('world.key', 'k'.repeat(32), 0o604), /open to others/],
    [file('short.key', 'k'.repeat(31), 0o600), /32 bytes/],
    [file('long.key', 'k'.repeat(33), 0o600), /32 bytes/],
    [join(dir, 'link.key'), /could not be opened/],
    [dir, /not a plain file/],
  ];
  for (const [path, message] of rows)
    assert.throws(() => fileKeyWrap(path), { name: 'CullisError', code: 'key.unavailable', message }, path);
  assert.equal(fileKeyWrap(good).name, 'key file');
});

test('a passphrase opens what it sealed; another, or another salt, does not', async () => {
  const cheap = { memoryKib: 64, passes: 1, lanes: 1 };
  const salt = Buffer.alloc(16, 7);
  const wrap = await passphraseKeyWrap('correct horse', salt, cheap);
  const sealed = await wrap.wrap(bytes('secret'), 'c');
  assert.equal(text(await (await passphraseKeyWrap('correct horse', salt, cheap)).unwrap(sealed, 'c')), 'secret');
  await assert.rejects(async () => (await passphraseKeyWrap('correct house', salt, cheap)).unwrap(sealed, 'c'), {
    code: 'key.unavailable',
  });
  await assert.rejects(async () => (await passphraseKeyWrap('correct horse', Buffer.alloc(16, 8), cheap)).unwrap(sealed, 'c'), {
    code: 'key.unavailable',
  });
  await assert.rejects(passphraseKeyWrap('short', salt, cheap), { code: 'key.unavailable' });
  await assert.rejects(passphraseKeyWrap('long enough', Buffer.alloc(8), cheap), { code: 'key.unavailable' });
});
