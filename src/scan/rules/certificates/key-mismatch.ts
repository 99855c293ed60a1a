import type { SubjectRule } from '../../rule.ts';
import { hitOf, RFC5280 } from './common.ts';
import type { CertificateSubject } from './common.ts';

export const KEY_MISMATCH = {
  id: 'certificates.key-mismatch',
  name: 'Certificate and key do not belong together',
  severity: 'high',
  cwe: [295],
  why: 'The server cannot start with them, or goes on with the old pair. Mostly one half of a rotation was forgotten.',
  help: 'put the key that the certificate was issued for beside it',
  references: [`${RFC5280} section 4.1.2.7`],
  tags: [],
  *check({ one, keys }: CertificateSubject) {
    if (one.about.ca || keys.length !== 1) return;
    if (keys[0]!.publicKey !== one.publicKey)
      yield hitOf(one, `the private key beside the certificate of \`${one.name}\` is another one's`, 'high', {
        related: [{ location: { file: keys[0]!.file, line: keys[0]!.line, column: 1 }, message: 'the private key' }],
      });
  },
} satisfies SubjectRule<CertificateSubject>;
