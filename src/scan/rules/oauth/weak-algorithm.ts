import type { SystemRule } from '../../rule.ts';
import { BCP, clientHit, clientsOf, has, serverHit } from './common.ts';

/** RFC 8725 section 3.2, RFC 7518. */
export const WEAK_ALGORITHM = {
  id: 'oauth.weak-algorithm',
  name: 'Tokens without a signature, or signed with a shared secret',
  severity: 'medium',
  cwe: [347, 327],
  why: 'With `none` anybody writes tokens. With HS256 the key that checks tokens also makes them, so that every client that checks ID tokens, and everybody who gets its secret, can forge them.',
  help: 'sign with ES256, EdDSA, PS256 or RS256',
  references: ['RFC 8725 section 3.2', BCP],
  tags: ['owasp-api:API2:2023'],
  *check(context) {
    for (const server of context.system.oauthServers) {
      const { signing } = server;
      if (has(signing, 'none'))
        yield serverHit(server, signing?.path, `the server \`${server.name}\` gives out tokens with the algorithm \`none\``, {
          severity: 'high',
        });
      // Beside asymmetric ones HS256 is only for clients that ask for it.
      else if (signing && signing.value.length > 0 && signing.value.every((one) => one.startsWith('HS')))
        yield serverHit(
          server,
          signing.path,
          `the server \`${server.name}\` signs tokens with a shared secret (\`${signing.value[0]}\`)`,
        );
    }
    for (const client of clientsOf(context)) {
      const { signing } = client;
      if (has(signing, 'none'))
        yield clientHit(client, signing?.path, `the client \`${client.id}\` takes tokens with the algorithm \`none\``, {
          severity: 'high',
        });
      else if (signing?.value.some((one) => one.startsWith('HS')))
        yield clientHit(
          client,
          signing.path,
          `tokens of the client \`${client.id}\` are signed with a shared secret (\`${signing.value[0]}\`)`,
        );
    }
  },
} satisfies SystemRule;
