import type { SystemRule } from '../../rule.ts';
import { BCP, clientHit, clientsOf } from './common.ts';

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
