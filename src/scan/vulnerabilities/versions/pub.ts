// Dart's order (pub_semver): Semantic Versioning, and the build counts: `1.0.0 < 1.0.0+1`, its parts compared like those of a pre-release.
import { compareIdentifiers, compareParsed, parseSemver } from './semver.ts';

/** Order of versions on pub.dev. */
export function comparePub(a: string, b: string): number {
  const left = parseSemver(a);
  const right = parseSemver(b);
  const order = compareParsed(left, right);
  if (order !== 0) return order;
  if (left.build === '' || right.build === '') return (left.build === '' ? 0 : 1) - (right.build === '' ? 0 : 1);
  return compareIdentifiers(left.build.split('.'), right.build.split('.'));
}
