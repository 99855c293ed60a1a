import type { SystemRule } from '../../rule.ts';
import { BCP, clientHit, clientsOf, givesTokens } from './common.ts';

/** OpenID Connect's implicit flow for ID tokens alone: weaker than a code, but no access token is in the address. */
export const ID_TOKEN_RESPONSE = {
  id: 'oauth.id-token-response',
  name: 'ID token from the authorization endpoint',
  severity: 'medium',
  cwe: [598],
  why: 'The ID token comes back through the browser, where it can be read and swapped; it proves a login only if the client checks nonce and signature itself.',
  help: 'use `response_type=code` with PKCE',
  references: [BCP, 'RFC 9700 section 2.1.2', 'OpenID Connect Core 1.0 section 3.2'],
  tags: ['owasp-api:API2:2023'],
  *check(context) {
    for (const client of clientsOf(context)) {
      const types = client.responseTypes?.value ?? [];
      if (types.includes('id_token') && !types.some(givesTokens))
        yield clientHit(
          client,
          client.responseTypes?.path,
          `the client \`${client.id}\` takes ID tokens from the authorization endpoint`,
        );
    }
  },
} satisfies SystemRule;
