import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareFindings, findingId } from './finding.ts';
import type { Finding } from './finding.ts';

function finding(over: Partial<Finding>): Finding {
  return { id: 'a', code: 'c', severity: 'low', title: '', message: '', references: [], ...over };
}

test('an id depends on what it is about, and its parts cannot be shifted into each other', () => {
  assert.equal(findingId('a', 'b', 'c'), findingId('a', 'b', 'c'));
  assert.match(findingId('a'), /^[0-9a-f]{16}$/);
  const ids = [findingId('a', 'bc'), findingId('a', 'b', 'c'), findingId('ab', 'c'), findingId('a', 'b', 'c', '')];
  assert.equal(new Set(ids).size, ids.length);
});

test('findings are ordered by severity, then place', () => {
  const at = (file: string, line: number): Partial<Finding> => ({ location: { file, line, column: 1 } });
  const list = [
    finding({ id: '5', severity: 'info' }),
    finding({ id: '4', ...at('b.yaml', 1) }),
    finding({ id: '3', ...at('a.yaml', 20) }),
    finding({ id: '2', ...at('a.yaml', 3) }),
    finding({ id: '1', severity: 'critical', ...at('z.yaml', 9) }),
  ];
  assert.deepEqual(
    list.toSorted(compareFindings).map(({ id }) => id),
    ['1', '2', '3', '4', '5'],
  );
});
