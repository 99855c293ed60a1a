import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { zipOf } from '../../test/fakes/zip.ts';
import { advisoryUrl, openAdvisoryFile, records, updateAdvisories } from './advisories.ts';
import type { AdvisorySink } from './advisories.ts';

function folder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'cullis-adv-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

const record = (id: string): string => JSON.stringify({ id });

async function ids(source: string): Promise<unknown[]> {
  const found = [];
  for await (const raw of records(source)) found.push((raw as { id?: string } | undefined)?.id);
  return found;
}

test('records come from files, lists, lines, answers of the API, archives and folders of all of them', async () => {
  using dir = folder();
  const file = (name: string, content: string | Uint8Array): string => {
    const path = join(dir.path, name);
    writeFileSync(path, content);
    return path;
  };
  mkdirSync(join(dir.path, 'sub'));
  for (const [name, content, want] of [
    ['a.json', record('A'), ['A']],
    ['b.json', `[${record('B')},${record('C')}]`, ['B', 'C']],
    ['c.jsonl', `${record('D')}\n\n${record('E')}\nnot json\n`, ['D', 'E', undefined]],
    ['d.json', `{"vulns":[${record('F')}]}`, ['F']],
    ['e.json.gz', gzipSync(record('G')), ['G']],
    [
      'f.zip',
      zipOf({ 'H.json': record('H'), 'sub/I.json': record('I'), 'readme.txt': 'x', 'bad.json': '{' }),
      ['H', 'I', undefined],
    ],
    ['sub/g.json', record('J'), ['J']],
  ] as const)
    assert.deepEqual(await ids(file(name, content)), want, name);
  file('ignored.txt', 'x');
  assert.deepEqual((await ids(dir.path)).filter(Boolean), ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J']);
  for (const [name, content] of [
    ['cut.json.gz', gzipSync(record('Z')).subarray(0, 20)],
    ['cut.zip', zipOf({ 'Z.json': record('Z') }).subarray(0, 40)],
  ] as const)
    await assert.rejects(ids(file(name, content)), { code: 'advisories.unreadable' }, name);
  await assert.rejects(ids(join(dir.path, 'none')), { code: 'advisories.unreadable' });
});

const sink = (): AdvisorySink => ({
  add: (raw) => Buffer.from(`${(raw as { id: string }).id};`),
  finish: (unreadable) => Buffer.from(`end ${unreadable}`),
});

test('the database is made anew whole or not at all, from a server too', async () => {
  using dir = folder();
  const path = join(dir.path, 'state/advisories.db');
  const server = createServer((request, response) => {
    if (request.url === '/all.zip') response.end(zipOf({ 'A.json': record('A') }));
    else if (request.url === '/moved') response.writeHead(302, { location: '/all.zip' }).end();
    else if (request.url === '/away') response.writeHead(302, { location: 'http://192.0.2.1/all.zip' }).end();
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    writeFileSync(join(dir.path, 'b.jsonl'), `${record('B')}\nbad\n`);
    assert.deepEqual(await updateAdvisories([`${base}/moved`, join(dir.path, 'b.jsonl')], path, sink()), {
      read: 2,
      unreadable: 1,
    });
    assert.equal(readFileSync(path, 'utf8'), 'A;B;end 1');
    for (const [url, code] of [
      [`${base}/none`, 'fetch.failed'],
      [`${base}/away`, 'fetch.refused'],
      ['http://192.0.2.1/x', 'fetch.refused'],
    ] as const)
      await assert.rejects(updateAdvisories([url], path, sink()), { code });
    mkdirSync(join(dir.path, 'empty'));
    await assert.rejects(updateAdvisories([join(dir.path, 'empty')], path, sink()), { code: 'advisories.unreadable' });
    assert.equal(readFileSync(path, 'utf8'), 'A;B;end 1', 'the old one stays');
    assert.deepEqual(readdirSync(join(dir.path, 'state')), ['advisories.db']);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('the file is read in parts', () => {
  using dir = folder();
  const path = join(dir.path, 'x');
  writeFileSync(path, 'hello');
  const file = openAdvisoryFile(path);
  assert.equal(file.size, 5);
  assert.equal(Buffer.from(file.read(1, 3)).toString(), 'ell');
  assert.throws(() => file.read(3, 3), { code: 'advisories.unreadable' });
  file.close();
  assert.throws(() => openAdvisoryFile(join(dir.path, 'none')), { code: 'advisories.unreadable', message: /cullis db update/ });
  assert.match(advisoryUrl('crates.io'), /^https:.*\/crates\.io\/all\.zip$/);
});
