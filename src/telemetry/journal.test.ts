import assert from 'node:assert/strict';
import {
  appendFileSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import * as fc from 'fast-check';
import type { ConfigEvent, Event } from '#model/event.ts';
import { fakeClock, fakeRandom, type FakeClock } from '../../test/fakes/time.ts';
import { uuidv7 } from './ids.ts';
import { decodeLine, encodeLine, segmentName, parseSegmentName } from './journal-format.ts';
import {
  findEvent,
  followJournal,
  type Journal,
  type JournalOptions,
  openJournal,
  readJournal,
  type ReadOptions,
} from './journal.ts';
import { Metrics } from './metrics.ts';

interface Bench {
  readonly dir: string;
  readonly clock: FakeClock;
  open(options?: Partial<JournalOptions>): Promise<Journal>;
  /** Goes on with the files as they are now, as after the death of the process: nothing is closed. */
  die(): void;
  event(detail: string): ConfigEvent;
  read(options?: ReadOptions): Promise<Event[]>;
  details(options?: ReadOptions): Promise<string[]>;
}

function bench(t: TestContext): Bench {
  const dirs: string[] = [];
  const folder = (): string => {
    dirs.push(mkdtempSync(join(tmpdir(), 'cullis-journal-')));
    return dirs.at(-1)!;
  };
  let dir = folder();
  const clock = fakeClock();
  const nextId = uuidv7(clock, fakeRandom(7));
  const opened: Journal[] = [];
  t.after(async () => {
    for (const journal of opened) await journal.close();
    for (const one of dirs) rmSync(one, { recursive: true, force: true });
  });
  const read = async (options?: ReadOptions): Promise<Event[]> => {
    const events: Event[] = [];
    for await (const event of readJournal(dir, options)) events.push(event);
    return events;
  };
  return {
    get dir() {
      return dir;
    },
    clock,
    read,
    details: async (options) => (await read(options)).map((event) => ('detail' in event ? event.detail : event.type)),
    async open(options) {
      const journal = await openJournal(dir, { node: 'proxy/1', clock, random: fakeRandom(3), ...options });
      opened.push(journal);
      return journal;
    },
    die() {
      const former = dir;
      dir = folder();
      for (const name of readdirSync(former)) if (!name.endsWith('.lock')) copyFileSync(join(former, name), join(dir, name));
    },
    event: (detail) => ({
      type: 'config',
      id: nextId(),
      timeMs: clock.nowMs(),
      node: 'proxy/1',
      action: 'applied',
      version: 'v',
      detail,
    }),
  };
}

function segments(dir: string): string[] {
  return readdirSync(dir)
    .filter((name) => name.endsWith('.jnl'))
    .sort()
    .map((name) => join(dir, name));
}

test('a line that was changed in any byte does not decode', () => {
  const line = Buffer.from(encodeLine(7, 9, JSON.stringify({ type: 'gap', detail: 'ä€\u2028' })).slice(0, -1));
  assert.deepEqual(decodeLine(line), { sequence: 7, accepted: 9, event: { type: 'gap', detail: 'ä€\u2028' } });
  fc.assert(
    fc.property(fc.nat(line.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const changed = Buffer.from(line);
      changed[at]! ^= flip;
      assert.equal(decodeLine(changed), undefined);
    }),
    { numRuns: 200 },
  );
});

test('any bytes decode to a line or to nothing', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => assert.equal(decodeLine(Buffer.from(bytes)), undefined)),
    { numRuns: 200 },
  );
});

test('segment names hold any node name', () => {
  for (const node of ['control', 'proxy/1', '..', 'a.b/../c', 'ä*']) {
    const parsed = parseSegmentName(segmentName(node, 17));
    assert.equal(parsed?.firstSequence, 17, node);
    assert.doesNotMatch(segmentName(node, 1), /\//);
    assert.equal(decodeURIComponent(parsed!.stream), node);
  }
  assert.equal(parseSegmentName('proxy.lock'), undefined);
});

test('what was written is read in order, forward and back, after closing and while open', async (t) => {
  const b = bench(t);
  const journal = await b.open();
  for (let i = 0; i < 5; i++) {
    journal.emit(b.event(`batched ${i}`));
    b.clock.advance(1000);
  }
  await journal.emitDurably(b.event('durable'));
  const want = ['batched 0', 'batched 1', 'batched 2', 'batched 3', 'batched 4', 'durable'];
  assert.deepEqual(await b.details(), want, 'a durable event takes what waits before it along');
  journal.emit(b.event('last'));
  await journal.close();
  assert.deepEqual(await b.details(), [...want, 'last']);
  assert.deepEqual(await b.details({ reverse: true, limit: 3 }), ['last', 'durable', 'batched 4']);
  assert.deepEqual(await b.details({ fromMs: b.clock.nowMs() - 1500 }), ['batched 4', 'durable', 'last']);
  assert.deepEqual(await b.details({ contains: 'batched', filter: (event) => 'detail' in event && /[13]/.test(event.detail) }), [
    'batched 1',
    'batched 3',
  ]);
  assert.deepEqual(await b.details({ linesMax: 2, reverse: true }), ['last', 'durable']);
  assert.equal(statSync(b.dir).mode & 0o777, 0o700);
  for (const path of segments(b.dir)) assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('a journal continues its file, and nothing is said after a clean end', async (t) => {
  const b = bench(t);
  for (let i = 0; i < 3; i++) {
    const journal = await b.open();
    await journal.emitDurably(b.event(`run ${i}`));
    await journal.close();
    await journal.close();
  }
  assert.deepEqual(await b.details(), ['run 0', 'run 1', 'run 2']);
  assert.equal(segments(b.dir).length, 1);
  assert.deepEqual(
    readdirSync(b.dir).filter((name) => name.endsWith('.count')),
    [],
  );
});

test('after a death: a torn end is cut, lost batched events are counted, nothing acknowledged is lost', async (t) => {
  const b = bench(t);
  const dead = await b.open();
  await dead.emitDurably(b.event('kept'));
  const [path] = segments(b.dir);
  const whole = statSync(path!).size;
  appendFileSync(path!, encodeLine(2, 5, JSON.stringify(b.event('torn'))).slice(0, 40));
  writeFileSync(join(b.dir, 'proxy%2F1.count'), '0000000000000004');
  b.die();
  const journal = await b.open();
  const [kept, gap] = await b.read();
  assert.equal(kept?.type === 'config' && kept.detail, 'kept');
  assert.ok(gap?.type === 'gap');
  assert.equal(gap.lost, 3);
  assert.match(
    gap.detail,
    /^at least 3 batched events were not yet on disk when the process ended; 40 bytes of an unfinished write were cut$/,
  );
  assert.ok(readFileSync(segments(b.dir)[0]!).subarray(0, whole).toString().endsWith('\n'));
  await journal.emitDurably(b.event('after'));
  await journal.close();
  assert.deepEqual((await b.details()).slice(2), ['after']);
});

test('a batch that tore in its middle says how many events it held', async (t) => {
  const b = bench(t);
  const dead = await b.open();
  await Promise.all(['1', '2', '3', '4'].map((detail) => dead.emitDurably(b.event(detail))));
  const [path] = segments(b.dir);
  const lines = readFileSync(path!, 'utf8').split('\n');
  // As after a power cut that kept half of the last write.
  truncateSync(path!, Buffer.byteLength(`${lines.slice(0, 2).join('\n')}\n`) + 10);
  rmSync(join(b.dir, 'proxy%2F1.count'));
  b.die();
  await (await b.open()).close();
  const gap = (await b.read()).at(-1);
  assert.ok(gap?.type === 'gap');
  assert.equal(gap.lost, 2);
});

test('damaged lines are passed over, reported, and left where they are', async (t) => {
  const b = bench(t);
  const first = await b.open();
  for (const detail of ['a', 'b', 'c', 'd']) await first.emitDurably(b.event(detail));
  await first.close();
  const [path] = segments(b.dir);
  const bytes = readFileSync(path!);
  const at = bytes.indexOf('"detail":"b"');
  bytes[at + 10]! ^= 1;
  writeFileSync(path!, bytes);
  await (await b.open()).close();
  const details = await b.details();
  assert.deepEqual(details.slice(0, 3), ['a', 'c', 'd']);
  assert.match(details[3]!, /^1 damaged lines in `.*`, the first at byte \d+$/);
  assert.equal(segments(b.dir).length, 2, 'a damaged file is not written on');
  assert.ok(readFileSync(path!).equals(bytes), 'and stays as evidence');
});

test('whatever a crash leaves of the file, it opens again, keeps all whole lines before the damage, and takes new events', async (t) => {
  const b = bench(t);
  const journal = await b.open();
  for (let i = 0; i < 8; i++) await journal.emitDurably(b.event(`event ${i}`));
  await journal.close();
  const [path] = segments(b.dir);
  const whole = readFileSync(path!);
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length), fc.uint8Array({ maxLength: 30 }), async (cut, tail) => {
      for (const other of segments(b.dir)) rmSync(other);
      writeFileSync(path!, Buffer.concat([whole.subarray(0, cut), tail]));
      const again = await b.open();
      await again.emitDurably(b.event('new'));
      await again.close();
      const details = (await b.details()).filter((detail) => !/unfinished|damaged/.test(detail));
      const kept = whole.subarray(0, cut).toString().split('\n').length - 1;
      assert.deepEqual(details, [...Array.from({ length: kept }, (_, i) => `event ${i}`), 'new']);
    }),
    { numRuns: 40 },
  );
});

test('segments rotate by size, and beyond the total the oldest go, which a gap event says', async (t) => {
  const b = bench(t);
  const journal = await b.open({ segmentBytesMax: 1000, totalBytesMax: 4000 });
  for (let i = 0; i < 60; i++) await journal.emitDurably(b.event(`event ${i}`));
  await journal.close();
  const sizes = segments(b.dir).map((path) => statSync(path).size);
  assert.ok(
    sizes.every((size) => size <= 1000),
    String(sizes),
  );
  assert.ok(sizes.reduce((sum, size) => sum + size, 0) <= 4000);
  const events = await b.read();
  const gaps = events.filter((event) => event.type === 'gap');
  assert.ok(gaps.length > 0);
  assert.match(gaps[0]!.detail, /size bound/);
  const kept = events.filter((event) => event.type === 'config').map((event) => event.detail);
  assert.deepEqual(
    kept,
    Array.from({ length: kept.length }, (_, i) => `event ${60 - kept.length + i}`),
  );
});

test('a full queue drops batched events and says how many; durable ones still pass', async (t) => {
  const b = bench(t);
  const metrics = new Metrics();
  const journal = await b.open({ queueBytesMax: 1000, metrics });
  for (let i = 0; i < 50; i++) journal.emit(b.event(`event ${i}`));
  await journal.emitDurably(b.event('durable'));
  await journal.close();
  const events = await b.read();
  const lost = events.filter((event) => event.type === 'gap').reduce((sum, gap) => sum + gap.lost, 0);
  assert.ok(lost > 0);
  assert.equal(events.filter((event) => event.type === 'config').length + lost, 51);
  assert.match(metrics.render(), new RegExp(`cullis_journal_lost_total\\{reason="the queue was full"\\} ${lost}`));
});

test('a disk that refuses makes durable events fail; what was batched is counted, and said when it takes writes again', async (t) => {
  const b = bench(t);
  const errors: string[] = [];
  const journal = await b.open({ segmentBytesMax: 300, onError: (error) => errors.push(error.code) });
  await journal.emitDurably(b.event('before'));
  // The next segment cannot be made while a plain file stands where the folder was.
  renameSync(b.dir, `${b.dir}.aside`);
  writeFileSync(b.dir, '');
  journal.emit(b.event('batched 1'));
  journal.emit(b.event('batched 2'));
  await assert.rejects(journal.emitDurably(b.event('refused')), { code: 'journal.unwritable' });
  await assert.rejects(journal.emitDurably(b.event('refused too')), { code: 'journal.unwritable' });
  assert.deepEqual(errors, ['journal.unwritable', 'journal.unwritable']);
  rmSync(b.dir);
  renameSync(`${b.dir}.aside`, b.dir);
  await journal.emitDurably(b.event('after'));
  await journal.close();
  assert.deepEqual((await b.details()).sort(), ['after', 'before', 'the disk refused a write']);
  const gap = (await b.read()).find((event) => event.type === 'gap');
  assert.equal(gap?.lost, 2);
});

test('an event that is too large for a line is refused or counted, never cut', async (t) => {
  const b = bench(t);
  const journal = await b.open();
  const large = b.event('x'.repeat(300_000));
  journal.emit(large);
  await assert.rejects(journal.emitDurably(large), { code: 'journal.unwritable', message: /too large/ });
  await journal.close();
  assert.deepEqual(await b.details(), ['an event was too large']);
});

test('events after the end are refused', async (t) => {
  const b = bench(t);
  const journal = await b.open();
  await journal.close();
  journal.emit(b.event('late'));
  await assert.rejects(journal.emitDurably(b.event('late')), { code: 'journal.unwritable' });
});

test('one writer a stream', async (t) => {
  const b = bench(t);
  const journal = await b.open();
  await assert.rejects(b.open(), { code: 'state.locked' });
  await (await b.open({ node: 'proxy/2' })).close();
  await journal.close();
  await b.open();
});

test('an event is found by its id, whatever text others carry', async (t) => {
  const b = bench(t);
  const journal = await b.open({ segmentBytesMax: 2000 });
  const other = await b.open({ node: 'control' });
  const wanted: ConfigEvent[] = [];
  for (let i = 0; i < 30; i++) {
    const event = b.event(`event ${i}`);
    wanted.push(event);
    await (i % 3 === 0 ? other : journal).emitDurably(event);
    b.clock.advance(7 * 60_000);
  }
  const target = wanted[11]!;
  await journal.emitDurably(b.event(`about "id":"${target.id}" and ${JSON.stringify({ id: target.id })}`));
  for (const event of wanted) assert.deepEqual(await findEvent(b.dir, event.id), event);
  const missing = uuidv7(b.clock, fakeRandom(99))();
  assert.equal(await findEvent(b.dir, missing), undefined);
  assert.equal(await findEvent(b.dir, 'no id'), undefined);
  assert.equal(await findEvent(join(b.dir, 'none'), missing), undefined);
});

test('streams of several processes are merged by time', async (t) => {
  const b = bench(t);
  const journals = [await b.open({ node: 'proxy/1' }), await b.open({ node: 'proxy/2' }), await b.open({ node: 'control' })];
  for (let i = 0; i < 12; i++) {
    await journals[(i * 7) % 3]!.emitDurably(b.event(String(i)));
    b.clock.advance(1);
  }
  const want = Array.from({ length: 12 }, (_, i) => String(i));
  assert.deepEqual(await b.details(), want);
  assert.deepEqual(await b.details({ reverse: true }), want.toReversed());
});

test('processes that must not write each other have a subfolder each, and are read as one', async (t) => {
  const b = bench(t);
  const journals = [
    await b.open(),
    await openJournal(join(b.dir, 'control'), { node: 'control', clock: b.clock, random: fakeRandom() }),
  ];
  t.after(() => journals[1]!.close());
  const other = b.event('other');
  await journals[1]!.emitDurably(other);
  b.clock.advance(1);
  await journals[0]!.emitDurably(b.event('own'));
  assert.deepEqual(await b.details(), ['other', 'own']);
  assert.deepEqual(await findEvent(b.dir, other.id), other);
});

test('a follower sees what comes, across segments and processes, and stops when told', async (t) => {
  const b = bench(t);
  const journal = await b.open({ segmentBytesMax: 600 });
  await journal.emitDurably(b.event('old'));
  const stop = new AbortController();
  const seen: string[] = [];
  const second = async (): Promise<void> => {
    const other = await b.open({ node: 'control' });
    for (let i = 0; i < 8; i++) {
      b.clock.advance(1);
      await (i % 2 === 0 ? journal : other).emitDurably(b.event(`new ${i}`));
    }
  };
  const following = (async () => {
    for await (const event of followJournal(b.dir, { from: 'end', signal: stop.signal })) {
      seen.push('detail' in event ? event.detail : event.type);
      if (seen.length === 1) await second();
      if (seen.length === 9) stop.abort();
    }
  })();
  // Written until it is seen: the follower starts on its own time, and what was there before its start is not its matter.
  let first = 0;
  while (seen.length === 0) await journal.emitDurably(b.event(`first ${first++}`));
  await following;
  assert.deepEqual(
    seen.filter((detail) => detail.startsWith('new')).length + seen.filter((detail) => detail.startsWith('first')).length,
    9,
  );
  assert.ok(!seen.includes('old'));
});

test('a follower from a time sees what was written since', async (t) => {
  const b = bench(t);
  const journal = await b.open();
  await journal.emitDurably(b.event('before'));
  b.clock.advance(10);
  await journal.emitDurably(b.event('since'));
  const stop = new AbortController();
  for await (const event of followJournal(b.dir, { from: b.clock.nowMs(), signal: stop.signal })) {
    assert.equal('detail' in event && event.detail, 'since');
    stop.abort();
  }
});

test('many durable events at once share their syncs', async (t) => {
  const b = bench(t);
  const metrics = new Metrics();
  const journal = await b.open({ metrics });
  await Promise.all(Array.from({ length: 500 }, (_, i) => journal.emitDurably(b.event(String(i)))));
  const syncs = Number(/cullis_journal_sync_seconds_count (\d+)/.exec(metrics.render())?.[1]);
  assert.ok(syncs >= 1 && syncs <= 4, `${syncs} syncs`);
  assert.equal((await b.read()).length, 500);
});
