import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ConnectionTable, formatRanges, hasPort, PORT_MAX, rangesOf, TRANSPORTS } from './connections.ts';
import type { PortRange } from './face.ts';

const range = fc
  .tuple(fc.constantFrom(...TRANSPORTS), fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 5 }))
  .map(([transport, first, length]): PortRange => ({ transport, first, last: first + length }));
const ranges = fc.array(range, { maxLength: 6 });

function inside(list: readonly PortRange[], transport: string, port: number): boolean {
  return list.some((each) => each.transport === transport && each.first <= port && port <= each.last);
}

test('union, intersection and difference are those of sets of ports', () => {
  fc.assert(
    fc.property(ranges, ranges, (left, right) => {
      const table = new ConnectionTable();
      const [a, b] = [table.of(left), table.of(right)];
      for (const transport of TRANSPORTS) {
        for (let port = 1; port <= 18; port++) {
          const [x, y] = [inside(left, transport, port), inside(right, transport, port)];
          assert.equal(hasPort(a, transport, port), x);
          assert.equal(hasPort(table.union(a, b), transport, port), x || y);
          assert.equal(hasPort(table.intersect(a, b), transport, port), x && y);
          assert.equal(hasPort(table.subtract(a, b), transport, port), x && !y);
        }
      }
      // Interned: the same ports are the same object, however they came about.
      assert.equal(table.union(table.intersect(a, b), table.subtract(a, b)), a);
      assert.equal(table.of(rangesOf(a)), a);
    }),
    { numRuns: 150 },
  );
});

test('everything and nothing are neutral', () => {
  const table = new ConnectionTable();
  const some = table.of([{ transport: 'TCP', first: 80, last: 90 }]);
  assert.equal(table.union(some, table.none), some);
  assert.equal(table.intersect(some, table.everything), some);
  assert.equal(table.subtract(table.subtract(table.everything, some), table.subtract(table.everything, some)), table.none);
  const rest = table.subtract(table.everything, some);
  assert.deepEqual(rangesOf(rest).slice(0, 2), [
    { transport: 'TCP', first: 1, last: 79 },
    { transport: 'TCP', first: 91, last: PORT_MAX },
  ]);
  assert.equal(table.union(rest, some), table.everything);
});

test('ranges as people read them', () => {
  const table = new ConnectionTable();
  for (const [list, want] of [
    [[], 'nothing'],
    [rangesOf(table.everything), 'all connections'],
    [[{ transport: 'TCP', first: 1, last: PORT_MAX }], 'TCP all ports'],
    [
      [
        { transport: 'TCP', first: 80, last: 80 },
        { transport: 'TCP', first: 8000, last: 8080 },
        { transport: 'UDP', first: 53, last: 53 },
      ],
      'TCP 80,8000-8080; UDP 53',
    ],
  ] as const) {
    assert.equal(formatRanges(list as readonly PortRange[]), want);
  }
});
