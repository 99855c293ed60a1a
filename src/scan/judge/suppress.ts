// Suppressions: a comment beside the place, an annotation on the resource, or a file. Each needs a reason; one whose day has passed ends.
import type { Finding } from '#model/finding.ts';
import type { Suppression } from '../result.ts';
import { globMatcher } from './glob.ts';

/** One entry of a suppression file (`.cullis-ignore.yaml`), already checked for shape by its reader. */
export interface FileSuppression {
  /** A rule's id, `area.*`, or a finding's id. */
  readonly rule: string;
  readonly reason: string;
  readonly until?: string;
  /** Glob over the finding's file. */
  readonly path?: string;
  /** Glob over the finding's subject: `Deployment shop/*`. */
  readonly subject?: string;
  readonly where: string;
}

/** A suppression that does nothing, and why: it has no reason, its day has passed, or nothing matches it. */
export interface IdleSuppression {
  readonly where: string;
  readonly rule: string;
  readonly why: 'no-reason' | 'expired' | 'unused' | 'bad-date';
}

export interface Suppressor {
  of(finding: Finding): Suppression | undefined;
  /** Asked for last. */
  idle(): readonly IdleSuppression[];
}

interface Entry {
  readonly rule: string;
  readonly suppression: Suppression;
  readonly matches: (finding: Finding) => boolean;
  used: boolean;
}

const COMMENT = /cullis:ignore[ \t]{1,8}([\w.*,-]{1,400})([^\r\n]{0,400})/;
/** The same as a comment of its own, not in a sentence about it. */
const AS_COMMENT = /(?:#|\/\/|--|\/?\*)[ \t]{0,8}cullis:ignore[ \t]{1,8}([\w.*,-]{1,400})/;
/** Files that speak about suppressions. */
const PROSE = /\.(?:mdx?|rst|adoc|txt|html?)$/i;
const UNTIL = /\buntil[ =:]{0,2}(\d{4}-\d{2}-\d{2})\b/;
/** Carries suppressions of a resource: `rule: reason until 2027-01-31; rule2: …`. */
export const IGNORE_ANNOTATION = 'cullis.dev/ignore';

/**
 * @param today RFC 3339 day
 * @param lineOf the text of a line (from 1) of a file that was read; undefined when it is not at hand
 * @param annotations subject (`Deployment shop/cart`) -> what its `cullis.dev/ignore` says
 * @param comments lines that hold `cullis:ignore`, so that those which hide nothing can be told
 */
export function suppressor(
  today: string,
  lineOf: (file: string, line: number) => string | undefined,
  annotations: ReadonlyMap<string, string>,
  entries: readonly FileSuppression[],
  comments: readonly (readonly [file: string, line: number, text: string])[] = [],
): Suppressor {
  const heard = new Set<string>();
  const idle: IdleSuppression[] = [];
  const bySubject = new Map<string, Entry[]>();
  const everywhere: Entry[] = [];
  const take = (rule: string, suppression: Suppression, matches: Entry['matches'], into: Entry[]): void => {
    const why = refusal(suppression, today);
    if (why) idle.push({ where: suppression.where, rule, why });
    else into.push({ rule, suppression, matches, used: false });
  };
  for (const [id, text] of annotations) {
    const list = bySubject.get(id) ?? [];
    bySubject.set(id, list);
    for (const { rules, reason, until } of parseAnnotation(text))
      for (const rule of rules)
        take(rule, { reason, ...(until && { until }), kind: 'annotation', where: id }, (one) => ruleMatches(rule, one), list);
  }
  for (const { rule, reason, until, path, subject, where } of entries) {
    const inPath = path === undefined ? () => true : globMatcher(path);
    const inSubject = subject === undefined ? () => true : globMatcher(subject);
    take(
      rule,
      { reason, ...(until && { until }), kind: 'file', where },
      (one) => ruleMatches(rule, one) && inPath(one.location?.file ?? '') && inSubject(one.subject ?? ''),
      everywhere,
    );
  }
  const told = new Set<string>();
  const comment = (finding: Finding): Suppression | undefined => {
    const { location } = finding;
    if (!location) return undefined;
    for (const line of [location.line, location.line - 1]) {
      const text = lineOf(location.file, line);
      // A comment on the line above counts when nothing else stands there.
      const match =
        text === undefined || (line !== location.line && !/^\s*(?:#|\/\/|--|<!--|\/?\*)/.test(text)) ? null : COMMENT.exec(text);
      if (!match) continue;
      const [, rules = '', rest = ''] = match;
      if (!rules.split(',').some((rule) => ruleMatches(rule, finding))) continue;
      const until = UNTIL.exec(rest)?.[1];
      const where = `${location.file}:${line}`;
      heard.add(where);
      const suppression: Suppression = { reason: reasonOf(rest), ...(until && { until }), kind: 'comment', where };
      const why = refusal(suppression, today);
      if (!why) return suppression;
      const key = `${where} ${finding.code}`;
      if (!told.has(key)) idle.push({ where, rule: finding.code, why });
      told.add(key);
    }
    return undefined;
  };
  return {
    of: (finding) => {
      const beside = comment(finding);
      if (beside) return beside;
      for (const entry of [...(bySubject.get(finding.subject ?? '') ?? []), ...everywhere]) {
        if (!entry.matches(finding)) continue;
        entry.used = true;
        return entry.suppression;
      }
      return undefined;
    },
    idle: () => [
      ...idle,
      ...[...everywhere, ...[...bySubject.values()].flat()]
        .filter((entry) => !entry.used)
        .map(({ rule, suppression }) => ({ where: suppression.where, rule, why: 'unused' as const })),
      ...comments.flatMap(([file, line, text]) => {
        const where = `${file}:${line}`;
        const rule = heard.has(where) || PROSE.test(file) ? undefined : AS_COMMENT.exec(text)?.[1];
        return rule === undefined ? [] : [{ where, rule, why: 'unused' as const }];
      }),
    ],
  };
}

/** Why a suppression has no effect. A day counts to its end. */
function refusal({ reason, until }: Suppression, today: string): IdleSuppression['why'] | undefined {
  if (reason === '') return 'no-reason';
  if (until === undefined) return undefined;
  if (Number.isNaN(Date.parse(`${until}T00:00:00Z`))) return 'bad-date';
  return until < today ? 'expired' : undefined;
}

function ruleMatches(rule: string, { code, id }: Finding): boolean {
  return rule === code || rule === id || (rule.endsWith('.*') && code.startsWith(rule.slice(0, -1)));
}

function parseAnnotation(text: string): { rules: string[]; reason: string; until: string | undefined }[] {
  return text
    .slice(0, 10_000)
    .split(/[;\n]/)
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const colon = part.indexOf(':');
      const rules = (colon === -1 ? part : part.slice(0, colon)).trim().split(/\s*,\s*/);
      const rest = colon === -1 ? '' : part.slice(colon + 1);
      return { rules, reason: reasonOf(rest), until: UNTIL.exec(rest)?.[1] };
    });
}

function reasonOf(rest: string): string {
  return rest
    .replace(UNTIL, '')
    .replace(/^[\s:,-]+|(?:\*\/|-->|[\s,;(-])+$/g, '')
    .trim();
}
