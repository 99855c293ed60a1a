// The gRPC example as a user starts it: calls of every kind through gateway and sidecars, policy by method, deadlines, explained refusals.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { ExchangeEvent } from '#model/event.ts';
import { GRPC_REQUEST, grpcFrame, grpcMessages, grpcStatusIn, http2Call } from '../fakes/http2.ts';
import { ask, cullis, removeFolder, ROOT, tempFolder, until, up } from './running.ts';

interface Outcome {
  readonly status: number;
  readonly message: string;
  readonly replies: readonly unknown[];
  readonly decision: string;
}

describe('the gRPC shop', { timeout: 60_000 }, async () => {
  const state = tempFolder();
  const running = await up([join(ROOT, 'examples/grpc/manifests')], state, ['--isolation', 'none']);
  after(async () => {
    await running.stop();
    removeFolder(state);
  });

  const call = async (what: string): Promise<Outcome> => {
    const { status, body } = await ask(running.gateway, `/call/${what}`);
    assert.equal(status, 200, body);
    return JSON.parse(body) as Outcome;
  };
  const fromOutside = (path: string, message: unknown) =>
    http2Call(
      Number(new URL(running.gateway).port),
      { ...GRPC_REQUEST, ':path': path },
      grpcFrame(Buffer.from(JSON.stringify(message))),
    );

  test('unary calls and streams in each direction', async () => {
    assert.deepEqual((await call('CartService/AddItem?user=mia&item=tea&times=3')).replies, [{ added: 3 }]);
    const { replies, status } = await call('CartService/GetCart?user=mia');
    assert.deepEqual([status, replies], [0, [{ items: ['tea', 'tea', 'tea'] }]]);
    assert.deepEqual((await call('CartService/WatchCart?user=mia')).replies, [{ item: 'tea' }, { item: 'tea' }, { item: 'tea' }]);
    assert.deepEqual((await call('CartService/Talk?word=hi&times=2')).replies, [{ word: 'hi' }, { word: 'hi' }]);
  });

  test('a method that policy does not allow is PERMISSION_DENIED, and explained by its id', async () => {
    const refused = await call('CartAdmin/EmptyAll');
    assert.deepEqual([refused.status, refused.message], [7, 'RBAC: access denied']);
    assert.match(refused.decision, /^[0-9a-f-]{36}$/);
    const explain = cullis(['explain', refused.decision, '--state', state]);
    await explain.ended;
    assert.match(explain.all, /\/hipstershop\.CartAdmin\/EmptyAll/);
    assert.match(explain.all, /gRPC status 7/);
    assert.match(explain.all, /policy\.yaml:\d+/);
  });

  test('the gateway takes gRPC from outside, and policy there is by method too', async () => {
    const allowed = await fromOutside('/hipstershop.CartService/GetCart', { user: 'mia' });
    assert.equal(grpcStatusIn(allowed), 0);
    assert.deepEqual(JSON.parse(String(grpcMessages(allowed.body)[0])), { items: ['tea', 'tea', 'tea'] });
    assert.equal(grpcStatusIn(await fromOutside('/hipstershop.CartService/AddItem', {})), 7);
  });

  test('a deadline is kept, whatever the service does', async () => {
    const late = await call('CartService/Slow?timeout=300');
    assert.equal(late.status, 4);
  });

  test('events and links name the calls', async () => {
    const calls = async (): Promise<ExchangeEvent[]> =>
      (await running.events()).filter(
        (event): event is ExchangeEvent =>
          event.type === 'exchange' && event.role === 'sidecar-in' && event.grpcStatus !== undefined,
      );
    await until('the journal has them', async () => (await calls()).length >= 6);
    const seen = await calls();
    assert.ok(seen.every(({ mtls, protocol }) => mtls && protocol === 'http'));
    assert.ok(seen.some(({ path, grpcStatus, allowed }) => path.endsWith('/EmptyAll') && grpcStatus === 7 && !allowed));
  });

  test('curl speaks HTTP/2 with prior knowledge to the gateway', (t) => {
    const curl = (...args: string[]) => spawnSync('curl', ['-sS', '--max-time', '5', ...args], { encoding: 'utf8' });
    if (!/HTTP2/.test(curl('--version').stdout ?? '')) {
      t.skip('no curl with HTTP/2 on this machine');
      return;
    }
    const shown = curl(
      '--http2-prior-knowledge',
      '-w',
      '\n%{http_version} %{http_code}',
      `${running.gateway}/call/CartService/GetCart?user=mia`,
    );
    assert.match(shown.stdout, /"items":\["tea","tea","tea"\][^]*\n2 200$/, shown.stderr);
    // Upgrade: h2c is not followed: the request is answered as the HTTP/1.1 that it is.
    const old = curl('--http2', '-w', '\n%{http_version} %{http_code}', `${running.gateway}/call/CartService/GetCart?user=mia`);
    assert.match(old.stdout, /\n1\.1 200$/, old.stderr);
  });
});
