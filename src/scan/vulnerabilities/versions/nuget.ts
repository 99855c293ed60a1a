// NuGet's order: any number of numbers (missing ones are 0), a pre-release compared without regard to case, no build.
import { compareIdentifiers } from './semver.ts';
import { compareDigits, isNumber } from './text.ts';

function parse(text: string): { readonly numbers: readonly string[]; readonly prerelease: readonly string[] } {
  const lower = text.trim().toLowerCase();
  const bare = lower.startsWith('v') ? lower.slice(1) : lower;
  const plus = bare.indexOf('+');
  const version = plus === -1 ? bare : bare.slice(0, plus);
  const dash = version.indexOf('-');
  const numbers = (dash === -1 ? version : version.slice(0, dash)).split('.').map((part) => (isNumber(part) ? part : '0'));
  return { numbers, prerelease: dash === -1 ? [] : version.slice(dash + 1).split('.') };
}

/** Order of versions on nuget.org. */
export function compareNuget(a: string, b: string): number {
  const left = parse(a);
  const right = parse(b);
  const length = Math.max(left.numbers.length, right.numbers.length);
  for (let i = 0; i < length; i++) {
    const order = compareDigits(left.numbers[i] ?? '0', right.numbers[i] ?? '0');
    if (order !== 0) return order;
  }
  if (left.prerelease.length === 0 || right.prerelease.length === 0)
    return (left.prerelease.length === 0 ? 1 : 0) - (right.prerelease.length === 0 ? 1 : 0);
  return compareIdentifiers(left.prerelease, right.prerelease);
}
