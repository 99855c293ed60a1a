import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Event, ExchangeEvent } from '#model/event.ts';
import { fakeCollector, fromWire } from '../../../test/fakes/otlp.ts';
import { fakeClock, fakeRandom } from '../../../test/fakes/time.ts';
import { logOf } from './logs.ts';
import { byResource, unixNano } from './message.ts';
import { metricsOf } from './metrics.ts';
import { encodeProtobuf } from './protobuf.ts';
import { BATCH_MAX, QUEUE_MAX, SendQueue } from './queue.ts';
import { Resources } from './resource.ts';
import { rejectedIn, retryAfterMs, send, type Sent } from './send.ts';
import { spansOf } from './spans.ts';

const resources = new Resources('1.0', { 'deployment.environment': 'test', 'service.name': 'not-this' });

function exchange(change: Partial<ExchangeEvent> = {}): ExchangeEvent {
  return {
    type: 'exchange',
    id: '01a20e4b-832b-779a-96cb-6282590bc25a',
    timeMs: 1_795_536_159_531,
    node: 'proxy/1',
    role: 'gateway',
    protocol: 'http',
    workload: 'mini/door',
    source: '',
    sourceIp: '127.0.0.1',
    destination: 'mini/front',
    destinationPort: 80,
    method: 'GET',
    host: 'shop.example:8443',
    path: '/a',
    status: 200,
    allowed: true,
    mtls: false,
    tlsProtocol: 'TLSv1.3',
    requestId: 'r',
    traceId: '71bd1462b5e9a552cc03a4a43beb9e99',
    sessionId: '',
    durationMs: 16.5,
    bytesIn: 0,
    bytesOut: 207,
    upstreamMs: 13,
    span: {
      id: 'cf56e132a7829c10',
      parentId: '',
      clientId: 'df56e132a7829c10',
      sampled: true,
      http: '2',
      scheme: 'https',
      peer: '[fd00::1]:26372',
      sentMs: 1.5,
    },
    ...change,
  };
}

const traces = (event: ExchangeEvent): object => ({
  resourceSpans: byResource(spansOf(event).map((item) => ({ resourceKey: 'a', resource: resources.of('mini/door'), item }))).map(
    ({ resource, items }) => ({ resource, scopeSpans: [{ scope: { name: 'cullis', version: '1.0' }, spans: items }] }),
  ),
});

/** Members that proto3 leaves out are those with the default value. */
function withoutDefaults(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutDefaults(item));
  if (typeof value !== 'object' || value === null) return name === 'intValue' ? Number(value) : value;
  const oneof = ['stringValue', 'boolValue', 'intValue', 'doubleValue', 'asDouble', 'sum'];
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, member]) => oneof.includes(key) || !['', 0, '0', false].includes(member as string))
      .map(([key, member]) => [key, withoutDefaults(member, key)]),
  );
}

describe('both encodings say the same', () => {
  const denied = exchange({
    allowed: false,
    status: 403,
    code: 'rbac.denied',
    path: `/${'ü'.repeat(300)}`,
    reasons: [
      { policy: 'mini/front', action: 'DENY', rule: 0, field: 'path', wanted: [], actual: '', at: 'a.yaml:1:1', text: 'no' },
    ],
  });
  const rows: readonly (readonly ['traces' | 'logs' | 'metrics', 'Traces' | 'Logs' | 'Metrics', object])[] = [
    ['traces', 'Traces', traces(exchange())],
    ['traces', 'Traces', traces(denied)],
    ['traces', 'Traces', traces(exchange({ durationMs: 0, timeMs: 0 }))],
    [
      'logs',
      'Logs',
      {
        resourceLogs: [
          {
            resource: resources.of('mini/front'),
            scopeLogs: [{ scope: { name: 'cullis', version: '1.0' }, logRecords: [logOf(denied, 5), logOf(exchange(), 6)] }],
          },
        ],
      },
    ],
    [
      'metrics',
      'Metrics',
      {
        resourceMetrics: [
          {
            resource: resources.of('cullis'),
            scopeMetrics: [{ scope: { name: 'cullis', version: '1.0' }, metrics: metricsOf(EXPOSITION(), 2000, 1000) }],
          },
        ],
      },
    ],
  ];
  for (const [signal, type, message] of rows)
    test(signal, () => {
      assert.deepEqual(fromWire(signal, encodeProtobuf(type, message)), withoutDefaults(JSON.parse(JSON.stringify(message))));
    });
  test('a message longer than its first memory, and nested ones of every length of a length', () => {
    for (const size of [0, 1, 126, 127, 128, 129, 16_383, 16_384, 70_000]) {
      const long = traces(exchange({ path: `/${'x'.repeat(size)}` }));
      const back = fromWire('traces', encodeProtobuf('Traces', long)) as {
        resourceSpans: { scopeSpans: { spans: unknown[] }[] }[];
      };
      assert.equal(back.resourceSpans[0]!.scopeSpans[0]!.spans.length, 2, String(size));
    }
  });
});

function EXPOSITION(): string {
  return `# HELP a_total How \\\\ many
# TYPE a_total counter
a_total{worker="proxy/1",x="q\\"\\n"} 3
a_total{worker="proxy/2"} 0
# TYPE cullis_process_start_time_seconds gauge
cullis_process_start_time_seconds{worker="proxy/1"} 1.5
# TYPE d_seconds histogram
d_seconds_bucket{worker="proxy/1",le="0.5"} 2
d_seconds_bucket{worker="proxy/1",le="1"} 5
d_seconds_bucket{worker="proxy/1",le="+Inf"} 6
d_seconds_sum{worker="proxy/1"} 4.25
d_seconds_count{worker="proxy/1"} 6
# TYPE bad gauge
bad NaN
what is this
`;
}

test('an exposition keeps names, labels and buckets; counting began with the process', () => {
  const [a, , d] = metricsOf(EXPOSITION(), 2000, 1000);
  assert.equal(a!.description, 'How \\ many');
  assert.deepEqual(
    a!.sum!.dataPoints.map(({ asDouble, startTimeUnixNano }) => [asDouble, startTimeUnixNano]),
    [
      [3, unixNano(1500)],
      [0, unixNano(1000)],
    ],
  );
  assert.deepEqual(a!.sum!.dataPoints[0]!.attributes[1], { key: 'x', value: { stringValue: 'q"\n' } });
  const [point] = d!.histogram!.dataPoints;
  assert.deepEqual(
    [point!.bucketCounts, point!.explicitBounds, point!.count, point!.sum],
    [['2', '3', '1'], [0.5, 1], '6', 4.25],
  );
  assert.equal(d!.unit, 's');
});

test('a gateway has a span for what it was asked and one for the call it made', () => {
  const [server, client, ...more] = spansOf(exchange());
  assert.equal(more.length, 0);
  assert.deepEqual([server!.kind, client!.kind, client!.parentSpanId], [2, 3, server!.spanId]);
  const of = (span: typeof server, key: string): unknown =>
    Object.values(span!.attributes.find((one) => one.key === key)?.value ?? {})[0];
  assert.deepEqual(
    ['server.address', 'server.port', 'network.peer.address', 'url.path', 'url.full'].map((key) => [
      of(server, key),
      of(client, key),
    ]),
    [
      ['shop.example', 'shop.example'],
      ['8443', '8443'],
      [undefined, 'fd00::1'],
      ['/a', undefined],
      [undefined, 'https://shop.example:8443/a'],
    ],
  );
  assert.equal(BigInt(client!.startTimeUnixNano) - BigInt(server!.startTimeUnixNano), 1_500_000n);
  assert.equal(spansOf({ ...exchange(), span: undefined } as unknown as ExchangeEvent).length, 0);
});

for (const [change, role, status, type] of [
  [{ status: 404 }, 'sidecar-in', 0, undefined],
  [{ status: 404 }, 'sidecar-out', 2, '404'],
  [{ status: 503 }, 'sidecar-in', 2, '503'],
  [{ status: 502, code: 'upstream.failed' }, 'sidecar-in', 2, 'upstream.failed'],
  [{ grpcStatus: 5 }, 'sidecar-in', 0, undefined],
  [{ grpcStatus: 5 }, 'sidecar-out', 2, '5'],
  [{ grpcStatus: 14 }, 'sidecar-in', 2, '14'],
  [{ grpcStatus: 0 }, 'sidecar-out', 0, undefined],
] as const)
  test(`${JSON.stringify(change)} at ${role} is span status ${status}`, () => {
    const span = { id: 'cf56e132a7829c10', parentId: '', sampled: true, http: '2', scheme: 'http', grpc: true } as const;
    const [one] = spansOf(exchange({ ...change, role, path: '/shop.Cart/Add', span }));
    assert.equal(one!.status.code, status);
    assert.deepEqual(one!.attributes.find(({ key }) => key === 'error.type')?.value, type && { stringValue: type });
    assert.equal(one!.name, 'shop.Cart/Add');
  });

test('a method that nobody knows names no span', () => {
  const [one] = spansOf(exchange({ method: 'EVIL-1234' }));
  assert.equal(one!.name, 'HTTP');
  assert.deepEqual(one!.attributes[0], { key: 'http.request.method', value: { stringValue: '_OTHER' } });
});

test('every event becomes a record', () => {
  const base = { id: 'i', timeMs: 1, node: 'control' };
  const events: readonly (readonly [Event, number, RegExp])[] = [
    [exchange(), 9, /^GET \/a answered 200$/],
    [exchange({ protocol: 'tcp', allowed: false, code: 'mtls.required', status: 0 }), 13, /^TCP connection to port 80 denied$/],
    [{ ...base, type: 'config', action: 'rejected', version: 'v', detail: 'why' }, 17, /^config rejected: why$/],
    [{ ...base, type: 'audit', operator: 'ann', role: 'admin', action: 'reload', target: '', allowed: true }, 9, /^ann reload$/],
    [{ ...base, type: 'gap', lost: 3, detail: 'crash' }, 13, /^gap: crash$/],
  ];
  for (const [event, severity, body] of events) {
    const record = logOf(event, 2);
    assert.equal(record.severityNumber, severity);
    assert.match((record.body as { stringValue: string }).stringValue, body);
  }
});

describe('the queue', () => {
  function queue(answers: (Sent | 'hang')[]) {
    const clock = fakeClock();
    const told = { sent: 0, dropped: {} as Record<string, number>, batches: [] as number[], trouble: [] as string[] };
    const it = new SendQueue<number>({
      clock,
      random: fakeRandom(),
      send: (batch) => {
        told.batches.push(batch.length);
        const answer = answers.shift() ?? { kind: 'done', status: 200, rejected: 0 };
        return answer === 'hang' ? new Promise(() => {}) : Promise.resolve(answer);
      },
      onSent: (count) => (told.sent += count),
      onDropped: (count, reason) => (told.dropped[reason] = (told.dropped[reason] ?? 0) + count),
      onTrouble: (why) => told.trouble.push(why),
    });
    return { it, told };
  }

  test('sends in batches and counts what the collector did not take', async () => {
    const { it, told } = queue([{ kind: 'done', status: 200, rejected: 2 }]);
    for (let i = 0; i < BATCH_MAX + 3; i++) it.add(i);
    await it.close(1000);
    assert.deepEqual(told, { sent: BATCH_MAX + 1, dropped: { rejected: 2 }, batches: [BATCH_MAX, 3], trouble: [] });
  });

  test('is bounded, and says what it dropped', async () => {
    const { it, told } = queue(['hang']);
    for (let i = 0; i < QUEUE_MAX + BATCH_MAX + 10; i++) it.add(i);
    await it.close(0);
    assert.deepEqual(told.dropped, { 'queue-full': 10, stopped: QUEUE_MAX + BATCH_MAX });
  });

  test('sends again what may be sent again, after what Retry-After says, and nothing else', async () => {
    const again = { kind: 'again', status: 429, why: 'status 429', afterMs: 0 } as const;
    const { it, told } = queue([
      again,
      again,
      { kind: 'done', status: 200, rejected: 0 },
      { kind: 'refused', status: 400, why: 'no' },
    ]);
    it.add(1);
    it.flush();
    while (told.sent === 0) await new Promise(setImmediate);
    it.add(2);
    await it.close(1000);
    assert.deepEqual(told, { sent: 1, dropped: { refused: 1 }, batches: [1, 1, 1, 1], trouble: ['status 429', 'status 429'] });
  });
});

describe('one request', () => {
  for (const [status, kind] of [
    [200, 'done'],
    [202, 'done'],
    [400, 'refused'],
    [401, 'refused'],
    [302, 'refused'],
    [429, 'again'],
    [500, 'refused'],
    [502, 'again'],
    [503, 'again'],
    [504, 'again'],
  ] as const)
    test(`status ${status} means ${kind}`, async (t) => {
      const { Agent } = await import('node:http');
      const agent = new Agent({ keepAlive: true });
      const collector = await fakeCollector();
      t.after(async () => {
        agent.destroy();
        await collector.close();
      });
      collector.answers.push({ status, headers: { 'retry-after': '7', location: 'http://127.0.0.1:1/' } });
      const target = {
        url: `${collector.url}/v1/other`,
        headers: { 'x-a': 'b' },
        contentType: 'application/json',
        compress: true,
        timeoutMs: 5000,
        ca: undefined,
        agent,
      } as const;
      const sent = await send(target, '{"resourceMetrics":[]}', 0);
      assert.deepEqual([sent.kind, sent.status], [kind, status]);
      if (sent.kind === 'again') assert.equal(sent.afterMs, 7000);
      assert.equal(collector.requests[0]!.headers['x-a'], 'b');
      assert.equal(collector.requests.length, 1);
    });

  test('a collector that is not there, and one that says nothing', async (t) => {
    const { Agent, createServer } = await import('node:http');
    const agent = new Agent();
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    t.after(async () => {
      agent.destroy();
      silent.closeAllConnections();
      await new Promise((resolve) => silent.close(resolve));
    });
    const target = {
      headers: {},
      contentType: 'application/json',
      compress: false,
      timeoutMs: 50,
      ca: undefined,
      agent,
    } as const;
    assert.equal((await send({ ...target, url: `http://127.0.0.1:${port}/` }, '{}', 0)).kind, 'again');
    const gone = await send({ ...target, url: 'http://127.0.0.1:1/' }, '{}', 0);
    assert.deepEqual(gone, { kind: 'again', status: 0, why: 'ECONNREFUSED', afterMs: undefined });
  });

  test('Retry-After in seconds, as a date, and as nonsense', () => {
    assert.equal(retryAfterMs('3', 0), 3000);
    assert.equal(retryAfterMs('99999', 0), 300_000);
    assert.equal(retryAfterMs('Thu, 01 Jan 1970 00:00:05 GMT', 1000), 4000);
    assert.equal(retryAfterMs('Thu, 01 Jan 1970 00:00:05 GMT', 9000), 0);
    assert.equal(retryAfterMs('soon', 0), undefined);
    assert.equal(retryAfterMs(undefined, 0), undefined);
  });

  test('a partial success is read in both encodings, and any bytes give a number', () => {
    assert.equal(rejectedIn(Buffer.from('{"partialSuccess":{"rejectedSpans":"12"}}'), 'application/json'), 12);
    assert.equal(rejectedIn(Buffer.from('0a0308ac02', 'hex'), 'application/x-protobuf'), 300);
    for (const bytes of ['', '0a', '0a0308', '0a0308ffffffffffffffffff', 'ff', '7b'])
      for (const type of ['application/json', 'application/x-protobuf'] as const)
        assert.equal(typeof rejectedIn(Buffer.from(bytes, 'hex'), type), 'number');
  });
});

for (const [name, change] of [
  ['a trace id that is none', { traceId: 'x'.repeat(32) }],
  ['a trace id of zeros', { traceId: '0'.repeat(32) }],
  ['a span id that is none', { span: { ...exchange().span!, id: '12' } }],
  ['a parent that is none', { span: { ...exchange().span!, parentId: 'zz' } }],
  ['a time that is none', { timeMs: Number.NaN }],
  ['a duration that is none', { durationMs: 'long' as unknown as number }],
] as const)
  test(`${name} makes no span`, () => {
    assert.deepEqual(spansOf(exchange(change)), []);
  });

test('a text is cut before it waits', () => {
  const [one] = spansOf(exchange({ path: `/${'x'.repeat(100_000)}` }));
  assert.ok(JSON.stringify(one).length < 10_000);
  assert.ok(JSON.stringify(logOf(exchange({ path: `/${'x'.repeat(100_000)}` }), 1)).length < 12_000);
});
