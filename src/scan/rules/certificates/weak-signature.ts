import type { SubjectRule } from '../../rule.ts';
import { hitOf } from './common.ts';
import type { CertificateSubject } from './common.ts';

const WEAK_SIGNATURES: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.2': 'MD2',
  '1.2.840.113549.1.1.4': 'MD5',
  '1.2.840.113549.1.1.5': 'SHA-1',
  '1.2.840.10045.4.1': 'SHA-1',
  '1.2.840.10040.4.3': 'SHA-1',
};

export const WEAK_SIGNATURE = {
  id: 'certificates.weak-signature',
  name: 'Certificate signed with a broken hash',
  severity: 'medium',
  cwe: [327, 328],
  why: 'Collisions for MD5 and SHA-1 are made in practice: somebody who gets one harmless certificate signed may hold another one with the same signature.',
  help: 'have it issued again with SHA-256',
  references: ['RFC 9155', 'NIST SP 800-131A'],
  tags: ['pci-dss:4.2.1'],
  *check({ one }: CertificateSubject) {
    const hash = WEAK_SIGNATURES[one.certificate.signatureAlgorithm];
    // Nobody checks the signature of a root: it is trusted as it is.
    if (hash !== undefined && !one.selfSigned)
      yield hitOf(one, `the certificate of \`${one.name}\` is signed with ${hash}`, 'medium');
  },
} satisfies SubjectRule<CertificateSubject>;
