import type { SystemRule } from '../../rule.ts';
import { serverHit } from './common.ts';

export const NO_BRUTE_FORCE = {
  id: 'oauth.no-brute-force-protection',
  name: 'Passwords may be guessed without limit',
  severity: 'medium',
  cwe: [307],
  why: 'Nothing stops a program from trying passwords against the login page and the password grant.',
  help: 'switch brute force detection on',
  references: ['https://www.keycloak.org/docs/latest/server_admin/#password-guess-brute-force-attacks'],
  tags: ['owasp-api:API2:2023', 'owasp-api:API4:2023'],
  *check({ system }) {
    for (const server of system.oauthServers)
      if (server.bruteForceProtected?.value === false)
        yield serverHit(server, server.bruteForceProtected.path, `the realm \`${server.name}\` does not stop password guessing`, {
          fix: { text: this.help, yaml: 'bruteForceProtected: true\n' },
        });
  },
} satisfies SystemRule;
