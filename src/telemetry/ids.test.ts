import assert from 'node:assert/strict';
import test from 'node:test';
import { fakeClock, fakeRandom } from '../../test/fakes/time.ts';
import { uuidTimeMs, uuidv7 } from './ids.ts';

test('ids rise while the clock stands still, steps back, and beyond a full counter', () => {
  const clock = fakeClock();
  const nextId = uuidv7(clock, fakeRandom());
  let last = '';
  for (let i = 0; i < 10_000; i++) {
    if (i % 500 === 0) clock.advance(i % 1000 === 0 ? 1 : -5);
    const id = nextId();
    assert.ok(id > last, `${last} < ${id}`);
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    last = id;
  }
});

test('an id carries its time', () => {
  const clock = fakeClock(1_700_000_000_123);
  assert.equal(uuidTimeMs(uuidv7(clock, fakeRandom())()), 1_700_000_000_123);
  // RFC 9562 appendix A.6.
  assert.equal(uuidTimeMs('017f22e2-79b0-7cc3-98c4-dc0c0c07398f'), 1_645_557_742_000);
});

test('what is no UUIDv7 has no time', () => {
  for (const text of [
    '',
    'x',
    '017f22e2-79b0-4cc3-98c4-dc0c0c07398f',
    '017F22E2-79B0-7CC3-98C4-DC0C0C07398F',
    '017f22e2-79b0-7cc3-18c4-dc0c0c07398f',
  ]) {
    assert.equal(uuidTimeMs(text), undefined, text);
  }
});

test('two generators do not meet', () => {
  const clock = fakeClock();
  const [a, b] = [uuidv7(clock, fakeRandom(1)), uuidv7(clock, fakeRandom(2))];
  const seen = new Set<string>();
  for (let i = 0; i < 2000; i++) seen.add(a()).add(b());
  assert.equal(seen.size, 4000);
});
