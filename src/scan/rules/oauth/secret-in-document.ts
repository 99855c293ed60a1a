import type { SystemRule } from '../../rule.ts';
import { BCP, clientHit, clientsOf } from './common.ts';

/** The secret itself stands in a file. */
export const SECRET_IN_DOCUMENT = {
  id: 'oauth.secret-in-document',
  name: 'Client secret in a file',
  severity: 'high',
  cwe: [798, 540],
  why: 'Whoever reads the repository, a backup or an image can act as this client, and git keeps the value after it was removed.',
  help: 'put a reference in its place, make a new secret and revoke this one',
  references: [BCP, 'RFC 6749 section 10.1'],
  tags: ['owasp-api:API2:2023', 'pci-dss:8.6.2'],
  *check(context) {
    for (const client of clientsOf(context))
      if (client.secret?.literal)
        yield clientHit(client, client.secret.path, `the secret of the client \`${client.id}\` is written in the document`, {
          fix: {
            text: this.help,
            ...(client.source === 'spring' && { yaml: 'client-secret: ${OAUTH_CLIENT_SECRET}\n' }),
            ...(client.source === 'keycloak' && { yaml: 'secret: ${vault.client-secret}\n' }),
          },
        });
  },
} satisfies SystemRule;
