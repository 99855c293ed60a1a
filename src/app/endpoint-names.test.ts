import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EndpointNames, type Found } from './endpoint-names.ts';

test('names are looked up again when they get old, and keep their addresses while nobody answers', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const answers: (Found | Error)[] = [
    { addresses: ['10.0.0.2', '10.0.0.1'], ttlMs: 0 },
    { addresses: ['10.0.0.1', '10.0.0.2'], ttlMs: 2000 },
    new Error('no answer'),
    { addresses: ['10.0.0.3'], ttlMs: 1e9 },
  ];
  let asked = 0;
  const told: Readonly<Record<string, readonly string[]>>[] = [];
  const names = new EndpointNames(
    () => {
      const answer = answers[asked++];
      return answer instanceof Error || answer === undefined
        ? Promise.reject(answer ?? new Error('none'))
        : Promise.resolve(answer);
    },
    (resolved) => told.push(resolved),
  );
  const after = async (ms: number): Promise<void> => {
    t.mock.timers.tick(ms);
    await new Promise(setImmediate);
  };
  names.watch(['db.example']);
  await after(0);
  assert.deepEqual(told, [{ 'db.example': ['10.0.0.1', '10.0.0.2'] }]);
  // A time to live of nothing is a second here; the same addresses are no news.
  await after(999);
  assert.equal(asked, 1);
  await after(1);
  await after(2000);
  assert.deepEqual([asked, told.length], [3, 1]);
  await after(5000);
  assert.deepEqual(told[1], { 'db.example': ['10.0.0.3'] });
  await after(299_999);
  assert.equal(asked, 4);
  names.close();
  await after(10_000);
  assert.equal(asked, 4);
});
