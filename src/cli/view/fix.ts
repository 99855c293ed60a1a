// What `cullis fix` prints: the changes, why they are enough, and the proof that nothing declared is lost.
import type { FindingEdit } from '#model/finding.ts';
import { formatLocation, formatPath } from '#model/origin.ts';
import type { NoFix, SmallestFix } from '#scan/attack/fix/fix.ts';
import type { FixOption } from '#scan/attack/fix/option.ts';
import { count, heading, indented, printable, wrap } from '../text.ts';
import type { Paint } from '../text.ts';
import { euros, renderPath } from './attack.ts';

/** @param yaml writes plain data as YAML */
export function renderFix(fix: SmallestFix, paint: Paint, columns: number, yaml: (value: unknown) => string): string[] {
  if (fix.fixes.length === 0) return [paint('good', 'nothing to fix: crown jewels are reached by declared flows only')];
  const lines = [heading(paint, `the smallest fix: ${count(fix.fixes.length, 'change')}`)];
  for (const [i, one] of fix.fixes.entries()) lines.push('', ...renderOption(one, i + 1, paint, columns, yaml));
  lines.push('', heading(paint, 'what it closes'));
  const shown = fix.paths.slice(0, 3);
  for (const [i, path] of shown.entries()) lines.push(...(i === 0 ? [] : ['']), ...renderPath(path, i + 1, paint, columns));
  const more = Math.max(fix.paths.length, fix.certificate.paths.before) - shown.length;
  if (more > 0) lines.push('', paint('quiet', `and ${more} more of the same kind: \`cullis paths\` lists them`));
  if (fix.alternatives.length > 0) {
    lines.push('', heading(paint, 'instead'));
    for (const { fixes, cost } of fix.alternatives)
      lines.push(...wrap(printable(`effort ${cost}: ${fixes.map(({ text }) => text).join('; ')}`), columns, 2));
  }
  return [...lines, '', ...proof(fix, paint, columns)];
}

export function renderNoFix(none: NoFix, paint: Paint, columns: number): string[] {
  return [paint('bad', printable(none.text)), ...(none.path.hops.length > 0 ? renderPath(none.path, 1, paint, columns) : [])];
}

function renderOption(
  option: FixOption,
  number: number,
  paint: Paint,
  columns: number,
  yaml: (value: unknown) => string,
): string[] {
  const lines = [
    `${paint('good', `${number}.`)} ${paint('strong', printable(option.text))}  ${paint('quiet', `effort ${option.effort}`)}`,
  ];
  for (const edit of option.edits) lines.push(...renderEdit(edit, paint, yaml));
  if (option.manual !== undefined)
    lines.push(...wrap(printable(`${option.edits.length === 0 ? 'by hand' : 'then'}: ${option.manual}`), columns, 3));
  return lines;
}

function renderEdit(edit: FindingEdit, paint: Paint, yaml: (value: unknown) => string): string[] {
  if (edit.op === 'create')
    return [
      `   ${paint('mark', printable(edit.file))} ${paint('quiet', 'gets')}`,
      ...indented(printableLines(yaml(edit.value)), 5).map((line) => paint('good', line)),
    ];
  const at = `   ${paint('mark', printable(formatLocation(edit.document)))} ${printable(formatPath(edit.path))}`;
  if (edit.op === 'remove') return [`${at} ${paint('bad', 'goes')}`];
  const value = yaml(edit.value).trimEnd();
  const becomes = paint('quiet', edit.op === 'set' ? 'becomes' : 'gets');
  return value.includes('\n')
    ? [`${at} ${becomes}`, ...indented(printableLines(value), 5).map((line) => paint('good', line))]
    : [`${at} ${becomes} ${paint('good', printable(value))}`];
}

/** Keeps line ends. */
function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

function proof({ certificate, cost, bound }: SmallestFix, paint: Paint, columns: number): string[] {
  const { paths, flows, expectedLoss, assumed, exact, holds, method } = certificate;
  const lines = [
    heading(paint, 'proof'),
    paint('quiet', '  the changes were made, everything read again, reachability and attack graph worked out anew'),
  ];
  lines.push(
    `  ${paint(paths.after === 0 ? 'good' : 'bad', `paths ${paths.before} → ${paths.after}`)}, ${paint(flows.lost.length === 0 ? 'good' : 'bad', `${flows.kept} of ${flows.before} declared flows kept`)}, expected loss ${euros(expectedLoss.before)} → ${euros(expectedLoss.after)}`,
  );
  if (certificate.byDesign > 0)
    lines.push(
      paint(
        'quiet',
        `  ${count(certificate.byDesign, 'path')} by declared flows alone ${certificate.byDesign === 1 ? 'stays' : 'stay'}: that is what the system is for`,
      ),
    );
  if (flows.lost.length > 0) lines.push(...wrap(printable(`lost: ${flows.lost.join(', ')}`), columns, 2));
  if (assumed.length > 0) lines.push(...wrap(printable(`taken as done by hand: ${assumed.join('; ')}`), columns, 2));
  lines.push(
    paint(
      'quiet',
      exact
        ? `  effort ${cost}: no cheaper set of these changes is enough (${method === 'max-flow' ? 'minimum cut' : 'exhaustive search'})`
        : `  effort ${cost}: at least ${bound} is needed`,
    ),
  );
  if (!holds) lines.push(paint('bad', '  the proof does not hold'));
  return lines;
}
