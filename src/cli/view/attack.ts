// What `cullis paths` and `cullis blast` print: one line a hop, with what happens there, why it works and where it is written.
import { placeOf } from '#scan/attack/evidence.ts';
import { hopWords } from '#scan/attack/words.ts';
import type { BlastRadius, BlastTarget } from '#scan/attack/blast.ts';
import type { AttackPath, Hop } from '#scan/attack/paths.ts';
import { count, heading, printable, table, width, wrap } from '../text.ts';
import type { Paint } from '../text.ts';

/** `250,000 EUR` */
export function euros(amount: number): string {
  const rounded = amount >= 100 ? Math.round(amount) : Math.round(amount * 100) / 100;
  return `${rounded.toLocaleString('en-US')} EUR`;
}

/** `5 %`, `0.6 %`, `1 in 20,000` */
export function chance(probability: number): string {
  if (probability >= 0.1) return `${Math.round(probability * 100)} %`;
  if (probability >= 0.001) return `${Number((probability * 100).toPrecision(1))} %`;
  return probability === 0 ? '0 %' : `1 in ${Math.round(1 / probability).toLocaleString('en-US')}`;
}

/** @param paths riskiest first */
export function renderPaths(paths: readonly AttackPath[], paint: Paint, columns: number): string[] {
  if (paths.length === 0) return [paint('good', 'no path leads to a crown jewel')];
  const lines = paths.flatMap((path, i) => [...(i === 0 ? [] : ['']), ...renderPath(path, i + 1, paint, columns)]);
  const worst = paths[0]!;
  const byDesign = paths.filter((path) => path.byDesign).length;
  lines.push(
    '',
    `${count(paths.length, 'path')}${byDesign === 0 ? '' : byDesign === paths.length ? ' by declared flows alone' : `, ${byDesign} of them by declared flows alone`}; the worst is expected to cost ${paint('strong', euros(worst.risk))}`,
  );
  if (byDesign < paths.length) lines.push(paint('quiet', '`cullis fix` gives the smallest change that closes them'));
  return lines;
}

/** A path with its number in the list. */
export function renderPath(path: AttackPath, number: number, paint: Paint, columns: number): string[] {
  const { asset } = path.to;
  const tone = path.byDesign ? 'warn' : 'bad';
  const head = `${paint(tone, `${number}.`)} ${paint('strong', `${printable(path.from.label)} → ${printable(path.to.label)}`)}`;
  const what = asset ? ` ${paint('quiet', `(${asset.kind}${asset.declared ? ', declared' : ''})`)}` : '';
  const risk = `${euros(path.risk)} ${paint('quiet', `= ${chance(path.probability)} of ${euros(asset?.value ?? 0)}`)}`;
  const lines = [`${head}${what}  ${risk}${path.byDesign ? `  ${paint('warn', 'by design')}` : ''}`];
  lines.push(...hopLines(path.hops, paint, columns));
  return lines;
}

/** One row a hop; on a narrow terminal two. */
function hopLines(hops: readonly Hop[], paint: Paint, columns: number): string[] {
  const cells = hops.map(({ to, edge }) => ({
    weak: edge.facts.length > 0,
    verb: hopWords(edge.kind, to).verb,
    to: printable(hopWords(edge.kind, to).to),
    odds: edge.probability >= 0.995 ? '' : chance(edge.probability),
    text: printable(edge.text),
    place: printable(placeOf(edge.evidence[0])),
  }));
  const fixed = table(
    cells.map(({ weak, verb, to, odds }) => [paint(weak ? 'bad' : 'quiet', verb), paint('strong', to), paint('quiet', odds)]),
    { indent: 3, right: [2] },
  );
  const wide = Math.max(...fixed.map((line) => width(line)));
  const texts = cells.map(({ text, place }) => (place === '' ? text : `${text}  ${paint('mark', place)}`));
  if (texts.every((text) => wide + 2 + width(text) <= columns)) return table(fixed.map((line, i) => [line, texts[i]!]));
  // Too narrow: the reason stays beside the hop, because it is what a person reads; the place stands below.
  return fixed.flatMap((line, i) => {
    const { text, place } = cells[i]!;
    const fits = wide + 2 + width(text) <= columns;
    const first = fits ? [`${line}${' '.repeat(wide - width(line) + 2)}${text}`] : [line, ...wrap(text, columns, 6)];
    return place === '' ? first : [...first, `      ${paint('mark', place)}`];
  });
}

export function renderBlast(blast: BlastRadius, paint: Paint, columns: number): string[] {
  const lines = [
    `${heading(paint, `when ${printable(blast.from.label)} falls`)}  ${paint(blast.expectedLoss > 0 ? 'bad' : 'good', euros(blast.expectedLoss))} ${paint('quiet', `expected of ${euros(blast.value)} within reach`)}`,
  ];
  lines.push(
    `  sends to ${count(blast.ports, 'port')} of others; ${count(blast.workloads.length, 'workload')}, ${count(blast.jewels.length, 'crown jewel')} and ${count(blast.others.length, 'identity or machine').replace('identity or machines', 'identities and machines')} may follow`,
  );
  if (blast.jewels.length > 0) lines.push('', heading(paint, 'crown jewels'));
  for (const [i, { path }] of blast.jewels.entries()) {
    if (path.hops.length === 0) continue;
    lines.push(...(i === 0 ? [] : ['']), ...renderPath(path, i + 1, paint, columns));
  }
  lines.push(
    ...section('workloads that may follow', blast.workloads, paint),
    ...section('identities, machines, control', blast.others, paint),
  );
  return lines;
}

const ROWS_MAX = 15;

function section(title: string, targets: readonly BlastTarget[], paint: Paint): string[] {
  if (targets.length === 0) return [];
  const rows = targets.slice(0, ROWS_MAX).map(({ node, probability, path }) => {
    const through = path.hops.slice(0, -1).map(({ to }) => to.label);
    return [
      paint('strong', printable(node.label)),
      chance(probability),
      through.length === 0 ? 'directly' : paint('quiet', printable(`through ${through.at(-1)}`)),
      paint('mark', printable(placeOf(path.hops.at(-1)?.edge.evidence[0]))),
    ];
  });
  const more = targets.length - ROWS_MAX;
  return [
    '',
    heading(paint, title),
    ...table(rows, { indent: 2, right: [1] }),
    ...(more > 0 ? [paint('quiet', `  and ${more} more`)] : []),
  ];
}
