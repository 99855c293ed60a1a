import type { SubjectRule } from '../../rule.ts';
import { day, DAY_MS, hitOf, isBundle, RFC5280 } from './common.ts';
import type { CertificateSubject } from './common.ts';

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
