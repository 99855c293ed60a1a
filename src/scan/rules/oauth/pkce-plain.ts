import type { SystemRule } from '../../rule.ts';
import { BCP, clientHit, clientsOf, has, serverHit } from './common.ts';

/** RFC 7636 section 7.2. */
export const PKCE_PLAIN = {
  id: 'oauth.pkce-plain',
  name: 'PKCE with the method plain',
  severity: 'medium',
  cwe: [319],
  why: 'With `plain` the challenge in the address is the verifier itself: who sees the request can redeem the code, so that PKCE protects nothing.',
  help: 'allow `S256` only',
  references: [BCP, 'RFC 7636 section 7.2'],
  tags: ['owasp-api:API2:2023'],
  *check(context) {
    for (const client of clientsOf(context))
      if (client.pkce?.value === 'plain')
        yield clientHit(client, client.pkce.path, `the client \`${client.id}\` uses PKCE with \`plain\``);
    for (const server of context.system.oauthServers)
      if (has(server.pkceMethods, 'plain'))
        yield serverHit(server, server.pkceMethods?.path, `the server \`${server.name}\` takes PKCE with \`plain\``, {
          fix: { text: this.help, yaml: 'code_challenge_methods_supported: [S256]\n' },
        });
  },
} satisfies SystemRule;
