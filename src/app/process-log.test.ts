import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Event } from '#model/event.ts';
import { fakeClock, fakeRandom } from '../../test/fakes/time.ts';
import { ProcessLog } from './process-log.ts';

function bench() {
  const written: Event[] = [];
  const control = { there: true };
  const batches: number[] = [];
  const log = new ProcessLog({
    clock: fakeClock(),
    random: fakeRandom(),
    write: async (events) => {
      batches.push(events.length);
      if (!control.there) throw new Error('away');
      written.push(...events);
    },
  });
  return { log, written, control, batches };
}

const names = (events: readonly Event[]): string[] =>
  events.map((one) => (one.type === 'process' ? `${one.action} ${one.name}` : one.type));

test('what happens at once is written at once, in order', async () => {
  const { log, written, batches } = bench();
  log.say('started', 'control', 7, '');
  log.say('ready', 'control', 7, '');
  await log.flush();
  assert.deepEqual(names(written), ['started control', 'ready control']);
  assert.deepEqual(batches, [2]);
  assert.equal(written[0]?.node, 'supervisor');
});

test('while control is away events wait, and are written when it is back', async () => {
  const { log, written, control } = bench();
  control.there = false;
  log.say('exited', 'control', 7, 'ended by SIGKILL');
  await log.flush();
  assert.deepEqual(written, []);
  control.there = true;
  log.say('restarted', 'control', 8, '');
  await log.flush();
  assert.deepEqual(names(written), ['exited control', 'restarted control']);
});

test('what waits is bounded, and what was dropped is counted', async () => {
  const { log, written, control } = bench();
  control.there = false;
  for (let i = 0; i < 2100; i++) log.say('restarted', `w${i}`, i, '');
  await log.flush();
  control.there = true;
  await log.flush();
  const [gap] = written;
  assert.ok(gap?.type === 'gap' && gap.lost === 100);
  assert.deepEqual(names(written).slice(1, 2), ['restarted w100']);
  assert.equal(written.length, 2001);
  assert.equal(new Set(written.map((one) => one.id)).size, 2001);
});
