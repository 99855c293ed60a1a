import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FindingEdit } from '#model/finding.ts';
import type { Path } from '#model/origin.ts';
import { systemOf } from '../../../../test/fakes/shop-system.ts';
import { applyEdits, changesOf } from './apply.ts';

const document = { file: 'a.yaml', line: 1, column: 1 };
const edit = (op: 'set' | 'remove' | 'append', path: Path, value?: unknown): FindingEdit => ({ op, document, path, value });

test('edits on plain data', () => {
  const rows: [object, readonly FindingEdit[], object][] = [
    [{ a: 1 }, [edit('set', ['a'], 2)], { a: 2 }],
    [{}, [edit('set', ['a', 'b', 0, 'c'], 1)], { a: { b: [{ c: 1 }] } }],
    [{ l: [1, 2, 3] }, [edit('remove', ['l', 0]), edit('remove', ['l', 2])], { l: [2] }],
    [{ l: [{ x: 1, y: 2 }] }, [edit('remove', ['l', 0, 'x'])], { l: [{ y: 2 }] }],
    [{}, [edit('append', ['l'], 1), edit('append', ['l'], 2)], { l: [1, 2] }],
    [{}, [edit('remove', ['no', 'such'])], {}],
    [{}, [edit('set', ['__proto__', 'polluted'], true), edit('set', ['a', '__proto__'], 1)], { a: {} }],
  ];
  for (const [before, edits, after] of rows) {
    const frozen = Object.freeze(before) as Record<string, unknown>;
    assert.deepEqual(applyEdits(frozen, edits), after);
  }
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
});

test('an edit that speaks of no document is a mistake that is told', () => {
  const system = systemOf('apiVersion: v1\nkind: Namespace\nmetadata: { name: a }');
  assert.throws(() => changesOf(system, [edit('set', ['a'], 1)]), /no document stands at `a.yaml:1:1`/);
});
