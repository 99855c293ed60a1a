// Prometheus text exposition format 0.0.4: writing its parts, and joining the texts of several processes into one.

export const EXPOSITION_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export function escapeLabel(value: string): string {
  return /[\\"\n]/.test(value) ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n') : value;
}

export function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

/** Go's ParseFloat reads every JavaScript number; only the infinities and NaN are spelled its own way. */
export function formatNumber(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return Number.isNaN(value) ? 'NaN' : String(value);
}

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (\S+)$/;
const COMMENT = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/;
const NUMBER = /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]Inf|NaN)$/;
const SUFFIX = /_(?:bucket|sum|count)$/;
const LINES_MAX = 200_000;

export interface WorkerExposition {
  /** Value of the added `worker` label; '' adds none. */
  readonly worker: string;
  readonly text: string;
}

interface Group {
  help: string;
  type: string;
  samples: string;
}

/**
 * Joins expositions into one: a family's samples stay together under one HELP and TYPE, each told apart by a `worker` label.
 * A worker handles hostile bytes, so its text is not trusted: a line that does not parse, or that carries a `worker` label itself, is dropped.
 */
export function mergeExposition(texts: readonly WorkerExposition[]): string {
  const groups = new Map<string, Group>();
  const group = (name: string): Group => {
    let found = groups.get(name);
    if (!found) groups.set(name, (found = { help: '', type: '', samples: '' }));
    return found;
  };
  let lines = 0;
  for (const { worker, text } of texts) {
    const label = worker === '' ? '' : `worker="${escapeLabel(worker)}"`;
    const histograms = new Set<string>();
    for (const line of text.split('\n')) {
      if (line === '' || ++lines > LINES_MAX) continue;
      const comment = COMMENT.exec(line);
      if (comment) {
        const [, kind, name, rest] = comment as unknown as [string, string, string, string];
        const into = group(name);
        if (kind === 'HELP') into.help ||= rest;
        else into.type ||= rest;
        if (kind === 'TYPE' && rest === 'histogram') histograms.add(name);
        continue;
      }
      const sample = SAMPLE.exec(line);
      if (!sample || !NUMBER.test(sample[3]!)) continue;
      const name = sample[1]!;
      const labels = (sample[2] ?? '').replace(/,$/, '');
      if (label !== '' && /(?:^|,)worker="/.test(labels)) continue;
      const family = SUFFIX.test(name) && histograms.has(name.replace(SUFFIX, '')) ? name.replace(SUFFIX, '') : name;
      const all = labels && label ? `${labels},${label}` : labels || label;
      group(family).samples += `${name}${all ? `{${all}}` : ''} ${sample[3]}\n`;
    }
  }
  let merged = '';
  for (const [name, { help, type, samples }] of groups) {
    if (samples === '') continue;
    if (help) merged += `# HELP ${name} ${help}\n`;
    if (type) merged += `# TYPE ${name} ${type}\n`;
    merged += samples;
  }
  return merged;
}
