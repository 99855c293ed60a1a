import type { SubjectRule } from '../../rule.ts';
import { DAY_MS, hitOf, isPublic } from './common.ts';
import type { CertificateSubject } from './common.ts';

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
