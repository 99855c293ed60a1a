// OTLP's messages as its JSON form has them (opentelemetry-proto 1.x, docs/specification.md "JSON Protobuf Encoding"): hex ids, 64-bit numbers as text.

export type AnyValue =
  | { readonly stringValue: string }
  | { readonly boolValue: boolean }
  | { readonly intValue: string }
  | { readonly doubleValue: number };

export interface KeyValue {
  readonly key: string;
  readonly value: AnyValue;
}

export interface Resource {
  readonly attributes: readonly KeyValue[];
}

export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  /** W3C trace flags in the lower 8 bits. */
  readonly flags: number;
  readonly name: string;
  readonly kind: 2 | 3;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly KeyValue[];
  readonly events?: readonly { readonly timeUnixNano: string; readonly name: string; readonly attributes: readonly KeyValue[] }[];
  readonly status: { readonly code: 0 | 2; readonly message?: string };
}
export const SPAN_KIND = { server: 2, client: 3 } as const;

export interface LogRecord {
  readonly timeUnixNano: string;
  readonly observedTimeUnixNano: string;
  readonly severityNumber: number;
  readonly severityText: string;
  readonly body: AnyValue;
  readonly attributes: readonly KeyValue[];
  readonly traceId?: string;
  readonly spanId?: string;
  readonly flags?: number;
  readonly eventName?: string;
}

interface Point {
  readonly attributes: readonly KeyValue[];
  readonly startTimeUnixNano?: string;
  readonly timeUnixNano: string;
}
export interface NumberPoint extends Point {
  readonly asDouble: number;
}
export interface HistogramPoint extends Point {
  readonly count: string;
  readonly sum: number;
  readonly bucketCounts: readonly string[];
  readonly explicitBounds: readonly number[];
}
export const CUMULATIVE = 2;
export interface Metric {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly gauge?: { readonly dataPoints: readonly NumberPoint[] };
  readonly sum?: {
    readonly dataPoints: readonly NumberPoint[];
    readonly aggregationTemporality: typeof CUMULATIVE;
    readonly isMonotonic: true;
  };
  readonly histogram?: { readonly dataPoints: readonly HistogramPoint[]; readonly aggregationTemporality: typeof CUMULATIVE };
}

/** A thing with the resource that it belongs to. */
export interface Of<T> {
  /** Names the resource. */
  readonly resourceKey: string;
  readonly resource: Resource;
  readonly item: T;
}

const CHARS_MAX = 4096;

/** A text, number or truth value as an attribute. Whole numbers become integers; a text is cut at 4096 characters. */
export function attribute(key: string, value: string | number | boolean): KeyValue {
  if (typeof value === 'string') return { key, value: { stringValue: cut(value) } };
  if (typeof value === 'boolean') return { key, value: { boolValue: value } };
  if (typeof value !== 'number') return { key, value: { stringValue: cut(String(value)) } };
  return { key, value: Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value } };
}

/** What waits to be sent is bounded in number, so each text is bounded too. */
export function cut(text: string): string {
  return text.length > CHARS_MAX ? text.slice(0, CHARS_MAX) : text;
}

/** Those that have a value. */
export function attributes(pairs: readonly (readonly [key: string, value: string | number | boolean | undefined])[]): KeyValue[] {
  const list: KeyValue[] = [];
  for (const [key, value] of pairs) if (value !== undefined && value !== '') list.push(attribute(key, value));
  return list;
}

/** @param ms since 1970; finer than a microsecond is noise of the number */
export function unixNano(ms: number): string {
  const micros = Math.round(ms * 1000);
  return micros <= 0 ? '0' : `${micros}000`;
}

/** Groups by resource, in the order of first appearance. */
export function byResource<T>(items: readonly Of<T>[]): { readonly resource: Resource; readonly items: T[] }[] {
  const groups = new Map<string, { readonly resource: Resource; readonly items: T[] }>();
  for (const { resourceKey, resource, item } of items) {
    const group = groups.get(resourceKey);
    if (group) group.items.push(item);
    else groups.set(resourceKey, { resource, items: [item] });
  }
  return [...groups.values()];
}
