// Too few connections for everybody: whose turn it is, and who makes room (proxy hardening F 56).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_LIMITS } from '#model/platform.ts';
import { type MemorySocket, memorySocket, settle } from '../../../test/fakes/memory-socket.ts';
import { fakeClock } from '../../../test/fakes/time.ts';
import { TimerWheel } from '../timers.ts';
import type { UpstreamCallbacks } from '../upstream-types.ts';
import type { BodyReader, BodySink, HeaderList } from '../types.ts';
import { Http1Pool } from './client.ts';

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK';

/** Reads its answer, or takes nothing of it. */
class Call implements UpstreamCallbacks, BodySink {
  outcome = '';
  readonly #reads: boolean;

  constructor(reads: boolean) {
    this.#reads = reads;
  }

  onHead(_status: number, _headers: HeaderList, body: BodyReader): void {
    body.pipe(this);
  }
  onError({ kind }: { readonly kind: string }): void {
    this.outcome = kind;
  }
  write(): boolean {
    return this.#reads;
  }
  end(): void {
    this.outcome = 'answered';
  }
  abort(): void {
    this.outcome = 'cut';
  }
}

function rig(connections: number) {
  const clock = fakeClock();
  const timers = new TimerWheel(clock, { byHand: true });
  const sockets: MemorySocket[] = [];
  const limits = { ...DEFAULT_LIMITS, upstreamConnectionsMax: connections, connectTimeoutMs: 60_000 };
  const connect = () => Promise.resolve((sockets[sockets.length] = memorySocket()).socket);
  const pool = new Http1Pool({ connect, limits, timers, name: 'cart' });
  const call = (target: string, client: object, reads = true, body?: BodyReader): Call => {
    const made = new Call(reads);
    const { kind = 'none', length = -1 } = body ?? {};
    pool.request({ method: 'POST', target, headers: ['host', 'a'], bodyKind: kind, length, client }, body, made);
    return made;
  };
  const advance = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 100) {
      clock.advance(100);
      timers.tick();
      await settle();
    }
  };
  const asked = (): string[] =>
    sockets.flatMap(({ written }) => [...written.matchAll(/POST (\S+)/g)].map(([, target]) => target!));
  return { sockets, call, advance, asked, close: () => pool.destroy() };
}

test('requests that wait are taken in turn by client, each client’s in their order', async () => {
  const { sockets, call, asked, close } = rig(1);
  const [greedy, modest, other] = [{}, {}, {}];
  for (const target of ['/g0', '/g1', '/g2', '/g3']) call(target, greedy);
  call('/m1', modest);
  call('/m2', modest);
  call('/o1', other);
  await settle();
  while (asked().length < 7) {
    sockets[0]!.feed(ANSWER);
    await settle();
  }
  assert.deepEqual(asked(), ['/g0', '/m1', '/o1', '/g1', '/m2', '/g2', '/g3']);
  close();
});

test('who takes nothing of an answer makes room after a while when others wait, and not before', async () => {
  const { sockets, call, advance, asked, close } = rig(1);
  const deaf = call('/deaf', {}, false);
  await settle();
  sockets[0]!.feed('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nbegun');
  await advance(60_000);
  assert.equal(deaf.outcome, '', 'nobody waits: it may take its time');
  const waiting = call('/waiting', {});
  await advance(1000);
  assert.deepEqual([deaf.outcome, asked()], ['cut', ['/deaf', '/waiting']]);
  sockets[1]!.feed(ANSWER);
  assert.equal(waiting.outcome, 'answered');
  close();
});

test('who reads is left, however long others wait', async () => {
  const { sockets, call, advance, close } = rig(1);
  const reader = call('/reader', {});
  await settle();
  sockets[0]!.feed('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nbegun');
  call('/waiting', {});
  await advance(10_000);
  assert.equal(reader.outcome, '');
  close();
});

test('of those that hold up, a client that holds up many is first, and has less time', async () => {
  const { sockets, call, advance, close } = rig(11);
  const greedy = {};
  const alone = call('/alone', {}, false);
  const calls = Array.from({ length: 10 }, (_, i) => call(`/g${i}`, greedy, false));
  await settle();
  for (const socket of sockets) socket.feed('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nbegun');
  const waiting = call('/waiting', {});
  await advance(1000);
  assert.equal(calls.filter(({ outcome }) => outcome === 'cut').length, 1);
  assert.equal(alone.outcome, '');
  sockets[11]!.feed(ANSWER);
  assert.equal(waiting.outcome, 'answered');
  close();
});

test('a body that trickles holds up too', async () => {
  const { call, advance, close } = rig(1);
  let sink: BodySink | undefined;
  const body: BodyReader = {
    kind: 'length',
    length: 100_000,
    pipe: (to) => void (sink = to),
    discard() {},
    pause() {},
    resume() {},
  };
  const slow = call('/slow', {}, true, body);
  await advance(100);
  const waiting = call('/waiting', {});
  for (let i = 0; i < 40 && slow.outcome === ''; i++) {
    sink!.write(Buffer.from('x'));
    await advance(100);
  }
  assert.equal(slow.outcome, 'overload');
  await settle();
  assert.equal(waiting.outcome, '');
  close();
});
