// What `cullis request` prints: the verdict, the request as it was understood, and for each workload that it leads to who decided and why.
import type { HopDecision, RequestEvaluation } from '#policy/request.ts';
import { printable, table, wrap } from '../text.ts';
import type { Paint } from '../text.ts';
import { renderChange, renderReasons, verdict } from './explain.ts';

export type Evaluated = Extract<RequestEvaluation, { ok: true }>;

/** @param method as asked; @param path as asked, before it was normalised */
export function renderRequest(
  result: Evaluated,
  asked: { readonly method: string; readonly path: string },
  paint: Paint,
  columns: number,
): string[] {
  const lines: string[] = [];
  for (const hop of result.hops) {
    if (lines.length > 0) lines.push('');
    lines.push(verdict(hop.allowed, hop.code, paint), '', ...requestTable(result, hop, asked, paint));
    lines.push(...(hop.allowed ? allowedBy(hop, paint, columns) : renderReasons(hop.reasons, paint, columns)));
    if (hop.change) lines.push(...renderChange(hop.change, paint, columns));
    if (hop.shadow.length > 0)
      lines.push('', paint('quiet', '  dry run and audit, without effect:'), ...renderReasons(hop.shadow, paint, columns));
    if (hop.external.length > 0)
      lines.push('', ...wrap(`an external authorizer decides as well and was not asked: ${hop.external.join(', ')}`, columns, 2));
  }
  return lines;
}

function requestTable(
  result: Evaluated,
  hop: HopDecision,
  asked: { readonly method: string; readonly path: string },
  paint: Paint,
): string[] {
  const { source } = result;
  const mtls = `${hop.mtls.mode}${hop.mtls.at === '' ? '' : `  ${paint('quiet', hop.mtls.at)}`}`;
  const rows = [
    ['from', source.identity ?? `${source.id}, without an identity`],
    ['to', `${hop.workload}:${hop.port}`],
    ['mTLS', mtls],
  ];
  if (hop.protocol === 'http') {
    const target = result.target ?? asked.path;
    rows.push(['what', `${printable(asked.method)} ${printable(target)}`]);
    if (target !== asked.path) rows.push(['', paint('quiet', `normalised from ${printable(asked.path)}`)]);
  } else rows.push(['what', 'a TCP connection']);
  return table(
    rows.map(([name = '', value = '']) => [paint('quiet', name), value]),
    { indent: 2 },
  );
}

function allowedBy(hop: HopDecision, paint: Paint, columns: number): string[] {
  if (hop.policy !== '') return ['', `  by rule ${hop.rule} of ${paint('strong', hop.policy)}`];
  const text = `no ALLOW policy is in force at ${hop.workload}, so whatever nothing denies is allowed`;
  return ['', ...wrap(text, columns, 2).map((line) => paint('warn', line))];
}
