// A report that a manager can read: one file, no scripts, nothing loaded from elsewhere.
import { FINDING_SEVERITIES } from '#model/finding.ts';
import type { FindingSeverity } from '#model/finding.ts';
import type { GateVerdict } from '../gate/verdict.ts';
import { countBySeverity, open } from '../result.ts';
import type { JudgedFinding, PathSummary, ScanResult } from '../result.ts';
import type { CatalogueReport } from './compliance.ts';
import { STYLE } from './html-style.ts';

/** @param compliance shown at the end; pass [] to leave it out */
export function toHtml(result: ScanResult, verdict: GateVerdict | undefined, compliance: readonly CatalogueReport[]): string {
  const findings = open(result.findings);
  const counts = countBySeverity(findings);
  const body = [
    header(result, verdict),
    tiles(counts, result),
    summary(result, findings),
    ...(verdict && verdict.failures.length > 0 ? [failures(verdict)] : []),
    ...(result.paths.length > 0 ? [paths(result)] : []),
    list(findings),
    ...(compliance.length > 0 ? [controls(compliance)] : []),
    ...(result.findings.length > findings.length ? [suppressed(result.findings)] : []),
    coverage(result),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<title>Cullis: ${h(result.target)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${body.join('\n')}
</main>
</body>
</html>
`;
}

function header(result: ScanResult, verdict: GateVerdict | undefined): string {
  const state = verdict
    ? `<p class="verdict ${verdict.pass ? 'pass' : 'fail'}">${verdict.pass ? 'The build may go on' : 'The build must not go on'}</p>`
    : '';
  return `<header><h1>Security of ${h(result.target)}</h1><p class="quiet">${h(result.at.slice(0, 16).replace('T', ' '))} UTC · Cullis ${h(result.version)}</p>${state}</header>`;
}

function tiles(counts: Readonly<Record<FindingSeverity, number>>, result: ScanResult): string {
  const cells = FINDING_SEVERITIES.map(
    (severity) => `<div class="tile ${severity}"><b>${counts[severity]}</b><span>${severity}</span></div>`,
  );
  const overdue = result.findings.filter((one) => one.overdue).length;
  cells.push(
    `<div class="tile ${result.paths.length > 0 ? 'high' : 'ok'}"><b>${result.paths.length}</b><span>attack paths</span></div>`,
  );
  cells.push(`<div class="tile ${overdue > 0 ? 'critical' : 'ok'}"><b>${overdue}</b><span>overdue</span></div>`);
  return `<section class="tiles">${cells.join('')}</section>`;
}

/** In sentences, what someone who reads nothing else should know. */
function summary(result: ScanResult, findings: readonly JudgedFinding[]): string {
  const workloads = result.units.reduce((sum, one) => sum + one.workloads, 0);
  const worst = findings.filter(({ severity }) => severity === 'critical' || severity === 'high').length;
  const targets = new Set(result.paths.map(({ to }) => to)).size;
  const left = result.notAnalysed.length;
  const sentences = [
    `${count(result.units.length, 'deployable system')} with ${count(workloads, 'workload')} in ${count(result.files, 'file')} were looked at.`,
    targets > 0
      ? `An attacker from the internet can reach ${count(targets, 'valuable target')}; the ways are drawn below.`
      : 'No way from the internet to a valuable target was found.',
    worst > 0 ? `${count(worst, 'finding')} critical or high should be fixed first.` : 'No finding is critical or high.',
    ...(left > 0 ? [`${count(left, 'thing')} could not be analysed; the list stands at the end.`] : []),
  ];
  return `<section><p class="lead">${h(sentences.join(' '))}</p></section>`;
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

function failures(verdict: GateVerdict): string {
  const rows = verdict.failures
    .slice(0, 500)
    .map(
      ({ text, finding, path }) =>
        `<tr><td>${h(text)}</td><td>${finding ? `${h(finding.title)}<br><code>${h(at(finding))}</code>` : h(path?.to ?? '')}</td></tr>`,
    );
  return `<section><h2>Why the build must not go on</h2><table><tbody>${rows.join('')}</tbody></table></section>`;
}

const WAYS_MAX = 20;

/** One box a target: the riskiest way open, the others folded. */
function paths(result: ScanResult): string {
  const targets = [...Map.groupBy(result.paths, ({ to, unit }) => `${unit}\n${to}`).values()];
  const boxes = targets.slice(0, 50).map(([best, ...others]) => {
    const { from, to, unit, risk } = best as PathSummary;
    const more = others.slice(0, WAYS_MAX).map(way);
    const folded =
      others.length === 0
        ? ''
        : `<details><summary class="quiet">${others.length} other ways</summary>${more.join('')}</details>`;
    const cost = `${Number(risk.toPrecision(2)).toLocaleString('en')} EUR at risk`;
    return `<details open><summary><b>${h(from)}</b> → <b>${h(to)}</b> <span class="quiet">${cost}, ${h(unit)}</span></summary>${way(best as PathSummary)}${folded}</details>`;
  });
  return `<section><h2>Ways from outside to what matters</h2>${boxes.join('')}</section>`;
}

function way({ hops }: PathSummary): string {
  const steps = hops.map(({ text, file, line }) => {
    const colon = text.indexOf(': ');
    const what = colon === -1 ? h(text) : `<b>${h(text.slice(0, colon))}</b>: ${h(text.slice(colon + 2))}`;
    return `<li>${what}${file === undefined ? '' : ` <code>${h(`${file}${line === undefined ? '' : `:${line}`}`)}</code>`}</li>`;
  });
  return `<ol class="path">${steps.join('')}</ol>`;
}

function list(findings: readonly JudgedFinding[]): string {
  if (findings.length === 0) return '<section><h2>Findings</h2><p>None.</p></section>';
  const groups = new Map<string, JudgedFinding[]>();
  for (const one of findings) {
    const group = groups.get(one.code);
    if (group) group.push(one);
    else groups.set(one.code, [one]);
  }
  const parts = [...groups].map(([code, group]) => {
    const [first] = group as [JudgedFinding, ...JudgedFinding[]];
    const rows = group
      .slice(0, 100)
      .map(
        (one) =>
          `<li><span class="badge ${one.severity}">${one.severity}</span> ${h(one.title)} <code>${h(at(one))}</code>${one.owner === undefined ? '' : ` <span class="quiet">${h(one.owner)}</span>`}${one.due === undefined ? '' : ` <span class="${one.overdue ? 'late' : 'quiet'}">due ${h(one.due)}</span>`}</li>`,
      );
    const more = group.length > 100 ? `<li class="quiet">and ${group.length - 100} more</li>` : '';
    const fix = first.fix
      ? `<p><b>What to do:</b> ${h(first.fix.text)}</p>${first.fix.yaml === undefined ? '' : `<pre>${h(first.fix.yaml)}</pre>`}`
      : '';
    return `<details${first.severity === 'critical' || first.severity === 'high' ? ' open' : ''}><summary><span class="badge ${first.severity}">${first.severity}</span> <code>${h(code)}</code> <span class="quiet">${group.length}</span></summary><p>${h(first.message)}</p>${fix}<ul>${rows.join('')}${more}</ul></details>`;
  });
  return `<section><h2>Findings</h2>${parts.join('')}</section>`;
}

function controls(compliance: readonly CatalogueReport[]): string {
  const words = { gap: 'gap', accepted: 'accepted', clear: 'clear', 'not-checked': 'not checked' } as const;
  const tables = compliance.map(({ title, controls: rows }) => {
    const lines = rows.map(({ id, title: what, status, evidence }) => {
      const shown = evidence.slice(0, 3).map((one) => `<code>${h(at(one))}</code>`);
      const more = evidence.length > 3 ? ` and ${evidence.length - 3} more` : '';
      return `<tr><td>${h(id)}</td><td>${h(what)}</td><td class="${status}">${words[status]}</td><td>${shown.join(' ')}${more}</td></tr>`;
    });
    return `<details><summary><b>${h(title)}</b> <span class="quiet">${rows.filter(({ status }) => status === 'gap').length} gaps of ${rows.length} controls</span></summary><table><thead><tr><th>control</th><th>asks for</th><th>state</th><th>evidence</th></tr></thead><tbody>${lines.join('')}</tbody></table></details>`;
  });
  return `<section><h2>Compliance</h2>${tables.join('')}</section>`;
}

function suppressed(findings: readonly JudgedFinding[]): string {
  const rows = findings.flatMap((one) =>
    one.suppressed
      ? [
          `<tr><td><code>${h(one.code)}</code></td><td>${h(one.title)}</td><td>${h(one.suppressed.reason)}</td><td>${h(one.suppressed.until ?? '')}</td><td><code>${h(one.suppressed.where)}</code></td></tr>`,
        ]
      : [],
  );
  return `<section><h2>Accepted</h2><table><thead><tr><th>rule</th><th>what</th><th>reason</th><th>until</th><th>where</th></tr></thead><tbody>${rows.join('')}</tbody></table></section>`;
}

function coverage(result: ScanResult): string {
  const rows = result.notAnalysed
    .slice(0, 500)
    .map(
      ({ file, line, message, count }) =>
        `<li><code>${h(`${file}${line === undefined ? '' : `:${line}`}`)}</code> ${h(message)}${count === undefined || count < 2 ? '' : ` (${count} places)`}</li>`,
    );
  const mistakes = result.diagnostics
    .filter(({ severity }) => severity === 'error')
    .slice(0, 200)
    .map(
      ({ location, message }) => `<li><code>${h(location ? `${location.file}:${location.line}` : '')}</code> ${h(message)}</li>`,
    );
  if (rows.length + mistakes.length === 0) return '<section><h2>Not analysed</h2><p>Everything was read.</p></section>';
  return `<section><h2>Not analysed</h2><ul>${mistakes.join('')}${rows.join('')}</ul></section>`;
}

function at({ location, subject }: JudgedFinding): string {
  return location ? `${location.file}:${location.line}:${location.column}` : (subject ?? '');
}

function h(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
