// Whether RE2 takes an expression, told without running it.
import { compileRegex, RegexError } from '#plan/regex.ts';

/** Istio's own bound. */
const LENGTH_MAX = 1024;

/** What is wrong with an expression; undefined when RE2 takes it, also where it uses syntax that nothing here evaluates. */
export function regexProblem(pattern: string): string | undefined {
  if (pattern.length > LENGTH_MAX) return `it is longer than ${LENGTH_MAX} characters`;
  if (/\(\?(?:[=!]|<[=!])/.test(withoutClasses(pattern))) return 'it looks ahead or behind';
  if (/(?:^|[^\\])(?:\\\\)*\\[1-9]/.test(pattern)) return 'it refers back to a group';
  try {
    compileRegex(pattern);
    return undefined;
  } catch (error) {
    if (!(error instanceof RegexError)) throw error;
  }
  return isWellFormed(pattern) ? undefined : 'it is not well-formed';
}

/** Brackets hold `(?=` as plain characters. */
function withoutClasses(pattern: string): string {
  return pattern.replaceAll(/\\.|\[(?:\\.|[^\]\\])*\]/g, ' ');
}

/** JavaScript's reader takes what RE2 takes once what only RE2 knows is rewritten: named groups, flags, classes by name, `\A \z \Q…\E \C`. */
function isWellFormed(pattern: string): boolean {
  const plain = pattern
    .replaceAll(/\\Q[\s\S]*?(?:\\E|$)/g, 'q')
    .replaceAll(/\[:\^?[a-z]{1,10}:\]/g, 'a-z')
    .replaceAll('(?P<', '(?<')
    .replaceAll(/\(\?[imsU-]{1,8}:/g, '(?:')
    .replaceAll(/\(\?[imsU-]{1,8}\)/g, '')
    .replaceAll(/\\[AzC]/g, '')
    .replaceAll(/\\p[A-Z]/g, 'p')
    .replaceAll(/\\[pP]\{\^?[A-Za-z_]{1,40}\}/g, 'p');
  try {
    // Only read, never run: what it would cost to match does not matter.
    return new RegExp(plain) instanceof RegExp;
  } catch {
    return false;
  }
}
