import type { SystemRule } from '../../rule.ts';
import { BCP, serverHit } from './common.ts';

/** An hour; longer ones need a way to revoke that resource servers ask. */
const LIFETIME_MAX_S = 3600;

export const LONG_TOKEN = {
  id: 'oauth.long-access-token',
  name: 'Access tokens live long',
  severity: 'low',
  cwe: [613],
  why: 'An access token that is checked by its signature alone works until it expires, whatever happens to the user in the meantime.',
  help: 'let access tokens live for minutes and refresh them',
  references: [BCP],
  tags: ['owasp-api:API2:2023'],
  *check({ system }) {
    for (const server of system.oauthServers) {
      const lifetime = server.accessTokenLifetimeS;
      if (lifetime && lifetime.value > LIFETIME_MAX_S)
        yield serverHit(
          server,
          lifetime.path,
          `access tokens of \`${server.name}\` live for ${Math.round(lifetime.value / 360) / 10} hours`,
          {
            severity: lifetime.value > 24 * LIFETIME_MAX_S ? 'medium' : 'low',
          },
        );
    }
  },
} satisfies SystemRule;
