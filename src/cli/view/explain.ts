// What `cullis explain` and `cullis request` say about a decision: what was asked, who said no, why, and the smallest change.
import type { ExplainResponse } from '#api/control.ts';
import type { Reason, SmallestChange } from '#model/decision.ts';
import { indented, printable, table, wrap } from '../text.ts';
import type { Paint } from '../text.ts';
import { shortIdentity } from './status.ts';

export function renderExplanation(explanation: ExplainResponse, paint: Paint, columns: number): string[] {
  const { event } = explanation;
  const lines: string[] = [];
  if (event.type === 'exchange') {
    lines.push(verdict(event.allowed, event.code, paint), '');
    const rows: (readonly [string, string])[] = [
      ['when', `${new Date(event.timeMs).toISOString()}  ${event.id}`],
      ['from', event.source === '' ? `no identity (${event.sourceIp})` : event.source],
      ['to', `${event.destination}:${event.destinationPort}  ${paint('quiet', event.role)}`],
      [
        'what',
        event.protocol === 'http'
          ? `${event.method} ${event.host}${event.path}  ${paint('quiet', statusText(event))}`
          : 'a TCP connection',
      ],
      ['link', event.mtls ? `mutual TLS (${event.tlsProtocol})` : 'plaintext'],
    ];
    lines.push(
      ...table(
        rows.map(([name, value]) => [paint('quiet', name), name === 'what' ? value : printableKeepingPaint(value)]),
        { indent: 2 },
      ),
    );
  }
  if (event.type === 'egress' || event.type === 'name')
    lines.push(
      paint('warn', event.type === 'egress' ? event.action.toUpperCase() : event.answer.toUpperCase()),
      '',
      ...table(
        [
          [paint('quiet', 'when'), `${new Date(event.timeMs).toISOString()}  ${event.id}`],
          [paint('quiet', 'from'), printable(event.workload)],
        ],
        { indent: 2 },
      ),
    );
  lines.push('', ...wrap(printable(explanation.summary), columns, 2));
  lines.push(...renderReasons(explanation.reasons, paint, columns));
  if (explanation.change) lines.push(...renderChange(explanation.change, paint, columns));
  const others = explanation.related.filter((one) => one.id !== event.id && one.type === 'exchange');
  if (others.length > 0) {
    lines.push('', paint('strong', 'the same request elsewhere'));
    const rows = others.flatMap((one) =>
      one.type === 'exchange'
        ? [
            [
              paint(one.allowed ? 'good' : 'bad', one.allowed ? 'allowed' : 'denied'),
              one.role,
              shortIdentity(one.source) || '-',
              paint('quiet', '->'),
              one.destination,
              `${one.method} ${printable(one.path)}`,
              String(one.status),
            ],
          ]
        : [],
    );
    lines.push(...table(rows, { indent: 2 }));
  }
  return lines;
}

/** ALLOWED or DENIED, with the code. */
export function verdict(allowed: boolean, code: string | undefined, paint: Paint): string {
  return allowed ? paint('good', 'ALLOWED') : `${paint('bad', 'DENIED')}${code === undefined ? '' : `  ${paint('quiet', code)}`}`;
}

/** One block a reason: the policy and its place, the sentence, and what was wanted against what was there. */
export function renderReasons(reasons: readonly Reason[], paint: Paint, columns: number): string[] {
  const lines: string[] = [];
  for (const reason of reasons) {
    const who = reason.policy === '' ? 'default' : reason.policy;
    lines.push('', `  ${paint('strong', who)} ${paint('quiet', reason.action)}${reason.at === '' ? '' : `  ${reason.at}`}`);
    lines.push(...wrap(printable(reason.text), columns, 4));
    if (reason.field === '') continue;
    const rows = [[paint('quiet', 'field'), reason.rule >= 0 ? `rules[${reason.rule}].${reason.field}` : reason.field]];
    // The sentence shortens long lists; only then are the values told again in full.
    if (!reason.wanted.every((value) => reason.text.includes(value)) || !reason.text.includes(reason.actual)) {
      rows.push(
        [paint('quiet', 'wanted'), reason.wanted.map(printable).join(', ') || '(nothing)'],
        [paint('quiet', 'was'), printable(reason.actual) || '(absent)'],
      );
    }
    lines.push(...table(rows, { indent: 4 }));
  }
  return lines;
}

export function renderChange(change: SmallestChange, paint: Paint, columns: number): string[] {
  const lines = ['', paint('strong', 'smallest change that would allow it'), ...wrap(printable(change.text), columns, 2)];
  if (change.at !== '') lines.push(`  ${paint('quiet', `at ${change.at}`)}`);
  if (change.yaml !== '') lines.push('', ...indented(change.yaml, 4).map((line) => paint('good', line)));
  return lines;
}

/** Values that hold our own colours already; only control characters that are not part of them are taken out. */
function printableKeepingPaint(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f]/g, '');
}

function statusText({ status, grpcStatus }: { readonly status: number; readonly grpcStatus?: number }): string {
  return grpcStatus === undefined ? `status ${status}` : `status ${status}, gRPC status ${grpcStatus}`;
}
