// Rules that were written elsewhere as patterns over a text.
import type { FindingSeverity } from '#model/finding.ts';
import { shannonEntropy } from './entropy.ts';
import { parsePattern } from './re2/parse.ts';
import { compileTree } from './re2/pattern.ts';
import type { Budget, Pattern, Span } from './re2/pattern.ts';
import { alwaysHolds, lengthMax, withoutLead } from './re2/shape.ts';
import type { FileView, Match, SecretFamily } from './rule.ts';

/** A rule that looks at a text once one of its keywords stands in it; at every text when it has none. */
export interface WholeRule {
  readonly id: string;
  readonly name: string;
  readonly family: SecretFamily;
  readonly severity: FindingSeverity;
  readonly keywords: readonly string[];
  readonly machineMade: boolean;
  readonly rank?: number;
  /** @param hits offsets of keywords in rising order */
  find(view: FileView, hits: readonly number[]): Iterable<Match>;
}

export interface PatternRuleOptions {
  readonly id: string;
  readonly name: string;
  readonly regex: string | undefined;
  readonly path: Pattern | undefined;
  readonly keywords: readonly string[];
  readonly entropy: number;
  /** Group that holds the secret; 0 for the first group that took part. */
  readonly secretGroup: number;
  /** Other rules that must match nearby for a match to count. */
  readonly required: readonly {
    readonly rule: WholeRule;
    readonly withinLines: number | undefined;
    readonly withinColumns: number | undefined;
  }[];
}

const REACH_MAX = 8192;
const MATCHES_MAX = 1000;

/** @throws PatternError */
export function patternRule(options: PatternRuleOptions): WholeRule {
  const { id, name, path, keywords, entropy, secretGroup, required } = options;
  const base = { id, name, family: 'generic', severity: 'high', keywords, machineMade: true } as const;
  const regex = options.regex === undefined ? undefined : compiled(options.regex, keywords);
  return {
    ...base,
    *find(view, hits) {
      if (path && !path.test(view.path)) return;
      if (!regex) {
        // A rule with a path only is about the file itself.
        if (path && !view.isDecoded) yield { start: 0, end: 0, secretStart: 0, secretEnd: 0 };
        return;
      }
      let count = 0;
      for (const span of regex(view.text, hits, view.effort)) {
        const [secretStart, secretEnd] = secretOf(span, secretGroup);
        if (entropy > 0 && shannonEntropy(view.text.slice(secretStart, secretEnd)) <= entropy) continue;
        if (!required.every((each) => isNear(view, span, each))) continue;
        yield { start: span[0]!, end: span[1]!, secretStart, secretEnd };
        if (++count >= MATCHES_MAX) return;
      }
    },
  };
}

type Finder = (text: string, hits: readonly number[], budget: Budget) => Iterable<Span>;

function compiled(source: string, keywords: readonly string[]): Finder {
  const parsed = parsePattern(source);
  const { tree, lead } = withoutLead(parsed.tree);
  const pattern = compileTree(tree, parsed.groups);
  const isLocal = keywords.length > 0 && alwaysHolds(tree, keywords);
  const reach = Math.min(REACH_MAX, lengthMax(tree));
  return function* (text, hits, budget) {
    for (const [from, to] of isLocal ? windows(hits, reach, text.length) : [[0, text.length] as const]) {
      for (let at = from; at <= to;) {
        const span = pattern.find(text, at, to, budget);
        if (!span) break;
        yield [lead ? leadStart(text, span[0]!, lead) : span[0]!, ...span.slice(1)];
        at = Math.max(span[1]!, span[0]! + 1);
      }
    }
  };
}

/** Where a match begins with the optional stretch before it. */
function leadStart(text: string, at: number, { set, max }: { readonly set: Uint8Array; readonly max: number }): number {
  let start = at;
  while (at - start < max && start > 0 && set[text.charCodeAt(start - 1)] === 1) start--;
  return start;
}

/** Stretches around keywords that hold every match, joined where they meet. */
function windows(hits: readonly number[], reach: number, length: number): (readonly [number, number])[] {
  const joined: [number, number][] = [];
  for (const hit of hits) {
    const [from, to] = [Math.max(0, hit - reach), Math.min(length, hit + reach)];
    const last = joined.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined;
}

function secretOf(span: Span, group: number): readonly [number, number] {
  if (group > 0) return [span[group * 2] ?? span[0]!, span[group * 2 + 1] ?? span[1]!];
  for (let i = 2; i < span.length; i += 2) if (span[i]! >= 0 && span[i + 1]! > span[i]!) return [span[i]!, span[i + 1]!];
  return [span[0]!, span[1]!];
}

function isNear(
  view: FileView,
  span: Span,
  { rule, withinLines, withinColumns }: PatternRuleOptions['required'][number],
): boolean {
  const { text } = view;
  const from = withinLines === undefined ? 0 : lineBack(text, span[0]!, withinLines);
  const to = withinLines === undefined ? text.length : lineOn(text, span[1]!, withinLines);
  const part = text.slice(from, to);
  for (const match of rule.find({ ...view, text: part }, keywordHits(part, rule.keywords))) {
    if (withinColumns === undefined) return true;
    const column = (offset: number): number =>
      offset - (text.slice(Math.max(0, offset - 4096), offset).lastIndexOf('\n') + Math.max(0, offset - 4096));
    if (Math.abs(column(from + match.start) - column(span[0]!)) <= withinColumns) return true;
  }
  return false;
}

function keywordHits(text: string, keywords: readonly string[]): number[] {
  const lower = text.toLowerCase();
  const hits: number[] = [];
  for (const word of keywords)
    for (let at = lower.indexOf(word); at !== -1 && hits.length < 10_000; at = lower.indexOf(word, at + 1)) hits.push(at);
  return hits.sort((a, b) => a - b);
}

function lineBack(text: string, at: number, lines: number): number {
  let start = at;
  for (let i = 0; i <= lines && start > 0; i++) start = text.lastIndexOf('\n', start - 1);
  return Math.max(0, start);
}

function lineOn(text: string, at: number, lines: number): number {
  let end = at;
  for (let i = 0; i <= lines && end !== -1; i++) end = text.indexOf('\n', end + 1);
  return end === -1 ? text.length : end;
}
