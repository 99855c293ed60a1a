import assert from 'node:assert/strict';
import test from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { NO_LATENCY, joinLatency } from '#model/latency.ts';
import { keysIn } from '../keys.ts';
import { paintWith, width } from '../text.ts';
import { SHOP_STATUS } from '../../../test/fakes/shop-status.ts';
import { sortLinks, topOf } from './top-model.ts';
import { type TopView, renderTop } from './top.ts';

const before = SHOP_STATUS;
const WINDOW_MS = 4000;
const [first, ...others] = before.links;
const after = {
  ...before,
  timeMs: before.timeMs + WINDOW_MS,
  links: [
    {
      ...first!,
      requests: first!.requests + 200,
      failed: first!.failed + 10,
      denied: first!.denied + 30,
      mtlsDenied: first!.mtlsDenied + 10,
      policyDenied: first!.policyDenied + 20,
      latency: joinLatency(first!.latency, { first: 20, counts: [180, 0, 0, 20] }),
    },
    ...others,
    { ...first!, source: 'client', destination: 'x/\u001b[2Jevil', requests: 4, failed: 0, denied: 0, latency: NO_LATENCY },
  ],
};
const VIEW: TopView = {
  columns: 120,
  rows: Infinity,
  sort: 'rate',
  paused: false,
  scroll: 0,
  keys: false,
  trouble: '',
};
const plain = paintWith(false);

test('rates, errors and quantiles are of the time between two looks', () => {
  const top = topOf(after, before);
  const [busy] = sortLinks(top.links, 'rate');
  assert.deepEqual(
    [busy!.rate, busy!.requests, busy!.failed, busy!.denied, busy!.mtlsDenied, busy!.policyDenied, busy!.errorRate],
    [50, 200, 10, 30, 10, 20, 0.2],
  );
  // 180 of 200 lie in bucket 20, the rest three buckets on.
  assert.ok(busy!.p50Ms < 3 && busy!.p90Ms < 3 && busy!.p99Ms > busy!.p90Ms * 1.5, JSON.stringify(busy));
  assert.equal(top.totals.rate, 51);
  assert.equal(top.windowMs, WINDOW_MS);
});

test('a counter that began anew does not go below nothing', () => {
  const less = { ...before, timeMs: before.timeMs + 1000, links: [{ ...first!, requests: 3, failed: 0, denied: 0 }] };
  const top = topOf(less, { ...before, links: [{ ...first!, requests: 900, failed: 9, denied: 9 }] });
  assert.deepEqual([top.links[0]!.rate, top.links[0]!.denied], [3, 0]);
});

test('a screen is never wider or longer than the terminal, and shows names and numbers to the last', () => {
  const top = topOf(after, before);
  for (const columns of [200, 120, 80, 60, 40, 20, 8])
    for (const rows of [50, 8, 3]) {
      const lines = renderTop(top, { ...VIEW, columns, rows, keys: true }, paintWith(true));
      assert.ok(lines.length <= rows, `${lines.length} lines of ${rows}`);
      for (const line of lines) assert.ok(width(line) <= columns, `${columns}: ${line}`);
    }
  const narrow = renderTop(top, { ...VIEW, columns: 50 }, plain).join('\n');
  assert.match(narrow, /FROM.*TO.*RATE\/s▾.*ERR %/);
  assert.match(narrow, / 50 +20$/m);
  assert.doesNotMatch(narrow, /OPEN|p90/);
});

test('names from outside cannot move the cursor, and without colours there is no escape at all', () => {
  const lines = renderTop(topOf(after, before), VIEW, plain).join('\n');
  assert.equal(lines, stripVTControlCharacters(lines));
  assert.match(lines, /\\u001b\[2Jevil/);
});

test('orders, pause, scroll and trouble', () => {
  const top = topOf(after, before);
  assert.equal(sortLinks(top.links, 'denied')[0]!.denied, 30);
  const names = sortLinks(top.links, 'from').map(({ from }) => from);
  assert.deepEqual(names, [...names].sort());
  const lines = renderTop(top, { ...VIEW, rows: 4, scroll: 99, paused: true, trouble: 'gone' }, plain);
  assert.match(lines[0]!, /^gone {3}paused/);
  assert.match(lines.at(-1)!, new RegExp(sortLinks(top.links, 'rate').at(-1)!.from));
  assert.match(renderTop(undefined, VIEW, plain)[0]!, /looking/);
});

test('keys are told apart in one piece of input', () => {
  assert.deepEqual(keysIn('sq\u001b[A\u001bOB\u001b[5~p\u0003'), ['s', 'q', 'up', 'down', 'p', 'ctrl-c']);
  assert.deepEqual(keysIn('\u001b'), ['escape']);
});
