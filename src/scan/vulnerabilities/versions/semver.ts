// Semantic Versioning 2.0.0 section 11, read leniently: a leading `v`, missing components, and anything after the third number counts as a build.
import { compareDigits, compareText, digitsEnd, isNumber } from './text.ts';

export interface Semver {
  readonly numbers: readonly [string, string, string];
  readonly prerelease: readonly string[];
  /** After `+`, without it; '' when there is none. */
  readonly build: string;
}

/** Reads any text as a version; what is no number in its place ends the numbers. */
export function parseSemver(text: string): Semver {
  let at = text.startsWith('v') || text.startsWith('V') || text.startsWith('=') ? 1 : 0;
  const numbers: [string, string, string] = ['0', '0', '0'];
  for (let i = 0; i < 3; i++) {
    const end = digitsEnd(text, at);
    if (end === at) break;
    numbers[i] = text.slice(at, end);
    at = end;
    if (text[at] !== '.' || i === 2) break;
    at++;
  }
  const rest = text.slice(at);
  const plus = rest.indexOf('+');
  const build = plus === -1 ? '' : rest.slice(plus + 1);
  const middle = plus === -1 ? rest : rest.slice(0, plus);
  if (middle.startsWith('-')) return { numbers, prerelease: middle.slice(1).split('.'), build };
  // `1.2.3.4` and `1.2.3beta`: the first is a build of 1.2.3, the second a pre-release in every tool that writes it.
  if (middle === '' || middle.startsWith('.')) return { numbers, prerelease: [], build: build || middle };
  return { numbers, prerelease: middle.split('.'), build };
}

export function compareIdentifiers(a: readonly string[], b: readonly string[]): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a[i]!;
    const right = b[i]!;
    if (left === right) continue;
    const leftNumber = isNumber(left);
    const rightNumber = isNumber(right);
    if (leftNumber !== rightNumber) return leftNumber ? -1 : 1;
    const order = leftNumber ? compareDigits(left, right) : compareText(left, right);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Numbers, then pre-release; the build is ignored. */
export function compareParsed(a: Semver, b: Semver): number {
  for (let i = 0; i < 3; i++) {
    const order = compareDigits(a.numbers[i]!, b.numbers[i]!);
    if (order !== 0) return order;
  }
  if (a.prerelease.length === 0 || b.prerelease.length === 0)
    return (a.prerelease.length === 0 ? 1 : 0) - (b.prerelease.length === 0 ? 1 : 0);
  return compareIdentifiers(a.prerelease, b.prerelease);
}

/** The order of npm, crates.io, Hex and Go. Go's pseudo-versions (`v0.0.0-20200101000000-abcdef`) and `+incompatible` follow from it. */
export function compareSemver(a: string, b: string): number {
  return a === b ? 0 : compareParsed(parseSemver(a), parseSemver(b));
}
