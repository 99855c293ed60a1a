// Schemes that are lists of numbers and nothing else: CRAN (parts between `.` and `-`) and Hackage (parts between `.`). The longer of two equal beginnings is later.
import { compareDigits, compareText, isNumber } from './text.ts';

function compareParts(a: readonly string[], b: readonly string[]): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a[i]!;
    const right = b[i]!;
    const leftNumber = isNumber(left);
    // A text is no part of either scheme; it comes after every number, so that the order stays one order.
    if (leftNumber !== isNumber(right)) return leftNumber ? -1 : 1;
    const order = leftNumber ? compareDigits(left, right) : compareText(left, right);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Order of R packages (`package_version`). */
export function compareCran(a: string, b: string): number {
  return compareParts(a.split(/[.-]/), b.split(/[.-]/));
}

/** Order of Haskell packages (Data.Version; tags after `-` do not count). */
export function compareHackage(a: string, b: string): number {
  return compareParts(a.split('-')[0]!.split('.'), b.split('-')[0]!.split('.'));
}
