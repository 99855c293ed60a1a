import type { SystemRule } from '../../rule.ts';
import { BCP, clientHit, clientsOf, has, serverHit } from './common.ts';

/** RFC 9700 section 4.14. */
export const NO_ROTATION = {
  id: 'oauth.refresh-not-rotated',
  name: 'Refresh tokens are not rotated',
  severity: 'medium',
  cwe: [613],
  why: 'A refresh token that was stolen from a browser or phone works beside the real one until it expires; with rotation its second use is noticed and ends both.',
  help: 'rotate refresh tokens of public clients, or bind them to a key (DPoP, mutual TLS)',
  references: [BCP, 'RFC 9700 section 4.14'],
  tags: ['owasp-api:API2:2023'],
  *check(context) {
    for (const server of context.system.oauthServers) {
      if (server.refreshRotation?.value !== false) continue;
      const known = context.system.oauthClients.filter((client) => client.server === server.name && client.enabled);
      const open = known.filter(
        (client) => client.public?.value === true && has(client.grants, 'authorization_code', 'implicit', 'password'),
      );
      // Confidential clients authenticate when they refresh, which holds a stolen token back.
      if (known.length > 0 && open.length === 0) continue;
      yield serverHit(server, server.refreshRotation.path, `the server \`${server.name}\` does not rotate refresh tokens`, {
        severity: open.length > 0 ? 'medium' : 'low',
        ...(server.source === 'keycloak' && {
          fix: { text: 'revoke a refresh token when it is used', yaml: 'revokeRefreshToken: true\nrefreshTokenMaxReuse: 0\n' },
        }),
      });
    }
    for (const client of clientsOf(context))
      if (client.refreshRotation?.value === false && client.public?.value !== false)
        yield clientHit(client, client.refreshRotation.path, `refresh tokens of the client \`${client.id}\` are not rotated`);
  },
} satisfies SystemRule;
