// Maven's order (ComparableVersion; https://maven.apache.org/pom.html#version-order-specification): a version is a list of numbers, words and,
// after a dash or a change between digits and letters, inner lists; empty ends are cut off before comparing.
import { compareDigits, compareText, isDigit, isNumber } from './text.ts';

type Item = string | readonly Item[];

const QUALIFIERS = ['alpha', 'beta', 'milestone', 'rc', 'snapshot', '', 'sp'] as const;
const ALIASES: Readonly<Record<string, string>> = { ga: '', final: '', release: '', cr: 'rc' };
const SHORT: Readonly<Record<string, string>> = { a: 'alpha', b: 'beta', m: 'milestone' };
const DEPTH_MAX = 200;

/** A word as it is compared; `a`, `b` and `m` mean alpha, beta and milestone only directly before a number. */
function word(text: string, beforeDigit: boolean): string {
  const full = beforeDigit && Object.hasOwn(SHORT, text) ? SHORT[text]! : text;
  return Object.hasOwn(ALIASES, full) ? ALIASES[full]! : full;
}

function isNull(item: Item | undefined): boolean {
  if (item === undefined) return true;
  return typeof item === 'string' ? item === '' || /^0+$/.test(item) : item.length === 0;
}

/** Cuts empty items off the end, also those before an inner list at the end. */
function normalise(list: Item[], isRoot: boolean): void {
  for (let i = list.length - 1; i >= 0; i--) {
    const item = list[i]!;
    if (isNull(item)) list.splice(i, 1);
    else if (typeof item === 'string') break;
  }
  // `1-ga-1` is `1-1`: nothing stands between the two dashes.
  if (!isRoot && list.length === 1 && typeof list[0] !== 'string') list.splice(0, 1, ...list[0]!);
}

/** The version as nested lists. */
function parse(text: string): readonly Item[] {
  const version = text.toLowerCase();
  const root: Item[] = [];
  const open: Item[][] = [root];
  let list = root;
  let start = 0;
  let digits = false;
  const deeper = (): void => {
    if (open.length >= DEPTH_MAX) return;
    const inner: Item[] = [];
    list.push(inner);
    list = inner;
    open.push(inner);
  };
  const item = (end: number, beforeDigit: boolean): void => {
    const part = version.slice(start, end);
    list.push(digits ? part : word(part, beforeDigit));
  };
  let i = 0;
  for (; i < version.length; i++) {
    const code = version.charCodeAt(i);
    if (code === 46) {
      if (i === start) list.push('0');
      else item(i, false);
      start = i + 1;
    } else if (code === 45) {
      if (i === start) list.push('0');
      else {
        // `1-1.foo-bar1baz`: words before a dash and a number are one qualifier of that number.
        if (!digits && i + 1 < version.length && isDigit(version.charCodeAt(i + 1))) {
          item(i, true);
          start = i + 1;
          deeper();
          continue;
        }
        item(i, false);
      }
      start = i + 1;
      if (list.length > 0) deeper();
    } else if (isDigit(code)) {
      if (!digits && i > start) {
        if (list.length > 0) deeper();
        item(i, true);
        start = i;
        deeper();
      }
      digits = true;
    } else {
      if (digits && i > start) {
        item(i, false);
        start = i;
        deeper();
      }
      digits = false;
    }
  }
  if (version.length > start) {
    if (!digits && list.length > 0) deeper();
    item(version.length, false);
  }
  for (const inner of open.toReversed()) normalise(inner, inner === root);
  return root;
}

/** Place among the known qualifiers; unknown ones come after all of them, by their text. */
function compareWords(a: string, b: string): number {
  const left = QUALIFIERS.indexOf(a as '');
  const right = QUALIFIERS.indexOf(b as '');
  if (left === -1 && right === -1) return compareText(a, b);
  return (left === -1 ? QUALIFIERS.length : left) - (right === -1 ? QUALIFIERS.length : right);
}

/** An item against nothing. */
function compareToNothing(item: Item): number {
  if (typeof item !== 'string') {
    for (const inner of item) {
      const order = compareToNothing(inner);
      if (order !== 0) return order;
    }
    return 0;
  }
  if (isNumber(item)) return isNull(item) ? 0 : 1;
  return compareWords(item, '');
}

/** Kinds in order: words, then lists, then numbers. */
function kind(item: Item): number {
  return typeof item !== 'string' ? 1 : isNumber(item) ? 2 : 0;
}

function compareItems(a: Item | undefined, b: Item | undefined): number {
  if (a === undefined) return b === undefined ? 0 : -compareToNothing(b);
  if (b === undefined) return compareToNothing(a);
  const order = kind(a) - kind(b);
  if (order !== 0) return order;
  if (typeof a !== 'string' && typeof b !== 'string') return compareLists(a, b);
  const left = a as string;
  const right = b as string;
  return isNumber(left) ? compareDigits(left, right) : compareWords(left, right);
}

function compareLists(a: readonly Item[], b: readonly Item[]): number {
  const length = Math.max(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const order = compareItems(a[i], b[i]);
    if (order !== 0) return order;
  }
  return 0;
}

/** Order of Maven artifacts. */
export function compareMaven(a: string, b: string): number {
  return a === b ? 0 : compareLists(parse(a), parse(b));
}
