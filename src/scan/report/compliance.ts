// Which controls of common catalogues the findings touch, with the evidence for each. The words are ours, the numbers the catalogues'.
import { FINDING_SEVERITIES } from '#model/finding.ts';
import type { JudgedFinding, ScanResult } from '../result.ts';
import { CATALOGUES } from './catalogues.ts';
import type { Catalogue, Control } from './catalogues.ts';

/** `gap`: open findings speak against it. `accepted`: only suppressed ones. `clear`: its rules ran and found nothing. `not-checked`: nothing here speaks to it. */
export type ControlStatus = 'gap' | 'accepted' | 'clear' | 'not-checked';

export interface ControlReport {
  readonly id: string;
  readonly title: string;
  readonly status: ControlStatus;
  /** Rules that speak to it. */
  readonly rules: readonly string[];
  /** Worst first. */
  readonly evidence: readonly JudgedFinding[];
}

export interface CatalogueReport {
  readonly id: string;
  readonly title: string;
  readonly controls: readonly ControlReport[];
}

/**
 * @param ruleTags tags of every rule that ran, by rule id: a control is only clear when something looked
 */
export function complianceReport(
  result: ScanResult,
  ruleTags: ReadonlyMap<string, readonly string[]>,
): readonly CatalogueReport[] {
  return CATALOGUES.map((catalogue) => ({
    id: catalogue.id,
    title: catalogue.title,
    controls: controlsOf(catalogue, result, ruleTags).map((control) => judgeControl(catalogue, control, result, ruleTags)),
  }));
}

/** The catalogue's own rows, and controls that rules name beyond them. */
function controlsOf(
  catalogue: Catalogue,
  result: ScanResult,
  ruleTags: ReadonlyMap<string, readonly string[]>,
): readonly Control[] {
  const known = new Map(catalogue.controls.map((control) => [control.id, control]));
  const prefix = `${catalogue.id}:`;
  const tags = [...[...ruleTags.values()].flat(), ...result.findings.flatMap((one) => one.tags ?? [])];
  for (const tag of tags) {
    const id = tag.startsWith(prefix) ? tag.slice(prefix.length) : '';
    if (id !== '' && !known.has(id)) known.set(id, { id, title: '', rules: [] });
  }
  return [...known.values()].sort((a, b) => compareIds(a.id, b.id));
}

function judgeControl(
  catalogue: Catalogue,
  control: Control,
  { findings }: ScanResult,
  ruleTags: ReadonlyMap<string, readonly string[]>,
): ControlReport {
  const tag = `${catalogue.id}:${control.id}`;
  const speaks = (code: string): boolean =>
    control.rules.some((rule) => rule === code || (rule.endsWith('*') && code.startsWith(rule.slice(0, -1))));
  const rules = [...ruleTags].filter(([id, tags]) => tags.includes(tag) || speaks(id)).map(([id]) => id);
  const evidence = findings
    .filter((one) => one.tags?.includes(tag) || speaks(one.code))
    .toSorted((a, b) => FINDING_SEVERITIES.indexOf(a.severity) - FINDING_SEVERITIES.indexOf(b.severity));
  const gaps = evidence.filter((one) => !one.suppressed);
  const status: ControlStatus =
    gaps.length > 0 ? 'gap' : evidence.length > 0 ? 'accepted' : rules.length > 0 ? 'clear' : 'not-checked';
  return { id: control.id, title: control.title, status, rules, evidence };
}

/** `5.2.10` after `5.2.9`. */
function compareIds(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
