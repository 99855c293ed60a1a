// Child of journal.test.ts and state.test.ts: writes until it is killed, and tells on standard output what was acknowledged.
import { writeSync } from 'node:fs';
import { systemClock, systemRandom } from '#telemetry/machine.ts';
import { uuidv7 } from '#telemetry/ids.ts';
import { openJournal } from '#telemetry/journal.ts';
import { openSqlite } from '#store/sqlite.ts';

const [kind, path = ''] = process.argv.slice(2);
// Synchronous: what is told is in the pipe, whatever happens to this process next.
const say = (line: string): void => void writeSync(1, `${line}\n`);

if (kind === 'journal') {
  const nextId = uuidv7(systemClock, systemRandom);
  const journal = await openJournal(path, {
    node: 'proxy/1',
    clock: systemClock,
    random: systemRandom,
    segmentBytesMax: 64 * 1024,
  });
  const event = (detail: string) =>
    ({ type: 'config', id: nextId(), timeMs: Date.now(), node: 'proxy/1', action: 'applied', version: 'v', detail }) as const;
  for (let writer = 0; writer < 8; writer++) {
    void (async () => {
      for (let i = 0; ; i++) {
        for (let n = 0; n < 5; n++) journal.emit(event('batched'));
        const durable = event(`durable ${writer}.${i} ${'x'.repeat((i * 37) % 400)}`);
        await journal.emitDurably(durable);
        say(durable.id);
      }
    })();
  }
} else if (kind === 'batched') {
  const nextId = uuidv7(systemClock, systemRandom);
  const journal = await openJournal(path, { node: 'proxy/1', clock: systemClock, random: systemRandom });
  await journal.emitDurably({ type: 'gap', id: nextId(), timeMs: Date.now(), node: 'proxy/1', lost: 0, detail: 'start' });
  for (let i = 0; i < 1000; i++)
    journal.emit({ type: 'gap', id: nextId(), timeMs: Date.now(), node: 'proxy/1', lost: 0, detail: 'batched' });
  // Well after the count is noted (10 ms), well before the batch is written (500 ms).
  setTimeout(() => say('ready'), 60);
  setInterval(() => undefined, 1000);
} else {
  const kv = openSqlite(path);
  for (let i = 0; ; i++) {
    kv.transaction(() => {
      kv.put(`a/${i}`, Buffer.from(String(i)), null);
      kv.put(`b/${i}`, Buffer.from(String(i)), null);
      kv.put('latest', Buffer.from(String(i)), null);
    });
    say(String(i));
  }
}
