import type { SubjectRule } from '../../rule.ts';
import { hitOf } from './common.ts';
import type { CertificateSubject } from './common.ts';

export const WILDCARD = {
  id: 'certificates.wildcard',
  name: 'Wildcard certificate',
  severity: 'info',
  cwe: [295],
  why: 'One key stands for every host below the name: who takes it from the weakest of them can answer for all.',
  help: 'issue a certificate per service',
  references: ['RFC 9525 section 7.1'],
  tags: [],
  *check({ one }: CertificateSubject) {
    const name = one.certificate.altNames.dns.find((each) => each.startsWith('*.'));
    if (!one.about.ca && name !== undefined) yield hitOf(one, `the certificate is for \`${name.slice(0, 80)}\``, 'info');
  },
} satisfies SubjectRule<CertificateSubject>;
