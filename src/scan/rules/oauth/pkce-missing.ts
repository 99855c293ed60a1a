import type { OAuthClient } from '#model/oauth.ts';
import type { SystemRule } from '../../rule.ts';
import { BCP, clientHit, clientsOf, has, serverHit } from './common.ts';

/** RFC 9700 section 2.1.1. */
export const PKCE_MISSING = {
  id: 'oauth.pkce-missing',
  name: 'Authorization code without PKCE',
  severity: 'medium',
  cwe: [345, 287],
  why: "A code that is caught on its way (another app under the same address, a log, a Referer header) can be redeemed, or put into a victim's session, because nothing ties it to the client that asked.",
  help: 'demand PKCE with `S256`',
  references: [BCP, 'RFC 7636', 'RFC 9700 section 2.1.1'],
  tags: ['owasp-api:API2:2023'],
  *check(context) {
    const { oauthServers } = context.system;
    for (const client of clientsOf(context)) {
      if (client.pkce?.value !== 'off' || !usesCodes(client)) continue;
      const isPublic = client.public?.value === true;
      yield clientHit(
        client,
        client.pkce.path,
        `the ${isPublic ? 'public client' : 'client'} \`${client.id}\` need not use PKCE`,
        {
          severity: isPublic ? 'high' : 'medium',
          fix:
            client.source === 'keycloak'
              ? { text: 'demand the method `S256`', yaml: 'attributes:\n  pkce.code.challenge.method: S256\n' }
              : { text: this.help },
        },
      );
    }
    for (const server of oauthServers) {
      if (server.pkceRequired?.value === false)
        yield serverHit(server, server.pkceRequired.path, `the server \`${server.name}\` does not demand PKCE`);
      else if (server.pkceMethods?.value.length === 0 && (!server.grants || has(server.grants, 'authorization_code')))
        yield serverHit(server, server.pkceMethods.path, `the server \`${server.name}\` does not say that it supports PKCE`, {
          message: `Its metadata has no \`code_challenge_methods_supported\`, which means that it does not (RFC 8414 section 2); clients then leave PKCE out. ${this.why}`,
          fix: { text: 'support PKCE and say so', yaml: 'code_challenge_methods_supported: [S256]\n' },
        });
    }
  },
} satisfies SystemRule;

function usesCodes(client: OAuthClient): boolean {
  return !client.grants || has(client.grants, 'authorization_code');
}
