import type { SubjectRule } from '../../rule.ts';
import { day, DAY_MS, hitOf, isBundle } from './common.ts';
import type { CertificateSubject } from './common.ts';

export const SUPERSEDED = {
  id: 'certificates.superseded',
  name: 'Certificate that was replaced is still shipped',
  severity: 'medium',
  cwe: [324, 672],
  why: 'The certificate was rotated, but this copy was forgotten. What is built with it trusts, or shows, the old key: it fails when the old one is switched off, and if the old key was exposed it still works for whoever has it.',
  help: 'put the new certificate in its place, and take such copies from one source when building',
  references: ['NIST SP 800-57 part 1 section 5.3'],
  tags: [],
  *check({ one, sameRole }: CertificateSubject, { now }) {
    const newer = sameRole
      .filter(
        (other) =>
          other.about.notAfterMs > one.about.notAfterMs &&
          other.about.notBeforeMs > one.about.notBeforeMs &&
          other.about.notBeforeMs <= now,
      )
      .toSorted((a, b) => b.about.notAfterMs - a.about.notAfterMs)[0];
    // One that has ended is told as that, with its successor.
    if (!newer || isBundle(one) || one.about.notAfterMs < now) return;
    // A bundle that holds old and new authority lets both work while it is rolled out.
    if (one.about.ca && sameRole.some((other) => other.file === one.file && other.about.notAfterMs === newer.about.notAfterMs))
      return;
    // Two copies for different places are no rotation when they were issued together.
    if (newer.about.notBeforeMs - one.about.notBeforeMs < DAY_MS) return;
    yield hitOf(
      one,
      `\`${newer.file}\` holds a newer certificate of \`${one.name}\` (since ${day(newer.about.notBeforeMs)}), this file still the one of ${day(one.about.notBeforeMs)}`,
      'medium',
      {
        related: [{ location: { file: newer.file, line: newer.line, column: newer.column }, message: 'the newer one' }],
      },
    );
  },
} satisfies SubjectRule<CertificateSubject>;
