// RubyGems' order (Gem::Version): segments of digits or letters, letters mark a pre-release and are earlier than any number; zeros at the end
// of the numbers, and just before the first letters, do not count.
import { compareDigits, compareText, isDigit, isLetter, isNumber } from './text.ts';

function segments(text: string): string[] {
  const found: string[] = [];
  // A dash means a pre-release: `1.0-a` is `1.0.pre.a`.
  const source = text
    .trim()
    .replace(/^[vV](?=\d)/, '')
    .replaceAll('-', '.pre.');
  let at = 0;
  while (at < source.length) {
    const test = isDigit(source.charCodeAt(at)) ? isDigit : isLetter(source.charCodeAt(at)) ? isLetter : undefined;
    if (!test) {
      at++;
      continue;
    }
    let end = at + 1;
    while (end < source.length && test(source.charCodeAt(end))) end++;
    found.push(source.slice(at, end));
    at = end;
  }
  const letters = found.findIndex((part) => !isNumber(part));
  const numbers = letters === -1 ? found : found.slice(0, letters);
  return [...trimmed(numbers), ...trimmed(letters === -1 ? [] : found.slice(letters))];
}

function trimmed(parts: string[]): string[] {
  let end = parts.length;
  while (end > 0 && /^0+$/.test(parts[end - 1]!)) end--;
  return parts.slice(0, end);
}

/** Order of gems. */
export function compareRubygems(a: string, b: string): number {
  if (a === b) return 0;
  const left = segments(a);
  const right = segments(b);
  const length = Math.max(left.length, right.length);
  for (let i = 0; i < length; i++) {
    const x = left[i] ?? '0';
    const y = right[i] ?? '0';
    const xNumber = isNumber(x);
    if (xNumber !== isNumber(y)) return xNumber ? 1 : -1;
    const order = xNumber ? compareDigits(x, y) : compareText(x, y);
    if (order !== 0) return order;
  }
  return 0;
}
