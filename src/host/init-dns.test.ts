import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { answerQuery } from './init-dns.ts';

const NAMES = new Map([
  ['cart', '10.96.1.1'],
  ['cart.shop.svc.cluster.local', '10.96.1.1'],
  ['pay.shop.svc.cluster.local', '10.96.1.2'],
]);

function query(
  name: string,
  type = 1,
  change: { kind?: number; flags?: number; questions?: number; extra?: Buffer } = {},
): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xbeef, 0);
  head.writeUInt16BE(change.flags ?? 0x0100, 2);
  head.writeUInt16BE(change.questions ?? 1, 4);
  const labels = name.split('.').flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)]);
  const tail = Buffer.alloc(5);
  tail.writeUInt16BE(type, 1);
  tail.writeUInt16BE(change.kind ?? 1, 3);
  return Buffer.concat([head, ...labels, tail, change.extra ?? Buffer.alloc(0)]);
}

function read(answer: Buffer | undefined): { code: number; answers: number; data: string } | undefined {
  if (!answer) return undefined;
  assert.equal(answer.readUInt16BE(0), 0xbeef);
  assert.ok((answer[2]! & 0x80) !== 0, 'is a response');
  return { code: answer[3]! & 15, answers: answer.readUInt16BE(6), data: answer.subarray(-4).join('.') };
}

test('the mesh has names, nothing else has', () => {
  const rows: readonly (readonly [name: string, type: number, code: number, address: string | undefined])[] = [
    ['cart', 1, 0, '10.96.1.1'],
    ['CaRt.Shop.SVC.cluster.local', 1, 0, '10.96.1.1'],
    ['pay.shop.svc.cluster.local', 255, 0, '10.96.1.2'],
    ['cart', 28, 0, undefined],
    ['cart', 16, 0, undefined],
    ['shop.svc.cluster.local', 1, 0, undefined],
    ['nope.shop.svc.cluster.local', 1, 3, undefined],
    ['example.com', 1, 3, undefined],
    ['art', 1, 3, undefined],
  ];
  for (const [name, type, code, address] of rows) {
    const answer = read(answerQuery(query(name, type), NAMES))!;
    assert.equal(answer.code, code, name);
    assert.equal(answer.answers, address === undefined ? 0 : 1, name);
    if (address !== undefined) assert.equal(answer.data, address);
  }
});

test('an address has its full name', () => {
  const answer = answerQuery(query('1.1.96.10.in-addr.arpa', 12), NAMES)!;
  assert.ok(answer.toString('latin1').endsWith('\x04cart\x04shop\x03svc\x07cluster\x05local\0'));
  assert.equal(read(answerQuery(query('9.9.9.9.in-addr.arpa', 12), NAMES))!.code, 3);
});

test('what is no query gets no answer, what is a wrong one an error', () => {
  assert.equal(answerQuery(query('cart', 1, { flags: 0x8180 }), NAMES), undefined);
  assert.equal(answerQuery(Buffer.alloc(11), NAMES), undefined);
  assert.equal(answerQuery(Buffer.alloc(600), NAMES), undefined);
  assert.equal(read(answerQuery(query('cart', 1, { flags: 0x2800 }), NAMES))!.code, 4);
  assert.equal(read(answerQuery(query('cart', 1, { questions: 2 }), NAMES))!.code, 1);
  assert.equal(read(answerQuery(query('cart', 1, { kind: 3 }), NAMES))!.code, 5);
  const pointer = Buffer.concat([query('').subarray(0, 12), Buffer.from([0xc0, 0x0c, 0, 1, 0, 1])]);
  assert.equal(read(answerQuery(pointer, NAMES))!.code, 1);
  const edns = query('cart', 1, { extra: Buffer.from([0, 0, 41, 16, 0, 0, 0, 0, 0, 0, 0]) });
  edns.writeUInt16BE(1, 10);
  assert.equal(read(answerQuery(edns, NAMES))!.data, '10.96.1.1');
});

test('any bytes give an answer or none', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const answer = answerQuery(Buffer.from(bytes), NAMES);
      assert.ok(answer === undefined || answer.length <= 600);
    }),
    { numRuns: 500 },
  );
});

test('wildcards answer for what is below them, and the one for everything not for the mesh’s own names', () => {
  const names = new Map([
    ...NAMES,
    ['*.wild.test', '240.240.1.1'],
    ['*.b.wild.test', '240.240.1.2'],
    ['api.test', '240.240.1.3'],
  ]);
  const all = new Map([...names, ['*', '240.240.9.9']]);
  const rows: readonly (readonly [table: ReadonlyMap<string, string>, name: string, address: string | undefined])[] = [
    [names, 'a.wild.test', '240.240.1.1'],
    [names, 'x.y.wild.test', '240.240.1.1'],
    [names, 'a.b.wild.test', '240.240.1.2'],
    [names, 'wild.test', undefined],
    [names, 'awild.test', undefined],
    [names, '*.wild.test', '240.240.1.1'],
    [names, 'api.test', '240.240.1.3'],
    [names, 'other.test', undefined],
    [all, 'other.test', '240.240.9.9'],
    [all, 'api.test', '240.240.1.3'],
    [all, 'api.test.shop.svc.cluster.local', undefined],
    [all, 'nope', undefined],
    [all, '9.9.9.9.in-addr.arpa', undefined],
    [all, '*', undefined],
  ];
  for (const [table, name, address] of rows) {
    const answer = read(answerQuery(query(name), table))!;
    assert.equal(answer.answers === 0 ? undefined : answer.data, address, name);
  }
});

test('what was asked for is told, known or not', () => {
  const seen: unknown[] = [];
  const tell = (...about: readonly unknown[]): void => void seen.push(about);
  for (const [name, type] of [
    ['cart', 1],
    ['CART', 16],
    ['secret.evil.test', 16],
  ] as const)
    answerQuery(query(name, type), NAMES, tell);
  assert.deepEqual(seen, [
    ['cart', 1, true],
    ['cart', 16, true],
    ['secret.evil.test', 16, false],
  ]);
});
