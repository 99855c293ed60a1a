import { unreachable } from '#base/assert.ts';
import type { ExplainResponse } from '#api/control.ts';
import type { SmallestChange } from '#model/decision.ts';
import type { Event, ExchangeEvent, NameEvent } from '#model/event.ts';
import { findEvent, readJournal } from '#telemetry/journal.ts';

const RELATED_MAX = 16;
const RELATED_LINES_MAX = 200_000;
const AROUND_MS = 60_000;

/** Says what change would have let what was refused pass; given by whoever holds the policy engine. */
export type ChangeFinder = (event: Event) => SmallestChange | undefined;

/** The event with this id in words, with its reasons and the other events of the same request; undefined when the journal does not hold it. */
export async function explainEvent(
  journalDir: string,
  id: string,
  findChange: ChangeFinder,
): Promise<ExplainResponse | undefined> {
  const event = await findEvent(journalDir, id);
  if (!event) return undefined;
  const exchange = event.type === 'exchange' ? event : undefined;
  const change = findChange(event);
  return {
    event: loose(event),
    summary: summarize(event),
    reasons: exchange?.reasons ?? [],
    change: change ?? null,
    related: exchange && exchange.requestId !== '' ? await relatedTo(journalDir, exchange) : [],
  };
}

async function relatedTo(journalDir: string, event: ExchangeEvent): Promise<ExplainResponse['related']> {
  const related: ExplainResponse['related'][number][] = [];
  const found = readJournal(journalDir, {
    fromMs: event.timeMs - AROUND_MS,
    contains: JSON.stringify({ requestId: event.requestId }).slice(1, -1),
    filter: (other) => other.id !== event.id && other.type === 'exchange' && other.requestId === event.requestId,
    limit: RELATED_MAX,
    linesMax: RELATED_LINES_MAX,
  });
  for await (const other of found) related.push(loose(other));
  return related;
}

/** The API's event type lets unknown members pass; the model's is exact. */
export function loose(event: Event): ExplainResponse['event'] {
  return event as ExplainResponse['event'];
}

const NAME_ANSWERS: Readonly<Record<NameEvent['answer'], string>> = {
  mesh: 'a service of the mesh',
  outside: 'a host that a ServiceEntry names',
  unknown: 'no Service and no ServiceEntry is for it, so it was refused',
  search: 'a search domain behind another name',
  limited: 'too many look-ups, not answered',
};

/** One sentence: lower-case, no full stop. */
export function summarize(event: Event): string {
  switch (event.type) {
    case 'exchange':
      return summarizeExchange(event);
    case 'certificate':
      return `certificate ${event.action} for \`${event.identity}\`${event.detail ? `: ${event.detail}` : ''}`;
    case 'link':
      return event.action === 'summary'
        ? `encryption: ${event.detail}`
        : `link from \`${event.source}\` to \`${event.destination}:${event.port}\` ${event.action}: ${event.detail}`;
    case 'config':
      return `configuration ${event.action}: version ${event.version.slice(0, 12)}${event.detail ? `, ${event.detail}` : ''}`;
    case 'process':
      return `\`${event.name}\` ${event.action}${event.detail ? `: ${event.detail}` : ''}`;
    case 'audit':
      return `\`${event.operator}\` (${event.role}) ${event.allowed ? 'did' : 'was refused'} ${event.action} on \`${event.target}\``;
    case 'egress':
      return `\`${event.workload}\` to \`${event.host}\` was ${event.action}: ${event.text}`;
    case 'name':
      return `\`${event.workload}\` asked ${event.count === 1 ? '' : `${event.count} times `}for the ${event.record} record of \`${event.name}\`: ${NAME_ANSWERS[event.answer]}`;
    case 'gap':
      return `${event.lost} events lost: ${event.detail}`;
    case 'endpoint':
      return `endpoint \`${event.address}\` of \`${event.destination || event.workload}\` ${event.action}: ${event.detail}`;
    default:
      return unreachable(event);
  }
}

function summarizeExchange(event: ExchangeEvent): string {
  const who = event.source === '' ? `a caller without an identity (${event.sourceIp})` : `\`${event.source}\``;
  const what = event.protocol === 'tcp' ? `a connection to port ${event.destinationPort}` : `\`${event.method} ${event.path}\``;
  const to = event.destination || event.workload;
  if (event.allowed)
    return `${who} was allowed ${what} on \`${to}\` (status ${event.status}${event.grpcStatus === undefined ? '' : `, gRPC status ${event.grpcStatus}`})`;
  const reason = event.reasons?.[0];
  const why = reason ? `: ${reason.text}${reason.at ? ` (${reason.at})` : ''}` : '';
  return `${who} was refused ${what} on \`${to}\` with \`${event.code ?? 'unknown'}\`${why}`;
}
