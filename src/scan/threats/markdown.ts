// The threat model as Markdown, for a pull request or a page.
import { placeOf } from '../attack/evidence.ts';
import { STRIDE_NAMES } from './model.ts';
import type { Threat, ThreatModel } from './model.ts';
import { renderMermaid } from './diagram.ts';

export interface MarkdownOptions {
  /** Threats told in full; the others in the table only. */
  readonly detailsMax?: number;
  /** Rows of the table; all when absent. */
  readonly rowsMax?: number;
}

/** Text in a table's cell or a line: no markup, no line ends. */
export function escapeMarkdown(text: string): string {
  return text
    .replaceAll(/[\u0000-\u001f\u007f]/g, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\|*_[\]#]/g, String.raw`\$&`);
}

export function formatEuros(amount: number): string {
  return `${(amount >= 100 ? Math.round(amount) : Math.round(amount * 100) / 100).toLocaleString('en-US')} EUR`;
}

export function formatLikelihood(likelihood: number): string {
  if (likelihood >= 0.1) return `${Math.round(likelihood * 100)} %`;
  return likelihood >= 0.0001 ? `${Number((likelihood * 100).toPrecision(1))} %` : likelihood === 0 ? '0 %' : 'under 0.01 %';
}

export function renderMarkdown(model: ThreatModel, options: MarkdownOptions = {}): string {
  const { total, threats, elements } = model;
  const rows = threats.slice(0, options.rowsMax ?? threats.length);
  const open = threats.filter(({ status }) => status === 'open').length;
  const names = new Map(elements.map(({ id, name }) => [id, name]));
  const lines = [
    `# Threat model: ${escapeMarkdown(model.title)}`,
    '',
    `Crown jewels are worth ${formatEuros(total.value)}. Expected loss: **${formatEuros(total.expectedLoss)} a year**, of which the proposed fixes take off ${formatEuros(total.reducible)}.`,
    `${threats.length} threats, ${open} open, ${threats.length - open} answered by controls that are there. Figures: table ${model.version}; orders of magnitude that rank, not forecasts.`,
    '',
    '## Data flows',
    '',
    '```mermaid',
    renderMermaid(model).trimEnd(),
    '```',
    '',
    '## Threats',
    '',
    '| id | element | category | threat | likelihood | impact | a year | status |',
    '|---|---|---|---|---:|---:|---:|---|',
    ...rows.map(
      (one) =>
        `| \`${one.id}\` | ${escapeMarkdown(names.get(one.element) ?? one.element)} | ${STRIDE_NAMES[one.stride]} | ${escapeMarkdown(one.title)} | ${formatLikelihood(one.likelihood)} | ${formatEuros(one.impact)} | ${formatEuros(one.loss)} | ${one.status} |`,
    ),
  ];
  if (rows.length < threats.length) lines.push('', `${threats.length - rows.length} more with less expected loss.`);
  for (const one of threats.slice(0, options.detailsMax ?? 20)) lines.push('', ...details(one));
  return `${lines.join('\n')}\n`;
}

function details(threat: Threat): string[] {
  const lines = [`### ${escapeMarkdown(threat.title)} (\`${threat.id}\`)`, '', escapeMarkdown(threat.description)];
  if (threat.evidence.length > 0)
    lines.push(
      '',
      'Evidence:',
      ...threat.evidence.map((evidence) => `- ${escapeMarkdown(evidence.text)}${place(placeOf(evidence))}`),
    );
  if (threat.controls.length > 0)
    lines.push(
      '',
      'Controls:',
      ...threat.controls.map(
        ({ text, exists, reduction }) =>
          `- ${exists ? 'in place' : 'proposed'}: ${escapeMarkdown(text)} (${exists ? 'takes off' : 'would take off'} ${formatEuros(reduction)} a year)`,
      ),
    );
  return lines;
}

function place(text: string): string {
  return text === '' ? '' : ` (\`${text.replaceAll('`', "'")}\`)`;
}
