import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { IpSet, parseIpRange } from './ip-set.ts';

const RANGES: readonly (readonly [range: string, inside: readonly string[], outside: readonly string[]])[] = [
  ['10.0.0.1', ['10.0.0.1', '::ffff:10.0.0.1', '::ffff:a00:1'], ['10.0.0.2', '::10.0.0.1', '::1']],
  ['10.0.0.0/8', ['10.0.0.0', '10.255.255.255'], ['9.255.255.255', '11.0.0.0']],
  ['10.9.8.7/8', ['10.0.0.1'], ['11.0.0.1']],
  ['0.0.0.0/0', ['0.0.0.0', '255.255.255.255'], ['::1', '2001:db8::1']],
  ['255.255.255.255/32', ['255.255.255.255'], ['255.255.255.254']],
  ['::/0', ['::', '2001:db8::1', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'], ['10.0.0.1', '::ffff:10.0.0.1']],
  ['2001:db8::/32', ['2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', '2001:DB8::1'], ['2001:db7::1', '2001:db9::']],
  ['::ffff:10.0.0.0/104', ['10.1.2.3', '::ffff:10.1.2.3'], ['11.0.0.1']],
  ['fe80::/10', ['fe80::1', 'fe80::1%eth0'], ['fec0::1']],
  ['2001:db8::1/127', ['2001:db8::', '2001:db8::1'], ['2001:db8::2']],
];

test('an address is in a range exactly when its leading bits agree', () => {
  for (const [range, inside, outside] of RANGES) {
    const set = IpSet.of([range]);
    assert.ok(set, range);
    for (const address of inside) assert.equal(set.has(address), true, `${address} in ${range}`);
    for (const address of outside) assert.equal(set.has(address), false, `${address} in ${range}`);
  }
});

test('text that is no address is in no set, not even in the one of all addresses', () => {
  const all = IpSet.of(['0.0.0.0/0', '::/0']);
  assert.ok(all);
  const texts = [
    '',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '1.2.3.256',
    '1.2.3.-1',
    '0x7f.0.0.1',
    '127.1',
    '2130706433',
    ' 1.2.3.4',
    '1.2.3.4 ',
    '1.2.3.4/32',
    'localhost',
    ':::',
    '1::2::3',
    `${'0:'.repeat(100)}1`,
  ];
  for (const text of texts) assert.equal(all.has(text), false, text);
});

test('ranges that are not written as Istio wants them are refused', () => {
  const texts = [
    '',
    '1.2.3',
    '1.2.3.4/',
    '1.2.3.4/33',
    '1.2.3.4/-1',
    '1.2.3.4/08',
    '1.2.3.4/8.0',
    '::/129',
    'a.b.c.d',
    '010.0.0.1',
    '1.2.3.4/8/8',
    'fe80::1%eth0',
    '::ffff:1.2.3.4/129',
    '10.0.0.0/255.0.0.0',
    '*',
  ];
  for (const text of texts) {
    assert.equal(parseIpRange(text), undefined, text);
    assert.equal(IpSet.of(['10.0.0.0/8', text]), undefined, text);
  }
});

test('many ranges, overlapping and touching, answer as each of them alone', () => {
  const octet = fc.integer({ min: 0, max: 255 });
  const v4 = fc.tuple(fc.constantFrom(10, 11), fc.constantFrom(0, 1, 255), octet, octet).map((parts) => parts.join('.'));
  const v6 = fc
    .tuple(fc.constantFrom('2001', '2002'), fc.constantFrom('0', '8000', 'ffff'), fc.constantFrom('0', '1', 'ffff'))
    .map(([a, b, c]) => `${a}:db8::${b}:${c}`);
  const range = fc.oneof(
    fc.tuple(v4, fc.integer({ min: 6, max: 32 })).map(([address, bits]) => `${address}/${bits}`),
    fc.tuple(v6, fc.integer({ min: 14, max: 128 })).map(([address, bits]) => `${address}/${bits}`),
  );
  fc.assert(
    fc.property(fc.array(range, { maxLength: 12 }), fc.oneof(v4, v6), (ranges, address) => {
      const together = IpSet.of(ranges)?.has(address);
      assert.equal(
        together,
        ranges.some((one) => inside(one, address)),
      );
    }),
    { numRuns: 500 },
  );
});

/** By the definition: the leading bits are equal. */
function inside(range: string, address: string): boolean {
  const [whole, one] = [parseIpRange(range), parseIpRange(address)];
  if (!whole || !one || whole.v4 !== one.v4) return false;
  const hostBits = (whole.v4 ? 32n : 128n) - BigInt(range.split('/')[1] ?? 0);
  return whole.start >> hostBits === one.start >> hostBits;
}
