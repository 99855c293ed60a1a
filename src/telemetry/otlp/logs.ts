// Events as log records (opentelemetry-specification, logs/data-model.md).
import type { Event, ExchangeEvent } from '#model/event.ts';
import { attribute, attributes, cut, type KeyValue, type LogRecord, unixNano } from './message.ts';
import { decisionOf } from './spans.ts';

const SEVERITY = { info: [9, 'INFO'], warn: [13, 'WARN'], error: [17, 'ERROR'] } as const;
type Severity = keyof typeof SEVERITY;

/** One record of an event; queries, secrets and bodies are not in events and so not here. @param nowMs when it was seen */
export function logOf(event: Event, nowMs: number): LogRecord {
  const [severityNumber, severityText] = SEVERITY[severityOf(event)];
  const exchange = event.type === 'exchange' ? event : undefined;
  return {
    timeUnixNano: unixNano(event.timeMs),
    observedTimeUnixNano: unixNano(nowMs),
    severityNumber,
    severityText,
    body: { stringValue: cut(sentenceOf(event)) },
    attributes: exchange ? exchangeAttributes(exchange) : plainAttributes(event),
    ...(exchange && exchange.traceId !== '' && { traceId: exchange.traceId }),
    ...(exchange?.span && { spanId: exchange.span.id, flags: exchange.span.sampled ? 1 : 0 }),
    eventName: `cullis.${event.type}`,
  };
}

/** Workload, gateway or process that it is of. */
export function ownerOf(event: Event): string {
  const own = event.type === 'exchange' || event.type === 'egress' || event.type === 'name';
  return own ? event.workload : `cullis-${event.node.replace('/', '-')}`;
}

function severityOf(event: Event): Severity {
  switch (event.type) {
    case 'exchange':
      return event.code === 'upstream.failed' || event.status >= 500 ? 'error' : event.allowed ? 'info' : 'warn';
    case 'config':
      return event.action === 'applied' ? 'info' : 'error';
    case 'audit':
      return event.allowed ? 'info' : 'warn';
    case 'process':
      return event.action === 'gave-up' ? 'error' : event.action === 'exited' || event.action === 'restarted' ? 'warn' : 'info';
    case 'certificate':
      return event.action === 'refused' || event.action === 'expired' || event.action === 'revoked' ? 'warn' : 'info';
    case 'endpoint':
      return event.action === 'ejected' || event.action === 'drifted' ? 'warn' : 'info';
    case 'link':
      return event.mtls || event.action === 'summary' || event.source === 'client' ? 'info' : 'warn';
    case 'name':
      return event.answer === 'unknown' || event.answer === 'limited' ? 'warn' : 'info';
    case 'gap':
    case 'egress':
      return 'warn';
  }
}

function sentenceOf(event: Event): string {
  if (event.type === 'exchange') {
    const what = event.protocol === 'tcp' ? `TCP connection to port ${event.destinationPort}` : `${event.method} ${event.path}`;
    const outcome = event.allowed ? (event.code === undefined ? 'answered' : 'failed') : 'denied';
    return `${what} ${outcome}${event.status > 0 ? ` ${event.status}` : ''}${event.reasons?.[0] ? `: ${event.reasons[0].text}` : ''}`;
  }
  if (event.type === 'audit') return `${event.operator} ${event.action} ${event.target}`.trim();
  if (event.type === 'egress') return `${event.action}: ${event.text}`;
  if (event.type === 'name') return `name ${event.name} (${event.record}) is ${event.answer}, asked ${event.count} times`;
  return `${event.type}${'action' in event ? ` ${event.action}` : ''}: ${event.detail}`;
}

function exchangeAttributes(event: ExchangeEvent): KeyValue[] {
  return [
    ...attributes([
      ['http.request.method', event.method],
      ['url.path', event.path],
      ['server.address', event.host],
      ['http.response.status_code', event.status > 0 ? event.status : undefined],
      ['client.address', event.sourceIp],
      ['cullis.role', event.role],
      ['cullis.protocol', event.protocol],
      ['cullis.destination', event.destination],
      ['cullis.destination.port', event.destinationPort],
      ['cullis.request.id', event.requestId],
      ['cullis.mtls', event.mtls],
      ['cullis.duration_ms', event.durationMs],
      ['cullis.upstream_ms', event.upstreamMs > 0 ? event.upstreamMs : undefined],
      ['cullis.bytes_in', event.bytesIn],
      ['cullis.bytes_out', event.bytesOut],
      ['cullis.session.id', event.sessionId],
    ]),
    ...decisionOf(event),
  ];
}

/** Every member of an event that is a text, number or truth value. */
function plainAttributes(event: Event): KeyValue[] {
  const list: KeyValue[] = [];
  for (const [name, value] of Object.entries(event)) {
    if (name === 'timeMs' || name === 'type' || value === '') continue;
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      list.push(attribute(`cullis.${name}`, value));
  }
  return list;
}
