import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { Query } from '#host/init-dns.ts';
import { fakeClock } from '../../test/fakes/time.ts';
import { NameWatch } from './name-watch.ts';

const query = (name: string, over: Partial<Query> = {}): Query => ({ name, type: 1, answer: 'unknown', count: 1, ...over });
const label = (i: number, length = 40): string => createHash('sha256').update(String(i)).digest('hex').slice(0, length);
const raised = (watch: NameWatch, queries: readonly Query[]): string[] =>
  watch
    .take('shop/cart', queries, () => false)
    .flatMap((event) => (event.type === 'egress' ? [`${event.host}: ${event.text}`] : []));

test('each look-up is told with what became of it', () => {
  const outside = (name: string): boolean => name === 'api.example.com';
  const events = new NameWatch(fakeClock()).take(
    'shop/cart',
    [
      query('cart.shop', { answer: 'known' }),
      query('api.example.com', { answer: 'known', count: 3 }),
      query('evil.test', { type: 16 }),
      query('api.example.com.shop.svc.cluster.local', { type: 28 }),
      query('b\u0000d\u001b[31m.test', { type: 4711 }),
      query('', { type: 0, answer: 'limited', count: 7 }),
    ],
    outside,
  );
  assert.deepEqual(
    events.map((event) => (event.type === 'name' ? [event.name, event.record, event.answer, event.count] : [])),
    [
      ['cart.shop', 'A', 'mesh', 1],
      ['api.example.com', 'A', 'outside', 3],
      ['evil.test', 'TXT', 'unknown', 1],
      ['api.example.com.shop.svc.cluster.local', 'AAAA', 'search', 1],
      ['b?d?[31m.test', '4711', 'unknown', 1],
      ['', '0', 'limited', 7],
    ],
  );
});

test('look-ups that carry data are raised once, by whatever gives them away', () => {
  const many = (count: number, make: (i: number) => Query): Query[] => Array.from({ length: count }, (_, i) => make(i));
  const rows: readonly (readonly [name: string, queries: readonly Query[], wanted: RegExp])[] = [
    ['random labels', many(20, (i) => query(`${label(i)}.t.test`)), /^t\.test: .*random labels/],
    ['many names', many(60, (i) => query(`w${i}.t.test`)), /different names/],
    ['long words', many(30, (i) => query(`aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa${'b'.repeat(i)}.t.test`)), /bytes of labels/],
    ['TXT of one name', [query('c2.test', { type: 16, count: 30 })], /records that carry data/],
    ['below a wildcard that is let out', many(20, (i) => query(`${label(i)}.wild.test`, { answer: 'known' })), /random labels/],
    ['behind a search domain', many(20, (i) => query(`${label(i)}.t.test.svc.cluster.local`)), /random labels/],
  ];
  for (const [name, queries, wanted] of rows) {
    const watch = new NameWatch(fakeClock());
    const told = watch.take('shop/cart', queries, () => true).filter((event) => event.type === 'egress');
    assert.equal(told.length, 1, name);
    assert.match(told[0]?.type === 'egress' ? `${told[0].host}: ${told[0].text}` : '', wanted, name);
  }
});

test('what a program usually looks up is not raised', () => {
  const names = [
    'api.stripe.com',
    'www.googleapis.com',
    'sqs.eu-central-1.amazonaws.com',
    'd1a2b3c4.cloudfront.net',
    'ip-10-0-0-1.ec2.internal',
  ];
  const queries = names.flatMap((name) => [
    query(name, { count: 20 }),
    query(name, { type: 28 }),
    query(`${name}.shop.svc.cluster.local`),
  ]);
  assert.deepEqual(raised(new NameWatch(fakeClock()), queries), []);
});
