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

const AGE_MAX_DAYS = 30;
const DAY_MS = 86_400_000;

/** Secrets that nobody changes. */
export const OLD_SECRET = {
  id: 'oauth.old-secret',
  name: 'Client secret older than 30 days',
  severity: 'medium',
  cwe: [324],
  why: 'The longer a secret lives, the more logs, machines and former colleagues have seen it. One that never expires is rotated only after an incident.',
  help: 'rotate the secret, and give it an end (`client_secret_expires_at`)',
  references: ['RFC 7591 section 3.2.1', BCP],
  tags: ['pci-dss:8.6.3', 'soc2:CC6.1'],
  *check(context) {
    for (const client of clientsOf(context)) {
      const { secret } = client;
      if (!secret) continue;
      const days = secret.createdMs === undefined ? undefined : Math.floor((context.now - secret.createdMs) / DAY_MS);
      if (days !== undefined && days > AGE_MAX_DAYS)
        yield clientHit(client, secret.path, `the secret of the client \`${client.id}\` is ${days} days old`, {
          ...(secret.expiresMs === 0 && { message: `It never expires. ${this.why}` }),
        });
      else if (secret.expiresMs === 0 && days === undefined)
        yield clientHit(client, secret.path, `the secret of the client \`${client.id}\` never expires`, { severity: 'low' });
    }
  },
} satisfies SystemRule;
