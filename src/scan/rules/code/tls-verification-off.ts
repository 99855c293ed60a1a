import { faultRule } from './fault-rule.ts';

export const TLS_OFF = faultRule('tls-verification-off', {
  name: 'Certificates are not checked',
  severity: 'high',
  cwe: [295],
  why: "Whoever is on the way answers in the server's place, reads what is sent (credentials too) and changes what comes back.",
  help: 'trust the authority that signed the certificate (`ca`, a CA bundle), and keep the check on',
  references: ['RFC 9525', 'https://cwe.mitre.org/data/definitions/295.html'],
  tags: ['pci-dss:4.2.1', 'owasp-api:API8:2023'],
});
