import type { SubjectRule } from '../../rule.ts';
import { hitOf, isBundle } from './common.ts';
import type { CertificateSubject } from './common.ts';

export const WEAK_KEY = {
  id: 'certificates.weak-key',
  name: 'Certificate with a weak key',
  severity: 'medium',
  cwe: [326],
  why: "The key can be found from the public half with money or time that attackers have; with it they answer in the owner's name.",
  help: 'make a new key: ECDSA P-256, Ed25519 or RSA from 2048 bits',
  references: ['NIST SP 800-131A'],
  tags: ['pci-dss:4.2.1'],
  *check({ one }: CertificateSubject) {
    const bits = Number(/^RSA (\d+)$/.exec(one.about.key)?.[1] ?? 0);
    const weak = bits > 0 ? bits < 2048 : /^(?:dsa|ECDSA (?:secp1|secp2|prime192|sect|wap)\w*)$/i.test(one.about.key);
    if (weak)
      yield hitOf(
        one,
        `the certificate of \`${one.name}\` has the key ${one.about.key}`,
        isBundle(one) ? 'info' : bits > 0 && bits <= 1024 ? 'high' : 'medium',
      );
  },
} satisfies SubjectRule<CertificateSubject>;
