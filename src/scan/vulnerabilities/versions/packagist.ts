// Composer's order, which is PHP's version_compare over a normalised text: parts are numbers or words, words rank dev < alpha < beta < RC < # < pl.
import { compareDigits, digitsEnd, isDigit, isLetter, isNumber } from './text.ts';

const RANKS: readonly (readonly [prefix: string, rank: number])[] = [
  ['dev', 0],
  ['alpha', 1],
  ['a', 1],
  ['beta', 2],
  ['b', 2],
  ['RC', 3],
  ['rc', 3],
  ['#', 4],
  ['pl', 5],
  ['p', 5],
];
const NUMBER_RANK = 4;
const OTHER_RANK = -1;

function parts(text: string): string[] {
  const source = text.replace(/^[vV](?=\d)/, '');
  const found: string[] = [];
  let at = 0;
  while (at < source.length) {
    const code = source.charCodeAt(at);
    if (code === 46 || code === 45 || code === 95 || code === 43) {
      at++;
      continue;
    }
    let end = isDigit(code) ? digitsEnd(source, at) : at;
    if (isLetter(code)) while (end < source.length && isLetter(source.charCodeAt(end))) end++;
    if (end === at) end = at + 1;
    found.push(source.slice(at, end));
    at = end;
  }
  return found;
}

function rank(part: string): number {
  if (isNumber(part)) return NUMBER_RANK;
  return RANKS.find(([prefix]) => part.startsWith(prefix))?.[1] ?? OTHER_RANK;
}

function comparePart(a: string, b: string): number {
  if (isNumber(a) && isNumber(b)) return compareDigits(a, b);
  return rank(a) - rank(b);
}

/** Order of Composer packages. */
export function comparePackagist(a: string, b: string): number {
  const left = parts(a);
  const right = parts(b);
  const length = Math.min(left.length, right.length);
  for (let i = 0; i < length; i++) {
    const order = comparePart(left[i]!, right[i]!);
    if (order !== 0) return order;
  }
  if (left.length === right.length) return 0;
  const longer = left.length > right.length ? left : right;
  const sign = longer === left ? 1 : -1;
  // One more number is later; a word is compared with the place of a finished version, and `#` is that place itself.
  for (const next of longer.slice(length)) {
    if (isNumber(next)) return sign;
    const order = rank(next) - NUMBER_RANK;
    if (order !== 0) return sign * order;
  }
  return 0;
}
