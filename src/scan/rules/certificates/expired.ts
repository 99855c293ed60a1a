import type { SubjectRule } from '../../rule.ts';
import { day, hitOf, isBundle, RFC5280 } from './common.ts';
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
