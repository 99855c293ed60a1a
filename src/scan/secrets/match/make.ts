// Three shapes that nearly all kinds of secret have: a token with a prefix of its own, a value that a vendor's name stands before, and a
// pattern around a word.
import type { FindingSeverity } from '#model/finding.ts';
import type { FileView, Match, SecretFamily, SecretRule } from '../rule.ts';
import { isMask } from '../placeholder.ts';
import { BARE_MAX, assignmentAt } from './assignment.ts';
import type { Assignment } from './assignment.ts';
import { escapeBefore, isWordByte, standsAlone } from './words.ts';

export interface Options {
  readonly severity?: FindingSeverity;
  /** Bits a character; 3 when absent, 2 where the alphabet is small. */
  readonly entropy?: number;
  readonly accept?: (secret: string) => boolean;
  readonly path?: RegExp;
  readonly rank?: number;
  /** The prefix may be written in any case. */
  readonly anyCase?: boolean;
  /** What may not follow, as the inside of a character class; `\w` or, where the token may hold `-`, `\w-` when absent. */
  readonly notAfter?: string;
  /** The value may hold spaces between the vendor's name and the operator; true when absent. */
  readonly near?: boolean;
  /** Further rows of a `named` kind: the name has to match too. */
  readonly name?: RegExp;
  readonly machineMade?: boolean;
}

export interface Family {
  /**
   * A token that is told by its prefix.
   * @param prefix one or several, written exactly
   * @param body pattern of the rest, with bounded repetition only
   */
  readonly token: (id: string, name: string, prefix: string | readonly string[], body: string, options?: Options) => SecretRule;
  /** A value of a certain shape that is assigned to a name in which one of the words stands. */
  readonly named: (id: string, name: string, words: string | readonly string[], value: string, options?: Options) => SecretRule;
  /**
   * A pattern that begins where a keyword does, or so many bytes before it; group 1 is the secret, or the whole match. Its repetitions are bounded.
   * @param before distances that are tried in turn
   */
  readonly around: (
    id: string,
    name: string,
    keywords: string | readonly string[],
    pattern: RegExp,
    before: readonly number[],
    options?: Options,
  ) => SecretRule;
}

const HIGH_BITS = 3;

/** Rule makers whose rules share a family and a severity. */
export function family(of: SecretFamily, severity: FindingSeverity): Family {
  const rule = (
    id: string,
    name: string,
    words: string | readonly string[],
    match: SecretRule['match'],
    options: Options,
  ): SecretRule => ({
    id,
    name,
    family: of,
    severity: options.severity ?? severity,
    keywords: (typeof words === 'string' ? [words] : words).map((word) => word.toLowerCase()),
    match,
    entropy: options.entropy ?? HIGH_BITS,
    machineMade: options.machineMade ?? true,
    ...(options.path && { path: options.path }),
    ...(options.rank !== undefined && { rank: options.rank }),
    accept: (secret) => !isMask(secret) && (options.accept?.(secret) ?? true),
  });
  return {
    token: (id, name, prefix, body, options = {}) => rule(id, name, prefix, tokenMatcher(prefix, body, options), options),
    named: (id, name, words, value, options = {}) =>
      rule(id, name, words, namedMatcher(value, options), { ...options, rank: options.rank ?? 1 }),
    around: (id, name, keywords, pattern, before, options = {}) =>
      rule(id, name, keywords, aroundMatcher(pattern, before), options),
  };
}

function tokenMatcher(prefix: string | readonly string[], body: string, options: Options): SecretRule['match'] {
  const written = typeof prefix === 'string' ? [prefix] : prefix;
  const prefixes = written.map((text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  const notAfter = options.notAfter ?? (/\\w-|_-|-_/.test(body) ? String.raw`\w-` : String.raw`\w`);
  const pattern = new RegExp(`(?:${prefixes.join('|')})${body}(?![${notAfter}])`, options.anyCase ? 'iy' : 'y');
  const exact = options.anyCase !== true;
  return ({ text }, at) => {
    const prefix = exact ? written.find((each) => text.startsWith(each, at)) : written[0];
    if (prefix === undefined) return undefined;
    const before = text.charCodeAt(at - 1);
    if (isWordByte(before) && !escapeBefore(text, at)) return undefined;
    // In the middle of base64 anything may stand.
    if ((before === 0x2b || (before === 0x2f && text.charCodeAt(at - 2) !== 0x2f)) && /^[A-Za-z0-9]+$/.test(prefix))
      return undefined;
    pattern.lastIndex = at;
    return pattern.test(text) ? whole(at, pattern.lastIndex) : undefined;
  };
}

function namedMatcher(value: string, options: Options): SecretRule['match'] {
  const shape = new RegExp(`${value}(?![${options.notAfter ?? String.raw`\w-`}])`, 'iy');
  return (view, at, keyword) => {
    if (!standsAlone(view.text, at, keyword.length)) return undefined;
    const found = assignment(view, at, keyword.length, options.near ?? true);
    if (!found) return undefined;
    if (
      options.name &&
      !options.name.test(view.text.slice(found.nameStart, found.valueStart).replace(/[^A-Za-z0-9]{1,100}$/, ''))
    )
      return undefined;
    shape.lastIndex = found.valueStart;
    if (!shape.test(view.text) || (shape.lastIndex > found.valueEnd && !isCut(found))) return undefined;
    return { start: found.nameStart, end: shape.lastIndex, secretStart: found.valueStart, secretEnd: shape.lastIndex };
  };
}

function assignment(view: FileView, at: number, length: number, near: boolean): Assignment | undefined {
  const { named } = view;
  if (named.at !== at || named.length !== length || named.near !== near)
    Object.assign(named, { at, length, near, found: assignmentAt(view.text, at, length, near) });
  return named.found;
}

/** A value without quotes whose end was not looked for any further. */
function isCut(found: Assignment): boolean {
  return found.quote === 0 && found.valueEnd - found.valueStart >= BARE_MAX;
}

function aroundMatcher(pattern: RegExp, before: readonly number[]): SecretRule['match'] {
  const flags = pattern.flags.replaceAll(/[gyd]/g, '');
  const search = new RegExp(pattern.source, `${flags}y`);
  const located = new RegExp(pattern.source, `${flags}dy`);
  return ({ text }: FileView, at: number): Match | undefined => {
    for (const distance of before) {
      const start = at - distance;
      search.lastIndex = start;
      if (start < 0 || !search.test(text)) continue;
      located.lastIndex = start;
      const { indices } = located.exec(text)!;
      const [secretStart, secretEnd] = indices![1] ?? indices![0]!;
      return { start, end: indices![0]![1], secretStart, secretEnd };
    }
    return undefined;
  };
}

function whole(start: number, end: number): Match {
  return { start, end, secretStart: start, secretEnd: end };
}
