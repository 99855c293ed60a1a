// apk's order (apk-package(5), apk-tools 3): numbers, a letter, suffixes (`_alpha` … `_p`), a commit (`~abc`), a revision (`-r1`). After the first number a part
// with a leading zero is compared as text. What breaks the grammar is left over; a version with a rest is earlier than the same without.
import { compareDigits, compareText, digitsEnd, isDigit, isLower } from './text.ts';

/** Suffixes that mean before the release (negative) and after it. */
const SUFFIXES: readonly (readonly [name: string, rank: number])[] = [
  ['alpha', -4],
  ['beta', -3],
  ['pre', -2],
  ['rc', -1],
  ['cvs', 1],
  ['svn', 2],
  ['git', 3],
  ['hg', 4],
  ['p', 5],
];

interface AlpineVersion {
  readonly numbers: readonly string[];
  readonly letter: string;
  readonly suffixes: readonly { readonly rank: number; readonly number: string }[];
  /** Undefined when there is none. */
  readonly revision: string | undefined;
  readonly rest: boolean;
  /** The rest begins right after the numbers and the letter: the text as a whole is no version. */
  readonly malformed: boolean;
}

function parse(text: string): AlpineVersion {
  const numbers: string[] = [];
  let at = digitsEnd(text, 0);
  if (at > 0) numbers.push(text.slice(0, at));
  while (at > 0 && text[at] === '.' && isDigit(text.charCodeAt(at + 1))) {
    const end = digitsEnd(text, at + 1);
    numbers.push(text.slice(at + 1, end));
    at = end;
  }
  const letter = isLower(text.charCodeAt(at)) ? text[at++]! : '';
  const malformed = at < text.length && !'_~-'.includes(text[at]!);
  const suffixes: { rank: number; number: string }[] = [];
  while (text[at] === '_') {
    const suffix = SUFFIXES.find(([name]) => text.startsWith(name, at + 1));
    if (!suffix) break;
    const start = at + 1 + suffix[0].length;
    at = digitsEnd(text, start);
    suffixes.push({ rank: suffix[1], number: text.slice(start, at) || '0' });
  }
  if (text[at] === '~') {
    at++;
    while (at < text.length && /[0-9a-f]/.test(text[at]!)) at++;
  }
  let revision: string | undefined;
  if (text.startsWith('-r', at)) {
    const start = at + 2;
    at = digitsEnd(text, start);
    revision = text.slice(start, at);
    // `-ruff` is no revision; `-r` and `-r-1` stand for `-r0`.
    if (revision === '' && isLower(text.charCodeAt(at))) revision = undefined;
    else if (revision === '') revision = '0';
  }
  return { numbers, letter, suffixes, revision, rest: at < text.length, malformed };
}

function compareNumbers(a: readonly string[], b: readonly string[]): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a[i]!;
    const right = b[i]!;
    const asText = i > 0 && (left.startsWith('0') || right.startsWith('0'));
    const order = asText ? compareText(left, right) : compareDigits(left, right);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareSuffixes(a: AlpineVersion['suffixes'], b: AlpineVersion['suffixes']): number {
  const length = Math.max(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a[i];
    const right = b[i];
    const order = (left?.rank ?? 0) - (right?.rank ?? 0) || compareDigits(left?.number ?? '0', right?.number ?? '0');
    if (order !== 0) return order;
  }
  return 0;
}

/** No revision is earlier than `-r0`. */
function compareRevisions(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return (a === undefined ? 0 : 1) - (b === undefined ? 0 : 1);
  return compareDigits(a, b);
}

/** Order of Alpine packages. */
export function compareAlpine(a: string, b: string): number {
  if (a === b) return 0;
  const left = parse(a);
  const right = parse(b);
  if (left.malformed && right.malformed) return compareText(a, b);
  return (
    compareNumbers(left.numbers, right.numbers) ||
    compareText(left.letter, right.letter) ||
    compareSuffixes(left.suffixes, right.suffixes) ||
    compareRevisions(left.revision, right.revision) ||
    (left.rest ? 0 : 1) - (right.rest ? 0 : 1)
  );
}
