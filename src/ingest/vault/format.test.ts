import assert from 'node:assert/strict';
import { test } from 'node:test';
import { originOf } from '#model/origin.ts';
import type { Path } from '#model/origin.ts';
import { readSystem } from '../read.ts';

const read = (value: unknown) => readSystem([{ file: 'db.json', text: JSON.stringify(value, null, 1) }]);

test('the time of the present version counts, and no value enters the System', () => {
  for (const [value, changed, line] of [
    [
      {
        data: {
          created_time: '2025-01-01T00:00:00Z',
          current_version: 2,
          versions: {
            1: { created_time: '2025-01-01T00:00:00Z' },
            2: { created_time: '2026-09-01T10:00:00.123456789Z', destroyed: false },
          },
        },
      },
      '2026-09-01T10:00:00.123456789Z',
      10,
    ],
    [
      { data: { data: { password: 'a-value-of-someone' }, metadata: { created_time: '2026-08-01T00:00:00Z', version: 3 } } },
      '2026-08-01T00:00:00Z',
      7,
    ],
    [
      { data: { last_vault_rotation: '2026-07-01T00:00:00Z', password: 'a-value-of-someone', ttl: 1 } },
      '2026-07-01T00:00:00Z',
      3,
    ],
    [{ data: { secret_id_accessor: 'x', creation_time: '2026-06-01T00:00:00Z' } }, '2026-06-01T00:00:00Z', 4],
  ] as const) {
    const { system, diagnostics } = read(value);
    assert.deepEqual(diagnostics, []);
    const [resource] = system.resources;
    const spec = resource?.spec as { readonly path: Path; readonly changed: string };
    assert.equal(spec.changed, changed);
    assert.equal(originOf(resource!, spec.path)?.line, line);
    assert.ok(!JSON.stringify(system).includes('a-value-of-someone'));
  }
});

test('other documents that have `data` are none', () => {
  for (const value of [
    { data: [] },
    { data: { current_version: 2 } },
    { data: { versions: {}, current_version: 1 } },
    { data: { secret_id_accessor: 'x', creation_time: 'long ago' } },
  ])
    assert.equal(read(value).system.resources.length, 0);
});
