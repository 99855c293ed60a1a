import type { SystemRule } from '../../rule.ts';
import { BCP, clientHit, clientsOf, hostOf, isLoopbackUri } from './common.ts';

const why =
  'The server sends codes and tokens to every address that matches. With a wildcard an attacker uses a page of the site that redirects on, an upload, or a host of their own to receive them.';

/** RFC 9700 section 2.1: exact matching. */
export const WILDCARD_REDIRECT = {
  id: 'oauth.wildcard-redirect',
  name: 'Redirect address with a wildcard',
  severity: 'high',
  cwe: [601],
  why,
  help: 'write every redirect address out',
  references: [BCP, 'RFC 9700 section 2.1'],
  tags: ['owasp-api:API2:2023'],
  *check(context) {
    for (const client of clientsOf(context)) {
      for (const { value, path } of client.redirectUris) {
        const kind = wildcardOf(value);
        if (!kind) continue;
        // Below one fixed host and path only that application's own open redirects help; on this machine only its user is at risk.
        const severity = isLoopbackUri(value) ? 'low' : kind === 'path' ? 'medium' : kind === 'all' ? 'critical' : 'high';
        yield clientHit(
          client,
          path,
          `the client \`${client.id}\` may be redirected to \`${value.slice(0, 100)}\`${kind === 'all' ? ', which is anywhere' : ''}`,
          {
            severity,
            detail: `${client.id} ${value}`,
          },
        );
      }
    }
  },
} satisfies SystemRule;

/** Where the wildcard stands: the whole address, the host, or the path behind a fixed host. */
function wildcardOf(uri: string): 'all' | 'host' | 'path' | undefined {
  // Placeholders are filled in before the server sees them; `{baseUrl}` is Spring's.
  const plain = uri.replaceAll(/\$?\{[^{}]{0,100}\}/g, 'x');
  if (!/\*|\.\*|\.\+|%2a/i.test(plain)) return undefined;
  if (/^(?:https?:\/\/)?\*+(?:\/\*+)?$|^\.\*$/.test(plain) || /^(?:\*|https?|\w+):\/\/\*(?:[:/]|$)/.test(plain)) return 'all';
  const host = hostOf(plain);
  if (host === undefined) return plain.startsWith('/') || /^[a-z][\w.+-]*:/i.test(plain) ? 'path' : 'host';
  return host.includes('*') || /^https?:\/\/[^/]*\*/i.test(plain) ? 'host' : 'path';
}
