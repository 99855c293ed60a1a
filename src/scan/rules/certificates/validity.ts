import type { SubjectRule } from '../../rule.ts';
import { DAY_MS, day, hitOf, isBundle, isPublic, RFC5280 } from './common.ts';
import type { CertificateSubject } from './common.ts';

export const EXPIRED = {
  id: 'certificates.expired',
  name: 'Expired certificate',
  severity: 'high',
  cwe: [298, 324],
  why: 'Peers refuse it, so that calls fail, or somebody switches the check off to make them work and leaves it so. As a trusted authority it keeps good servers out.',
  help: 'put the current certificate in its place, and have it rotated before it ends',
  references: [`${RFC5280} section 4.1.2.5`],
  tags: ['pci-dss:4.2.1.1'],
  *check({ one, sameRole }: CertificateSubject, { now }) {
    if (one.about.notAfterMs >= now) return;
    const newer = sameRole.find((other) => other.about.notAfterMs > now);
    yield hitOf(
      one,
      `the certificate of \`${one.name}\` ended on ${day(one.about.notAfterMs)}${newer ? `, and \`${newer.file}\` holds its successor` : ''}`,
      isBundle(one) ? 'info' : 'high',
    );
  },
} satisfies SubjectRule<CertificateSubject>;

const SOON_DAYS = 30;
const VERY_SOON_DAYS = 7;

export const EXPIRING = {
  id: 'certificates.expiring',
  name: 'Certificate that ends soon',
  severity: 'medium',
  cwe: [324],
  why: 'When it ends, peers refuse it, and what depends on it stops.',
  help: 'rotate it now, and automatically from then on (cert-manager, ACME, the mesh)',
  references: [`${RFC5280} section 4.1.2.5`],
  tags: [],
  *check({ one, sameRole }: CertificateSubject, { now }) {
    const { notAfterMs, notBeforeMs } = one.about;
    const left = notAfterMs - now;
    // Certificates of days are rotated by programs all the time.
    if (left < 0 || left > SOON_DAYS * DAY_MS || notAfterMs - notBeforeMs < 2 * SOON_DAYS * DAY_MS || isBundle(one)) return;
    if (sameRole.some((other) => other.about.notAfterMs > notAfterMs)) return;
    const days = Math.floor(left / DAY_MS);
    yield hitOf(
      one,
      `the certificate of \`${one.name}\` ends in ${days === 1 ? '1 day' : `${days} days`}, on ${day(notAfterMs)}`,
      days < VERY_SOON_DAYS ? 'high' : 'medium',
    );
  },
} satisfies SubjectRule<CertificateSubject>;

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

/** CA/Browser Forum Baseline Requirements section 6.3.2, as of 2020. */
const PUBLIC_MAX_DAYS = 398;

export const LONG_VALIDITY = {
  id: 'certificates.long-validity',
  name: 'Certificate of a public name valid for too long',
  severity: 'info',
  cwe: [324],
  why: 'Browsers refuse certificates of public servers that are valid for more than 398 days, and a stolen key works as long as the certificate does.',
  help: 'issue it for 90 days or less, automatically',
  references: ['CA/Browser Forum Baseline Requirements section 6.3.2'],
  tags: [],
  *check({ one }: CertificateSubject) {
    const days = Math.round((one.about.notAfterMs - one.about.notBeforeMs) / DAY_MS);
    if (!one.about.ca && isPublic(one) && days > PUBLIC_MAX_DAYS)
      yield hitOf(one, `the certificate of \`${one.name}\` is valid for ${days} days`, 'info');
  },
} satisfies SubjectRule<CertificateSubject>;
