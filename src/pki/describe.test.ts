import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { certificate, ecKey, HOUR, IDENTITY, leafExtensions, NOW, rootCertificate } from '../../test/fakes/certificates.ts';
import { nameDer } from './certificate-write.ts';
import { describeCertificate, describeCertificates } from './describe.ts';

test('a certificate is described as OpenSSL would', () => {
  const root = rootCertificate({ subject: nameDer('cluster.local', 'Root') });
  const leaf = certificate({ issuer: root, subject: nameDer(), key: ecKey('P-384'), extensions: leafExtensions() });
  const x509 = new X509Certificate(leaf.der);
  assert.deepEqual(describeCertificate(leaf.pem + root.pem), {
    identity: IDENTITY,
    subject: '',
    issuer: 'O=cluster.local, CN=Root',
    serial: x509.serialNumber.toLowerCase(),
    notBeforeMs: NOW - HOUR,
    notAfterMs: NOW + HOUR,
    key: 'ECDSA P-384',
    signature: 'ecdsa-with-SHA256',
    ca: false,
    usages: ['digital signature', 'TLS server', 'TLS client'],
    fingerprint: x509.fingerprint256.replaceAll(':', '').toLowerCase(),
  });
  assert.deepEqual(
    describeCertificates(leaf.pem + root.pem).map((one) => one.ca),
    [false, true],
  );
});

test('control characters of a name do not reach a terminal', () => {
  const described = describeCertificate(
    certificate({ subject: nameDer('a\x1b[31m\n\u202eb'), extensions: leafExtensions() }).pem,
  );
  assert.equal(described.subject, 'O=a?[31m??b');
});

test('what is no certificate is refused', () => {
  for (const text of ['', 'x', '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n']) {
    assert.throws(() => describeCertificate(text), { code: 'trust.rejected' });
  }
});
