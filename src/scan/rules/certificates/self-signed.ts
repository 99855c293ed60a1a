import { OID } from '#pki/oids.ts';
import type { SubjectRule } from '../../rule.ts';
import { hitOf, isPublic } from './common.ts';
import type { CertificateSubject } from './common.ts';

export const SELF_SIGNED = {
  id: 'certificates.self-signed',
  name: 'Self-signed server certificate',
  severity: 'low',
  cwe: [295],
  why: "Clients can only trust it by name or not at all; people and programs get used to passing over the warning, and an attacker's certificate looks the same.",
  help: 'have it issued by an authority that clients trust: ACME, or one of your own',
  references: ['RFC 9525'],
  tags: ['pci-dss:4.2.1'],
  *check({ one }: CertificateSubject) {
    const { certificate, about, selfSigned } = one;
    const serves = certificate.altNames.dns.length > 0 && (certificate.extendedKeyUsage?.includes(OID.serverAuth) ?? true);
    if (!selfSigned || about.ca || !serves) return;
    const production = /(?:^|[/._-])prod(?:uction)?(?:[/._-]|$)/i.test(one.file);
    yield hitOf(one, `the certificate of \`${one.name}\` is signed by itself`, production || isPublic(one) ? 'medium' : 'low');
  },
} satisfies SubjectRule<CertificateSubject>;
