import type { SystemRule } from '../../rule.ts';
import { BCP, clientHit, clientsOf, hostOf, isLoopbackUri } from './common.ts';

/** RFC 9700 section 2.6; loopback is for native clients (RFC 8252 section 7.3). */
export const PLAIN_REDIRECT = {
  id: 'oauth.http-redirect',
  name: 'Redirect over plain HTTP',
  severity: 'high',
  cwe: [319],
  why: "The code travels unencrypted. Whoever is on the way redeems it, or changes the answer so that the victim works in the attacker's account.",
  help: 'redirect to `https`; loopback addresses of native clients may stay',
  references: [BCP, 'RFC 9700 section 2.6', 'RFC 8252 section 7.3'],
  tags: ['owasp-api:API2:2023', 'pci-dss:4.2.1'],
  *check(context) {
    for (const client of clientsOf(context))
      for (const { value, path } of client.redirectUris)
        if (/^http:\/\//i.test(value) && !isLoopbackUri(value) && !/^http:\/\/(?:\*|\$\{|\{)/.test(value))
          yield clientHit(client, path, `the client \`${client.id}\` is redirected to \`${value.slice(0, 100)}\` without TLS`, {
            severity: isInner(value) ? 'medium' : 'high',
            detail: `${client.id} ${value}`,
          });
  },
} satisfies SystemRule;

function isInner(uri: string): boolean {
  const host = hostOf(uri) ?? '';
  return (
    !host.includes('.') ||
    /\.(?:local|internal|svc|test|example|lan)$|\.svc\.|^10\.|^192\.168\.|^172\.(?:1[6-9]|2\d|3[01])\./.test(host)
  );
}
