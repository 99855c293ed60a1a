import { OID } from '#pki/oids.ts';
import type { SubjectRule } from '../../rule.ts';
import { hitOf, RFC5280 } from './common.ts';
import type { CertificateSubject } from './common.ts';

export const AUTHORITY_AS_SERVER = {
  id: 'certificates.authority-as-server',
  name: 'Server certificate that can sign others',
  severity: 'medium',
  cwe: [295, 296],
  why: "The server shows the certificate of an authority. Who takes the server's key can issue certificates for any name, and everybody who trusts it believes them.",
  help: "issue the server a certificate of its own (`CA:FALSE`) and lock the authority's key away",
  references: [`${RFC5280} section 4.2.1.9`],
  tags: [],
  *check({ one }: CertificateSubject) {
    const { certificate, about, member } = one;
    if (!about.ca) return;
    const serves = certificate.extendedKeyUsage?.includes(OID.serverAuth) === true && certificate.altNames.dns.length > 0;
    if (serves || (member === 'tls.crt' && certificate.altNames.dns.length > 0))
      yield hitOf(one, `the certificate of \`${one.name}\` is for a server and can sign others (\`CA:TRUE\`)`, 'medium');
  },
} satisfies SubjectRule<CertificateSubject>;
