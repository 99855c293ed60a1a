// What `npm start` shows, in a few quiet lines.
import type { ExplainResponse, StatusResponse } from '#api/control.ts';
import type { Try } from '#app/breach.ts';
import type { LoadedSystem } from '#app/messages.ts';
import type { Opened } from '#app/open.ts';
import type { Finding } from '#model/finding.ts';
import { formatLocation } from '#model/origin.ts';
import { count, heading, indented, printable, table, wrap } from '../text.ts';
import type { Paint } from '../text.ts';

const SHOWN = 6;

export function renderFound(loaded: LoadedSystem, paint: Paint, columns: number): string[] {
  const { system, findings } = loaded;
  const lines = [
    `${heading(paint, 'read')}  ${count(system.resources.length, 'document')}: ${count(system.workloads.length, 'workload')}, ${count(system.services.length, 'service')}, ${count(
      system.authorizationPolicies.length,
      'authorization policy',
    )}`,
    '',
    heading(paint, 'found in the manifests'),
  ];
  for (const one of findings.slice(0, SHOWN)) lines.push(...findingLines(one, paint, columns));
  if (findings.length === 0) lines.push('  nothing');
  if (findings.length > SHOWN)
    lines.push(paint('quiet', `  and ${findings.length - SHOWN} more: npm run cullis -- check examples/shop/manifests`));
  return lines;
}

export function renderFixture(findings: readonly Finding[], paint: Paint, columns: number): string[] {
  const lines = [heading(paint, 'the same check on a policy as a security guide printed it (not in force here)')];
  const [first, ...rest] = findings;
  if (!first) return [...lines, '  nothing'];
  lines.push(...findingLines(first, paint, columns), ...wrap(printable(first.message), columns, 6));
  if (first.fix?.yaml !== undefined)
    lines.push(
      `      ${paint('mark', 'fix')} ${printable(first.fix.text)}`,
      ...indented(first.fix.yaml, 8).map((line) => paint('good', line)),
    );
  for (const one of rest.slice(0, 2)) lines.push(...findingLines(one, paint, columns));
  return lines;
}

function findingLines(one: Finding, paint: Paint, columns: number): string[] {
  const tone = one.severity === 'critical' || one.severity === 'high' ? 'bad' : one.severity === 'medium' ? 'warn' : 'quiet';
  return [
    `  ${paint(tone, one.severity.padEnd(8))} ${paint('strong', formatLocation(one.location))}`,
    ...wrap(printable(one.title), columns, 11),
  ];
}

export function renderBreach(
  off: readonly Try[],
  on: readonly Try[],
  explanation: ExplainResponse | null,
  paint: Paint,
  columns: number,
): string[] {
  const lines = [heading(paint, 'a breach, re-enacted: `logging` is compromised and calls the billing API')];
  const rows: string[][] = [];
  for (const [label, tries] of [
    ['policy off', off],
    ['policy on', on],
  ] as const)
    for (const one of tries.filter((each) => each.outcome !== 'untried').slice(0, 2))
      rows.push([
        label,
        paint(one.outcome === 'reached' ? 'bad' : 'good', one.outcome),
        printable(one.try),
        paint('quiet', printable(one.detail).slice(0, 60)),
      ]);
  lines.push(...table(rows, { indent: 2 }));
  if (!explanation || explanation.event.type !== 'exchange') return lines;
  for (const reason of explanation.reasons.slice(0, 2))
    lines.push(...labelled('why', `${reason.text}${reason.at === '' ? '' : `  (${reason.at})`}`, paint, columns));
  if (explanation.change) {
    lines.push(...labelled('change', explanation.change.text, paint, columns));
    if (explanation.change.yaml !== '') lines.push(...indented(explanation.change.yaml, 12).map((line) => paint('good', line)));
  }
  lines.push(...labelled('more', `npm run cullis -- explain ${explanation.event.id}`, paint, columns));
  return lines;
}

function labelled(label: string, text: string, paint: Paint, columns: number): string[] {
  const [first = '', ...rest] = wrap(printable(text), columns - 12, 0);
  return [`  ${paint('mark', label.padEnd(10))}${first}`, ...rest.map((line) => `            ${line}`)];
}

export function renderIntruder(tries: readonly Try[], opened: Opened, paint: Paint, columns: number): string[] {
  if (tries.length === 0) return [];
  const { isolation, isolationNote } = opened;
  const reached = tries.filter((one) => one.outcome === 'reached').length;
  const how = isolation.ok
    ? 'isolation: namespaces, each workload has a network, processes, files and a user of its own'
    : `isolation: none, a local process can bypass the sidecar; run as root for network namespaces${isolationNote ? ` (${isolationNote})` : ''}`;
  const lines = [
    heading(
      paint,
      `an intruder with a shell in \`logging\`: ${tries.length} tries, ${reached === 0 ? 'all refused' : `${reached} open`}`,
    ),
    `  ${paint(isolation.ok ? 'good' : 'warn', how)}`,
  ];
  for (const one of tries)
    lines.push(
      `  ${paint(one.outcome === 'reached' ? 'bad' : one.outcome === 'refused' ? 'good' : 'quiet', one.outcome === 'reached' ? 'open   ' : one.outcome)}  ${printable(one.try)}${
        one.detail === '' ? '' : paint('quiet', `  ${cut(printable(one.detail), columns - 14 - one.try.length)}`)
      }`,
    );
  return lines;
}

function cut(text: string, room: number): string {
  if (room < 12) return '';
  return text.length <= room ? text : `${text.slice(0, room - 1)}…`;
}

export function renderNext(opened: Opened, status: StatusResponse, paint: Paint): string[] {
  const [gateway] = status.gateways;
  return [
    `${heading(paint, 'shop')}  ${gateway?.url ?? ''}`,
    `${heading(paint, 'page')}  ${opened.supervisor.adminUrl}/#token=${opened.ownerToken()}  ${paint('quiet', 'the live service graph')}`,
    '',
    heading(paint, 'on your own manifests and services'),
    '  npm run cullis -- scan PATH                         every gap, and the ways from the internet to what matters',
    '  npm run cullis -- fix PATH                          the smallest change that closes them, with the proof',
    '  npm run cullis -- check PATH                        every mistake and every rule that means more than it says',
    '  npm run cullis -- request PATH --from A --to B      would this call be allowed, and why',
    '  npm run cullis -- up PATH                           run it like this shop; docs/guide/own-services.md',
    '',
    paint('quiet', 'Ctrl-C stops everything.'),
  ];
}
