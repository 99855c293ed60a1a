import { OID } from '#pki/oids.ts';
import type { SubjectRule } from '../../rule.ts';
import { hitOf, isBundle, isPublic, RFC5280 } from './common.ts';
import type { CertificateSubject } from './common.ts';

const WEAK_SIGNATURES: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.2': 'MD2',
  '1.2.840.113549.1.1.4': 'MD5',
  '1.2.840.113549.1.1.5': 'SHA-1',
  '1.2.840.10045.4.1': 'SHA-1',
  '1.2.840.10040.4.3': 'SHA-1',
};

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
