import type { SystemRule } from '../../rule.ts';
import { BCP, clientHit, clientsOf, flowHits, has, serverHit } from './common.ts';

/** RFC 9700 section 2.4. */
export const PASSWORD_GRANT = {
  id: 'oauth.password-grant',
  name: 'Password grant',
  severity: 'high',
  cwe: [522, 287],
  why: 'Users hand their password to the client, which then can do everything they can, for ever. Second factors, consent and single sign-on are passed by, and guessing passwords needs no page.',
  help: 'use the authorization code grant with PKCE; for services the client credentials grant',
  references: [BCP, 'RFC 9700 section 2.4'],
  tags: ['owasp-api:API2:2023'],
  *check(context) {
    for (const client of clientsOf(context))
      if (has(client.grants, 'password'))
        yield clientHit(client, client.grants?.path, `the client \`${client.id}\` may use the password grant`, {
          severity: client.public?.value === true ? 'high' : 'medium',
          fix:
            client.source === 'keycloak'
              ? { text: 'switch direct access grants off', yaml: 'directAccessGrantsEnabled: false\n' }
              : { text: 'take `password` out of the grants' },
        });
    for (const server of context.system.oauthServers)
      if (has(server.grants, 'password'))
        yield serverHit(server, server.grants?.path, `the server \`${server.name}\` offers the password grant`, {
          severity: 'medium',
        });
    yield* flowHits(context, 'password');
  },
} satisfies SystemRule;
