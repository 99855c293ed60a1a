// Telemetry of every hop, as a user has it: `cullis top`, and a collector that is sent traces, metrics and logs.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fakeCollector, type SeenSpan } from '../fakes/otlp.ts';
import { writeMini } from './mini/system.ts';
import { ask, cullis, removeFolder, tempFolder, up } from './running.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';
const [SERVER, CLIENT] = [2, 3];

describe('telemetry of a running system', async () => {
  const folder = tempFolder();
  const manifests = join(folder, 'manifests');
  const collector = await fakeCollector();
  writeMini(manifests, {
    telemetry: `{ sampling: 100, otlp: { endpoint: "${collector.url}", protocol: http/protobuf, interval: 1s, headers: { x-token: { env: CULLIS_TEST_TOKEN } } } }`,
  });
  const running = await up([manifests], join(folder, 'state'), ['--isolation', 'none', '--workers', '2'], {
    CULLIS_TEST_TOKEN: 'seven',
  });
  after(async () => {
    await running.stop();
    await collector.close();
    removeFolder(folder);
  });

  test('one request is one chain of spans, gateway to application', async () => {
    const { status } = await fetch(`${running.gateway}/ok`, { headers: { traceparent: `00-${TRACE}-${CALLER}-01` } });
    assert.equal(status, 200);
    const chain = await collector.until(() => {
      const spans = collector.spans.filter(({ traceId }) => traceId === TRACE);
      const all: SeenSpan[] = [];
      for (let parent = CALLER; ;) {
        const next = spans.find(({ parentSpanId }) => parentSpanId === parent);
        if (!next) return all.length >= 5 && all;
        all.push(next);
        parent = next.spanId;
      }
    });
    assert.deepEqual(
      chain.map(({ service, kind }) => [service, kind]),
      [
        ['door', SERVER],
        ['door', CLIENT],
        ['front', SERVER],
        ['front', CLIENT],
        ['back', SERVER],
      ],
    );
    for (const [i, { startNano, endNano }] of chain.entries()) {
      assert.ok(endNano >= startNano);
      // Clocks of one machine: a child begins in its parent, give or take the millisecond that event times have.
      if (i > 0) assert.ok(startNano >= chain[i - 1]!.startNano - 2_000_000n, `span ${i} begins before its parent`);
    }
    assert.equal(chain[2]!.attributes['cullis.source.identity'], 'spiffe://cluster.local/ns/mini/sa/door-istio');
    assert.equal(chain[2]!.attributes['http.response.status_code'], 200);
  });

  test('a denial is a log record and a span of its own', async () => {
    const { status } = await ask(running.gateway, '/forbidden');
    assert.equal(status, 403);
    const log = await collector.until(() => collector.logs.find(({ attributes }) => attributes['cullis.decision'] === 'deny'));
    assert.equal(log.service, 'front');
    assert.match(log.body, /^GET \/forbidden denied 403: /);
    const span = await collector.until(() => collector.spans.find(({ spanId }) => spanId === log.spanId));
    assert.deepEqual(span.events, ['cullis.denied']);
    assert.equal(span.attributes['cullis.decision.id'], log.attributes['cullis.decision.id']);
  });

  test('metrics come with the service graph, and the secret header with every request', async () => {
    const links = await collector.until(() => {
      const found = collector.metrics.find(({ name }) => name === 'cullis_link_requests_total');
      return found && found.points.length >= 3 && found;
    });
    const back = links.points.find(({ attributes }) => attributes['destination'] === 'mini/back');
    assert.equal(back?.attributes['source'], 'spiffe://cluster.local/ns/mini/sa/front');
    assert.deepEqual(
      collector.requests.filter(({ headers }) => headers['x-token'] !== 'seven' || headers['content-encoding'] !== 'gzip'),
      [],
    );
  });

  test('`cullis top --once --json` tells who calls whom, of all workers together', async () => {
    const look = cullis(['top', '--once', '--json', '--state', running.state, '--interval', '1']);
    for (let i = 0; i < 40; i++) await ask(running.gateway, '/ok');
    const { code } = await look.ended;
    assert.equal(code, 0, look.all);
    const top = JSON.parse(look.out.join('\n')) as {
      workers: object;
      links: { from: string; to: string; rate: number; mtls: boolean; p50Ms: number; p99Ms: number }[];
    };
    assert.deepEqual(top.workers, { connected: 2, all: 2 });
    const link = top.links.find(({ from, to }) => from === 'mini/front' && to === 'mini/back');
    assert.ok(link, JSON.stringify(top));
    assert.equal(link.mtls, true);
    assert.ok(link.p99Ms >= link.p50Ms);
    assert.ok(top.links.some(({ from }) => from === 'client'));
  });
});
