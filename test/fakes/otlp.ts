// A collector on loopback that keeps what it is sent, from JSON and from protobuf alike. The protobuf is read by the wire format alone, with the
// field numbers of opentelemetry-proto written out here again: a reader that shared the writer's table could not find a mistake in it.
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

export interface SeenSpan {
  readonly service: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  readonly startNano: bigint;
  readonly endNano: bigint;
  readonly status: number;
  readonly flags: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly events: readonly string[];
}

export interface SeenLog {
  readonly service: string;
  readonly body: string;
  readonly severity: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly timeNano: bigint;
  readonly eventName: string;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
}

export interface SeenMetric {
  readonly name: string;
  readonly unit: string;
  readonly kind: 'gauge' | 'sum' | 'histogram';
  readonly points: readonly {
    readonly attributes: Readonly<Record<string, string | number | boolean>>;
    readonly value: number;
    readonly startNano: bigint;
    readonly buckets: readonly number[];
    readonly bounds: readonly number[];
  }[];
}

export interface SeenRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly status: number;
}

export interface Collector {
  readonly url: string;
  readonly requests: readonly SeenRequest[];
  readonly spans: SeenSpan[];
  readonly logs: SeenLog[];
  readonly metrics: SeenMetric[];
  /** What the next requests are answered with, one after the other; then 200. */
  readonly answers: { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: Buffer }[];
  /** Resolves when `look` finds what it wants in what came, and with it. @throws after `timeoutMs` */
  until<T>(look: () => T | undefined | false, timeoutMs?: number): Promise<T>;
  close(): Promise<void>;
}

export async function fakeCollector(): Promise<Collector> {
  const seen = { requests: [] as SeenRequest[], spans: [] as SeenSpan[], logs: [] as SeenLog[], metrics: [] as SeenMetric[] };
  const answers: Collector['answers'] = [];
  const waiting = new Set<() => void>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const answer = answers.shift() ?? { status: 200 };
      const path = request.url ?? '';
      seen.requests.push({ path, headers: request.headers, status: answer.status });
      if (answer.status === 200) {
        const raw = Buffer.concat(chunks);
        const bytes = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
        const signal = path.slice(path.lastIndexOf('/') + 1) as 'traces' | 'logs' | 'metrics';
        const message = request.headers['content-type'] === 'application/x-protobuf' ? fromWire(signal, bytes) : fromJson(bytes);
        if (signal === 'traces') seen.spans.push(...spansIn(message));
        else if (signal === 'logs') seen.logs.push(...logsIn(message));
        else seen.metrics.splice(0, Infinity, ...metricsIn(message));
      }
      response.writeHead(answer.status, answer.headers);
      response.end(answer.body ?? (request.headers['content-type'] === 'application/json' ? '{}' : ''));
      for (const look of waiting) look();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...seen,
    answers,
    until: (look, timeoutMs = 10_000) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(check);
          const names = seen.spans.map(({ service, name }) => `${service} ${name}`);
          reject(new Error(`what was waited for did not come; ${seen.requests.length} requests, spans ${JSON.stringify(names)}`));
        }, timeoutMs);
        const check = (): void => {
          const found = look();
          if (found === undefined || found === false) return;
          clearTimeout(timer);
          waiting.delete(check);
          resolve(found);
        };
        waiting.add(check);
        check();
      }),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

// A message as both encodings give it: members by name; repeated ones are arrays.
type Node = { readonly [name: string]: unknown };
const nodes = (value: unknown): readonly Node[] => (value ?? []) as readonly Node[];
const text = (value: unknown): string => (value ?? '') as string;
const nano = (value: unknown): bigint => BigInt((value ?? 0) as string);

function fromJson(bytes: Buffer): Node {
  return JSON.parse(bytes.toString('utf8')) as Node;
}

type Kind = 'text' | 'hex' | 'varint' | 'double' | 'fixed64' | 'fixed32' | 'bool' | 'fixed64s' | 'doubles' | Wire;
interface Wire {
  readonly [number: number]: readonly [name: string, kind: Kind, repeated?: true];
}
const VALUE: Wire = {
  1: ['stringValue', 'text'],
  2: ['boolValue', 'bool'],
  3: ['intValue', 'varint'],
  4: ['doubleValue', 'double'],
};
const PAIR: Wire = { 1: ['key', 'text'], 2: ['value', VALUE] };
const RESOURCE: Wire = { 1: ['attributes', PAIR, true] };
const SCOPE: Wire = { 1: ['name', 'text'], 2: ['version', 'text'] };
const SPAN: Wire = {
  1: ['traceId', 'hex'],
  2: ['spanId', 'hex'],
  4: ['parentSpanId', 'hex'],
  5: ['name', 'text'],
  6: ['kind', 'varint'],
  7: ['startTimeUnixNano', 'fixed64'],
  8: ['endTimeUnixNano', 'fixed64'],
  9: ['attributes', PAIR, true],
  11: ['events', { 1: ['timeUnixNano', 'fixed64'], 2: ['name', 'text'], 3: ['attributes', PAIR, true] }, true],
  15: ['status', { 2: ['message', 'text'], 3: ['code', 'varint'] }],
  16: ['flags', 'fixed32'],
};
const LOG: Wire = {
  1: ['timeUnixNano', 'fixed64'],
  2: ['severityNumber', 'varint'],
  3: ['severityText', 'text'],
  5: ['body', VALUE],
  6: ['attributes', PAIR, true],
  8: ['flags', 'fixed32'],
  9: ['traceId', 'hex'],
  10: ['spanId', 'hex'],
  11: ['observedTimeUnixNano', 'fixed64'],
  12: ['eventName', 'text'],
};
const NUMBER: Wire = {
  2: ['startTimeUnixNano', 'fixed64'],
  3: ['timeUnixNano', 'fixed64'],
  4: ['asDouble', 'double'],
  7: ['attributes', PAIR, true],
};
const HISTOGRAM: Wire = {
  2: ['startTimeUnixNano', 'fixed64'],
  3: ['timeUnixNano', 'fixed64'],
  4: ['count', 'fixed64'],
  5: ['sum', 'double'],
  6: ['bucketCounts', 'fixed64s'],
  7: ['explicitBounds', 'doubles'],
  9: ['attributes', PAIR, true],
};
const METRIC: Wire = {
  1: ['name', 'text'],
  2: ['description', 'text'],
  3: ['unit', 'text'],
  5: ['gauge', { 1: ['dataPoints', NUMBER, true] }],
  7: ['sum', { 1: ['dataPoints', NUMBER, true], 2: ['aggregationTemporality', 'varint'], 3: ['isMonotonic', 'bool'] }],
  9: ['histogram', { 1: ['dataPoints', HISTOGRAM, true], 2: ['aggregationTemporality', 'varint'] }],
};
const message = (list: string, scopes: string, items: string, item: Wire): Wire => ({
  1: [list, { 1: ['resource', RESOURCE], 2: [scopes, { 1: ['scope', SCOPE], 2: [items, item, true] }, true] }, true],
});
const MESSAGES: Readonly<Record<'traces' | 'logs' | 'metrics', Wire>> = {
  traces: message('resourceSpans', 'scopeSpans', 'spans', SPAN),
  logs: message('resourceLogs', 'scopeLogs', 'logRecords', LOG),
  metrics: message('resourceMetrics', 'scopeMetrics', 'metrics', METRIC),
};

/** Decodes protobuf. @throws when a field is not known or its wire type is not the one of its kind */
export function fromWire(signal: keyof typeof MESSAGES, bytes: Buffer): Node {
  return read(bytes, MESSAGES[signal]);
}

function read(bytes: Buffer, wire: Wire): Node {
  const node: Record<string, unknown> = {};
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error('a varint is cut off');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const field = wire[tag >> 3];
    if (!field) throw new Error(`field ${tag >> 3} is not known`);
    const [name, kind, repeated] = field;
    let value: unknown;
    switch (tag & 7) {
      case 0:
        value = kind === 'bool' ? varint() === 1n : kind === 'varint' ? Number(BigInt.asIntN(64, varint())) : fail(name);
        break;
      case 1:
        value = kind === 'double' ? bytes.readDoubleLE(at) : kind === 'fixed64' ? String(bytes.readBigUInt64LE(at)) : fail(name);
        at += 8;
        break;
      case 5:
        value = kind === 'fixed32' ? bytes.readUInt32LE(at) : fail(name);
        at += 4;
        break;
      case 2: {
        const size = Number(varint());
        const part = bytes.subarray(at, at + size);
        if (part.length < size) throw new Error(`${name} is cut off`);
        at += size;
        if (kind === 'text') value = part.toString('utf8');
        else if (kind === 'hex') value = part.toString('hex');
        else if (kind === 'fixed64s') value = Array.from({ length: size / 8 }, (_, i) => String(part.readBigUInt64LE(i * 8)));
        else if (kind === 'doubles') value = Array.from({ length: size / 8 }, (_, i) => part.readDoubleLE(i * 8));
        else value = typeof kind === 'object' ? read(part, kind) : fail(name);
        break;
      }
      default:
        fail(name);
    }
    if (repeated) node[name] = [...nodes(node[name]), value];
    else node[name] = value;
  }
  return node;
}

function fail(name: string): never {
  throw new Error(`${name} has the wrong wire type`);
}

function attributesOf(value: unknown): Record<string, string | number | boolean> {
  return Object.fromEntries(
    nodes(value).map((pair) => {
      const { stringValue, boolValue, intValue, doubleValue } = pair['value'] as Node;
      const number = intValue ?? doubleValue;
      return [text(pair['key']), (stringValue ?? boolValue ?? Number(number)) as string | number | boolean];
    }),
  );
}

function* each(root: Node, list: string, scopes: string, items: string): Generator<readonly [service: string, item: Node]> {
  for (const one of nodes(root[list])) {
    const service = attributesOf((one['resource'] as Node)['attributes'])['service.name'] as string;
    for (const scope of nodes(one[scopes])) for (const item of nodes(scope[items])) yield [service, item];
  }
}

function spansIn(root: Node): SeenSpan[] {
  return [...each(root, 'resourceSpans', 'scopeSpans', 'spans')].map(([service, span]) => ({
    service,
    traceId: text(span['traceId']),
    spanId: text(span['spanId']),
    parentSpanId: text(span['parentSpanId']),
    name: text(span['name']),
    kind: span['kind'] as number,
    startNano: nano(span['startTimeUnixNano']),
    endNano: nano(span['endTimeUnixNano']),
    status: ((span['status'] as Node | undefined)?.['code'] ?? 0) as number,
    flags: (span['flags'] ?? 0) as number,
    attributes: attributesOf(span['attributes']),
    events: nodes(span['events']).map((event) => text(event['name'])),
  }));
}

function logsIn(root: Node): SeenLog[] {
  return [...each(root, 'resourceLogs', 'scopeLogs', 'logRecords')].map(([service, log]) => ({
    service,
    body: text((log['body'] as Node)['stringValue']),
    severity: log['severityNumber'] as number,
    traceId: text(log['traceId']),
    spanId: text(log['spanId']),
    timeNano: nano(log['timeUnixNano']),
    eventName: text(log['eventName']),
    attributes: attributesOf(log['attributes']),
  }));
}

function metricsIn(root: Node): SeenMetric[] {
  return [...each(root, 'resourceMetrics', 'scopeMetrics', 'metrics')].map(([, metric]) => {
    const kind = (['gauge', 'sum', 'histogram'] as const).find((name) => metric[name] !== undefined)!;
    return {
      name: text(metric['name']),
      unit: text(metric['unit']),
      kind,
      points: nodes((metric[kind] as Node)['dataPoints']).map((point) => ({
        attributes: attributesOf(point['attributes']),
        value: Number(point['asDouble'] ?? point['count'] ?? 0),
        startNano: nano(point['startTimeUnixNano']),
        buckets: ((point['bucketCounts'] ?? []) as string[]).map(Number),
        bounds: (point['explicitBounds'] ?? []) as number[],
      })),
    };
  });
}
