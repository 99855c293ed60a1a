import type { SystemRule } from '../../rule.ts';
import { BCP, serverHit } from './common.ts';

/** RFC 7591 section 5. */
export const OPEN_REGISTRATION = {
  id: 'oauth.open-registration',
  name: 'Anybody may register clients',
  severity: 'high',
  cwe: [306, 287],
  why: 'An attacker registers a client with a name and logo that users trust and a redirect address of their own, and then asks users for consent through the real login page.',
  help: 'demand an initial access token or a software statement, or switch dynamic registration off',
  references: [BCP, 'RFC 7591 section 5'],
  tags: ['owasp-api:API2:2023'],
  *check({ system }) {
    for (const server of system.oauthServers) {
      const { registration } = server;
      if (registration?.value === 'open')
        yield serverHit(server, registration.path, `the server \`${server.name}\` lets anybody register clients`, {
          fix:
            server.source === 'keycloak'
              ? { text: 'give anonymous registration the policy `trusted-hosts`, with no host in it' }
              : {
                  text: 'demand an initial access token',
                  yaml: 'features:\n  registration:\n    enabled: true\n    initialAccessToken: true\n',
                },
        });
      else if (registration?.value === 'unknown')
        yield serverHit(server, registration.path, `the server \`${server.name}\` has a registration endpoint`, {
          severity: 'low',
          message: `The metadata does not say who may use it. ${this.why}`,
        });
    }
  },
} satisfies SystemRule;
