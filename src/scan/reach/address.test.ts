import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  ALL_V4,
  ALL_V6,
  covers,
  formatInterval,
  intervalOf,
  intervalsOf,
  isV4,
  merge,
  overlaps,
  partition,
  PRIVATE,
  PUBLIC,
  subtract,
} from './address.ts';
import type { Interval } from './address.ts';

const interval = fc
  .tuple(fc.boolean(), fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 6 }))
  .map(([v6, first, length]): Interval => {
    const base = v6 ? ALL_V6.first : 0n;
    return { first: base + BigInt(first), last: base + BigInt(first + length) };
  });

test('a partition covers everything once, and no interval of it is cut by a range', () => {
  fc.assert(
    fc.property(fc.array(interval, { maxLength: 6 }), (ranges) => {
      const atoms = partition(ranges);
      assert.equal(atoms[0]!.first, 0n);
      assert.equal(atoms.at(-1)!.last, ALL_V6.last);
      atoms.forEach((atom, i) => {
        if (i > 0) assert.equal(atom.first, atoms[i - 1]!.last + 1n);
        assert.ok(isV4(atom) ? atom.last <= ALL_V4.last : atom.first >= ALL_V6.first);
        for (const range of ranges) assert.equal(overlaps([range], [atom]), covers([range], [atom]));
      });
    }),
    { numRuns: 150 },
  );
});

test('difference and merging are those of sets of addresses', () => {
  fc.assert(
    fc.property(fc.array(interval, { maxLength: 4 }), fc.array(interval, { maxLength: 4 }), (left, right) => {
      const rest = subtract(merge(left), merge(right));
      for (const base of [0n, ALL_V6.first]) {
        for (let at = 0n; at < 30n; at++) {
          const one = [{ first: base + at, last: base + at }];
          assert.equal(overlaps(rest, one), overlaps(left, one) && !overlaps(right, one));
        }
      }
    }),
    { numRuns: 150 },
  );
});

test('ranges are written shortly', () => {
  for (const text of [
    '0.0.0.0/0',
    '10.0.0.0/8',
    '192.168.1.7/32',
    '::/0',
    'fd00::/8',
    '2001:db8::/32',
    '2001:db8:0:1:1:1:1:1/128',
  ]) {
    assert.equal(formatInterval(intervalOf(text)!), text);
  }
  assert.equal(formatInterval({ first: 1n, last: 6n }), '0.0.0.1-0.0.0.6');
  assert.equal(intervalOf('10.0.0.0/33'), undefined);
});

test('what is public and what is not', () => {
  for (const [range, isPublic] of [
    ['8.8.8.8', true],
    ['169.254.169.254', false],
    ['10.1.2.3', false],
    ['2606:4700::1111', true],
    ['fd00:ec2::254', false],
  ] as const) {
    assert.equal(overlaps(PUBLIC, intervalsOf([range])), isPublic, range);
  }
  assert.ok(covers(PRIVATE, intervalsOf(['172.20.0.0/16'])));
  assert.ok(!covers(PRIVATE, intervalsOf(['172.32.0.0/16'])));
});
