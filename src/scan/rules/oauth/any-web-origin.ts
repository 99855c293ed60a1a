import type { SystemRule } from '../../rule.ts';
import { BCP, clientHit, clientsOf } from './common.ts';

/** Which pages may read answers of the server in the user's name. */
export const ANY_ORIGIN = {
  id: 'oauth.any-web-origin',
  name: 'Any web origin may call the token endpoint',
  severity: 'medium',
  cwe: [942],
  why: 'With `*` every page that a user visits may call token and user information endpoints for this client and read what they answer.',
  help: 'name the origins; in Keycloak `+` means those of the redirect addresses',
  references: [BCP],
  tags: ['owasp-api:API8:2023'],
  *check(context) {
    for (const client of clientsOf(context))
      for (const { value, path } of client.webOrigins)
        if (value === '*' || /^https?:\/\/\*$/.test(value))
          yield clientHit(client, path, `the client \`${client.id}\` takes calls from any web origin`, {
            ...(client.source === 'keycloak' && {
              fix: { text: 'allow the origins of the redirect addresses', yaml: 'webOrigins: ["+"]\n' },
            }),
          });
  },
} satisfies SystemRule;
