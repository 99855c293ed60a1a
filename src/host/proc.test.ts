import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ProcessStat, parseStat, processTree } from './proc.ts';
import { peerNeedles } from './sockets.ts';

const REST = '34 -1 4194560 92 3387 0 1 2 3 4 5 20 0 1 0 98765 2961408 900 18446744073709551615';

test('the name of a process may hold anything', () => {
  const rows: readonly (readonly [text: string, want: Partial<ProcessStat> | undefined])[] = [
    [`12 (node) S 3 12 11 ${REST}`, { pid: 12, name: 'node', state: 'S', ppid: 3, group: 12, session: 11 }],
    [`12 (a) b (c) R 3 12 11 ${REST}`, { pid: 12, name: 'a) b (c', ppid: 3 }],
    [`12 () Z 0 0 0 ${REST}`, { name: '', state: 'Z', session: 0 }],
    ['', undefined],
    ['12', undefined],
    ['12 (node) S', undefined],
    [') 1 (', undefined],
  ];
  for (const [text, want] of rows) {
    const stat = parseStat(text);
    if (!want) assert.equal(stat, undefined, text);
    else for (const [key, value] of Object.entries(want)) assert.equal(stat?.[key as keyof ProcessStat], value, `${text} ${key}`);
  }
  assert.equal(parseStat(`12 (node) S 3 12 11 ${REST}`)?.startTicks, '98765');
});

test('a tree is a session and all descendants', () => {
  const stat = (pid: number, ppid: number, session: number): ProcessStat => ({
    pid,
    ppid,
    session,
    group: pid,
    name: '',
    state: 'S',
    startTicks: '',
  });
  const stats = [
    stat(1, 0, 1),
    stat(10, 1, 10),
    stat(11, 10, 10),
    stat(12, 1, 10),
    stat(13, 12, 13),
    stat(14, 13, 14),
    stat(20, 1, 20),
    stat(21, 20, 20),
  ];
  assert.deepEqual(
    processTree(10, stats).sort((a, b) => a - b),
    [10, 11, 12, 13, 14],
  );
  assert.deepEqual(
    processTree(20, stats).sort((a, b) => a - b),
    [20, 21],
  );
  assert.deepEqual(processTree(99, stats), []);
});

test('the ends of a connection as the kernel prints them', { skip: process.arch === 's390x' }, () => {
  const ends = (remoteAddress: string, localAddress: string): string[] =>
    peerNeedles({ remoteAddress, remotePort: 8080, localAddress, localPort: 80 }).map(({ table, text }) => `${table} ${text}`);
  assert.deepEqual(ends('127.0.0.1', '127.0.0.1'), [
    '/proc/net/tcp : 0100007F:1F90 0100007F:0050 ',
    '/proc/net/tcp6 : 0000000000000000FFFF00000100007F:1F90 0000000000000000FFFF00000100007F:0050 ',
  ]);
  assert.deepEqual(ends('::ffff:10.0.0.2', '::ffff:127.0.0.1')[0], '/proc/net/tcp : 0200000A:1F90 0100007F:0050 ');
  assert.deepEqual(ends('::1', '::1'), [
    '/proc/net/tcp6 : 00000000000000000000000001000000:1F90 00000000000000000000000001000000:0050 ',
  ]);
  assert.deepEqual(ends('fe80::1:2%lo', '::1')[0]?.slice(15, 52), ': 000080FE000000000000000002000100:1F');
  for (const nonsense of ['', 'x', '1.2.3', '::g']) assert.deepEqual(ends(nonsense, '127.0.0.1'), []);
});
