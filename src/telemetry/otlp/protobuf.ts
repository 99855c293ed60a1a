// The same messages as protobuf (https://protobuf.dev/programming-guides/encoding/), by a table of field numbers and types. proto3: a member that
// is absent, 0 or empty is left out, except inside a oneof, where it says which one is meant.

type Type = 'string' | 'hex' | 'bool' | 'enum' | 'int64' | 'fixed32' | 'fixed64' | 'double' | 'fixed64s' | 'doubles';
/** Number, type (a name is a message), and whether it is a list or of a oneof. */
type Field = readonly [number: number, type: Type | `.${string}`, kind?: 'list' | 'oneof'];

const RESOURCE_FIELDS = { resource: [1, '.Resource'], schemaUrl: [3, 'string'] } as const;

/** Field numbers of opentelemetry-proto v1 (Apache License 2.0), as far as they are sent here. */
const MESSAGES: Readonly<Record<string, Readonly<Record<string, Field>>>> = {
  AnyValue: {
    stringValue: [1, 'string', 'oneof'],
    boolValue: [2, 'bool', 'oneof'],
    intValue: [3, 'int64', 'oneof'],
    doubleValue: [4, 'double', 'oneof'],
  },
  KeyValue: { key: [1, 'string'], value: [2, '.AnyValue'] },
  Resource: { attributes: [1, '.KeyValue', 'list'] },
  Scope: { name: [1, 'string'], version: [2, 'string'] },
  Traces: { resourceSpans: [1, '.ResourceSpans', 'list'] },
  ResourceSpans: { ...RESOURCE_FIELDS, scopeSpans: [2, '.ScopeSpans', 'list'] },
  ScopeSpans: { scope: [1, '.Scope'], spans: [2, '.Span', 'list'], schemaUrl: [3, 'string'] },
  Span: {
    traceId: [1, 'hex'],
    spanId: [2, 'hex'],
    parentSpanId: [4, 'hex'],
    name: [5, 'string'],
    kind: [6, 'enum'],
    startTimeUnixNano: [7, 'fixed64'],
    endTimeUnixNano: [8, 'fixed64'],
    attributes: [9, '.KeyValue', 'list'],
    events: [11, '.SpanEvent', 'list'],
    status: [15, '.Status'],
    flags: [16, 'fixed32'],
  },
  SpanEvent: { timeUnixNano: [1, 'fixed64'], name: [2, 'string'], attributes: [3, '.KeyValue', 'list'] },
  Status: { message: [2, 'string'], code: [3, 'enum'] },
  Logs: { resourceLogs: [1, '.ResourceLogs', 'list'] },
  ResourceLogs: { ...RESOURCE_FIELDS, scopeLogs: [2, '.ScopeLogs', 'list'] },
  ScopeLogs: { scope: [1, '.Scope'], logRecords: [2, '.LogRecord', 'list'], schemaUrl: [3, 'string'] },
  LogRecord: {
    timeUnixNano: [1, 'fixed64'],
    severityNumber: [2, 'enum'],
    severityText: [3, 'string'],
    body: [5, '.AnyValue'],
    attributes: [6, '.KeyValue', 'list'],
    flags: [8, 'fixed32'],
    traceId: [9, 'hex'],
    spanId: [10, 'hex'],
    observedTimeUnixNano: [11, 'fixed64'],
    eventName: [12, 'string'],
  },
  Metrics: { resourceMetrics: [1, '.ResourceMetrics', 'list'] },
  ResourceMetrics: { ...RESOURCE_FIELDS, scopeMetrics: [2, '.ScopeMetrics', 'list'] },
  ScopeMetrics: { scope: [1, '.Scope'], metrics: [2, '.Metric', 'list'], schemaUrl: [3, 'string'] },
  Metric: {
    name: [1, 'string'],
    description: [2, 'string'],
    unit: [3, 'string'],
    gauge: [5, '.Gauge'],
    sum: [7, '.Sum'],
    histogram: [9, '.Histogram'],
  },
  Gauge: { dataPoints: [1, '.NumberPoint', 'list'] },
  Sum: { dataPoints: [1, '.NumberPoint', 'list'], aggregationTemporality: [2, 'enum'], isMonotonic: [3, 'bool'] },
  Histogram: { dataPoints: [1, '.HistogramPoint', 'list'], aggregationTemporality: [2, 'enum'] },
  NumberPoint: {
    startTimeUnixNano: [2, 'fixed64'],
    timeUnixNano: [3, 'fixed64'],
    asDouble: [4, 'double', 'oneof'],
    attributes: [7, '.KeyValue', 'list'],
  },
  HistogramPoint: {
    startTimeUnixNano: [2, 'fixed64'],
    timeUnixNano: [3, 'fixed64'],
    count: [4, 'fixed64'],
    sum: [5, 'double', 'oneof'],
    bucketCounts: [6, 'fixed64s'],
    explicitBounds: [7, 'doubles'],
    attributes: [9, '.KeyValue', 'list'],
  },
};

/** A row of the table, ready for writing. */
interface Compiled {
  readonly name: string;
  readonly number: number;
  readonly type: Type | 'message';
  readonly kind: 'list' | 'oneof' | undefined;
  /** Of a message: its own rows. */
  readonly fields: Compiled[];
}

/** The table with names of messages replaced by their rows. */
const COMPILED = new Map<string, Compiled[]>();
for (const type of Object.keys(MESSAGES)) compile(type);

function compile(type: string): Compiled[] {
  const known = COMPILED.get(type);
  if (known) return known;
  const rows: Compiled[] = [];
  COMPILED.set(type, rows);
  for (const [name, [number, of, kind]] of Object.entries(MESSAGES[type]!)) {
    const nested = of.startsWith('.');
    rows.push({ name, number, type: nested ? 'message' : (of as Type), kind, fields: nested ? compile(of.slice(1)) : [] });
  }
  return rows;
}

/** Encodes a message in its JSON form. @param type a key of the table: `Traces`, `Metrics`, `Logs` */
export function encodeProtobuf(type: 'Traces' | 'Metrics' | 'Logs', message: object): Buffer {
  const writer = new Writer();
  writeMessage(writer, COMPILED.get(type)!, message as Members);
  return writer.bytes();
}

type Members = Readonly<Record<string, unknown>>;

function writeMessage(out: Writer, fields: readonly Compiled[], members: Members): void {
  for (const field of fields) {
    const value = members[field.name];
    if (value === undefined) continue;
    if (field.type !== 'message') writeScalar(out, field, value);
    else if (field.kind === 'list') for (const item of value as readonly Members[]) writeNested(out, field, item);
    else writeNested(out, field, value as Members);
  }
}

function writeNested(out: Writer, { number, fields }: Compiled, message: Members): void {
  out.tag(number, 2);
  const at = out.beginLength();
  writeMessage(out, fields, message);
  out.endLength(at);
}

function writeScalar(out: Writer, { number, type, kind }: Compiled, value: unknown): void {
  const empty = value === '' || value === 0 || value === false || value === '0' || (Array.isArray(value) && value.length === 0);
  if (empty && kind !== 'oneof') return;
  switch (type as Type) {
    case 'string':
      out.tag(number, 2);
      return out.text(value as string);
    case 'hex':
      out.tag(number, 2);
      return out.hex(value as string);
    case 'bool':
    case 'enum':
      out.tag(number, 0);
      return out.varint(Number(value));
    case 'int64':
      out.tag(number, 0);
      return out.int64(value as string);
    case 'fixed32':
      out.tag(number, 5);
      return out.fixed32(value as number);
    case 'fixed64':
      out.tag(number, 1);
      return out.fixed64(value as string);
    case 'double':
      out.tag(number, 1);
      return out.double(value as number);
    case 'fixed64s':
      out.tag(number, 2);
      out.varint((value as readonly string[]).length * 8);
      for (const one of value as readonly string[]) out.fixed64(one);
      return;
    case 'doubles':
      out.tag(number, 2);
      out.varint((value as readonly number[]).length * 8);
      for (const one of value as readonly number[]) out.double(one);
  }
}

/** Room for a length that is filled in when what it counts is known; five bytes are enough for 4 GiB. */
const LENGTH_BYTES = 5;

class Writer {
  #bytes: Buffer = Buffer.allocUnsafe(16 * 1024);
  #end = 0;

  tag(number: number, wireType: number): void {
    this.#room(2);
    const tag = (number << 3) | wireType;
    if (tag >= 0x80) this.#bytes[this.#end++] = (tag & 0x7f) | 0x80;
    this.#bytes[this.#end++] = tag >= 0x80 ? tag >> 7 : tag;
  }

  /** @param value a whole number from 0 to 2^53 */
  varint(value: number): void {
    this.#room(8);
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 128)) this.#bytes[this.#end++] = (rest % 128) | 0x80;
    this.#bytes[this.#end++] = rest;
  }

  /** Negative ones take ten bytes. */
  int64(value: string): void {
    const number = Number(value);
    if (number >= 0 && number <= Number.MAX_SAFE_INTEGER) return this.varint(number);
    this.#room(10);
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest >= 0x80n; rest >>= 7n) this.#bytes[this.#end++] = Number(rest & 0x7fn) | 0x80;
    this.#bytes[this.#end++] = Number(rest);
  }

  text(value: string): void {
    const { length } = value;
    // A UTF-16 unit takes at most three bytes of UTF-8.
    this.#room(length * 3 + 5);
    if (length * 3 < 0x80) {
      const size = this.#bytes.write(value, this.#end + 1, 'utf8');
      this.#bytes[this.#end] = size;
      this.#end += size + 1;
      return;
    }
    this.varint(Buffer.byteLength(value, 'utf8'));
    this.#end += this.#bytes.write(value, this.#end, 'utf8');
  }

  hex(value: string): void {
    this.varint(value.length >> 1);
    this.#room(value.length >> 1);
    this.#end += this.#bytes.write(value, this.#end, 'hex');
  }

  fixed32(value: number): void {
    this.#room(4);
    this.#end = this.#bytes.writeUInt32LE(value, this.#end);
  }

  fixed64(value: string): void {
    this.#room(8);
    this.#end = this.#bytes.writeBigUInt64LE(BigInt(value), this.#end);
  }

  double(value: number): void {
    this.#room(8);
    this.#end = this.#bytes.writeDoubleLE(value, this.#end);
  }

  /** @returns where the length stands, for `endLength` */
  beginLength(): number {
    this.#room(LENGTH_BYTES);
    const at = this.#end;
    this.#end += LENGTH_BYTES;
    return at;
  }

  /** Fills a length in and moves what it counts up to it: nested messages are short, so that costs less than measuring first. */
  endLength(at: number): void {
    const start = at + LENGTH_BYTES;
    const size = this.#end - start;
    let p = at;
    for (let rest = size; ; rest = Math.floor(rest / 128)) {
      const more = rest >= 128;
      this.#bytes[p++] = (rest % 128) | (more ? 0x80 : 0);
      if (!more) break;
    }
    this.#bytes.copyWithin(p, start, this.#end);
    this.#end = p + size;
  }

  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#end);
  }

  #room(size: number): void {
    if (this.#end + size <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#end + size));
    this.#bytes.copy(grown, 0, 0, this.#end);
    this.#bytes = grown;
  }
}
