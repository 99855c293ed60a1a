// What `cullis threats` and `cullis threats diff` print.
import { placeOf } from '#scan/attack/evidence.ts';
import type { ThreatDiff } from '#scan/threats/diff.ts';
import { STRIDE_NAMES } from '#scan/threats/model.ts';
import type { Threat, ThreatModel } from '#scan/threats/model.ts';
import { count, hang, heading, printable, table, wrap } from '../text.ts';
import type { Paint } from '../text.ts';
import { chance, euros } from './attack.ts';

const TONES = { high: 'bad', medium: 'warn', low: 'quiet' } as const;

/** @param max how many threats; the rest is counted */
export function renderThreats(model: ThreatModel, paint: Paint, columns: number, max = 20): string[] {
  const { total, threats } = model;
  const open = threats.filter(({ status }) => status === 'open');
  const lines = [
    `${heading(paint, printable(model.title))}  expected loss ${paint('strong', euros(total.expectedLoss))} a year of ${euros(total.value)} ${paint('quiet', `(fixes take off ${euros(total.reducible)})`)}`,
    `  ${count(model.elements.filter(({ kind }) => kind !== 'flow').length, 'element')}, ${count(model.elements.filter(({ kind }) => kind === 'flow').length, 'flow')}, ${count(threats.length, 'threat')}: ${open.length} open, ${threats.length - open.length} answered by controls that are there`,
  ];
  for (const threat of open.slice(0, max)) lines.push('', ...renderThreat(threat, paint, columns));
  if (open.length > max) lines.push('', paint('quiet', `and ${open.length - max} more with less expected loss`));
  return lines;
}

function renderThreat(threat: Threat, paint: Paint, columns: number): string[] {
  const place = placeOf(threat.evidence[0]);
  const lines = [
    ...hang(
      `${paint(TONES[threat.severity], threat.severity)} ${paint('quiet', `${threat.id} ${STRIDE_NAMES[threat.stride].toLowerCase()}`)}  `,
      paint('strong', printable(threat.title)),
      columns,
      4,
    ),
    `    ${euros(threat.loss)} a year ${paint('quiet', `= ${chance(threat.likelihood)} of ${euros(threat.impact)}`)}${place === '' ? '' : `  ${paint('mark', printable(place))}`}`,
  ];
  const rows = threat.controls
    .slice(0, 3)
    .map(({ text, exists, reduction }) => [
      paint(exists ? 'good' : 'mark', exists ? 'has' : 'fix'),
      paint('quiet', `-${euros(reduction)}`),
      printable(text),
    ]);
  if (rows.length > 0) lines.push(...table(rows, { indent: 4, right: [1] }));
  else lines.push(...wrap(printable(threat.description), columns, 4).map((line) => paint('quiet', line)));
  return lines;
}

export function renderThreatDiff(diff: ThreatDiff, paint: Paint, columns: number, max = 20): string[] {
  const { before, after } = diff.expectedLoss;
  const tone = after > before ? 'bad' : 'good';
  const lines = [
    `${heading(paint, 'threats')}  ${diff.added.length} new, ${diff.gone.length} gone, ${diff.changed.length} changed; expected loss ${euros(before)} → ${paint(tone, euros(after))} a year`,
  ];
  for (const threat of diff.added.slice(0, max)) {
    const [first = '', ...rest] = renderThreat(threat, paint, columns - 4);
    lines.push('', `${paint('bad', 'new')} ${first}`, ...rest);
  }
  const rows = [
    ...diff.changed
      .slice(0, max)
      .map(({ before: was, after: is }) => [
        paint(is.loss > was.loss ? 'bad' : 'good', 'changed'),
        paint('quiet', is.id),
        `${euros(was.loss)} → ${euros(is.loss)}`,
        printable(is.title),
      ]),
    ...diff.gone
      .slice(0, max)
      .map((threat) => [paint('good', 'gone'), paint('quiet', threat.id), euros(threat.loss), printable(threat.title)]),
  ];
  if (rows.length > 0) lines.push('', ...table(rows));
  return lines;
}
