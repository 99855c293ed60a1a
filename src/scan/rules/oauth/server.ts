import type { SystemRule } from '../../rule.ts';
import { isLocal } from '../api/credentials.ts';
import { BCP, clientHit, clientsOf, has, serverHit } from './common.ts';

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

/** RFC 9207. */
export const NO_ISSUER_IN_RESPONSE = {
  id: 'oauth.no-issuer-in-response',
  name: 'Authorization responses do not name their issuer',
  severity: 'low',
  cwe: [346],
  why: "A client of several servers cannot tell which of them answered. A server under an attacker's control has it send the code of another one to itself (mix-up attack).",
  help: 'send `iss` and say so by `authorization_response_iss_parameter_supported`',
  references: ['RFC 9207', BCP],
  tags: ['owasp-api:API2:2023'],
  *check({ system }) {
    for (const server of system.oauthServers)
      if (server.issInResponse?.value === false)
        yield serverHit(
          server,
          server.issInResponse.path,
          `the server \`${server.name}\` does not send \`iss\` with its responses`,
        );
  },
} satisfies SystemRule;

/** RFC 9700 section 4.14. */
export const NO_ROTATION = {
  id: 'oauth.refresh-not-rotated',
  name: 'Refresh tokens are not rotated',
  severity: 'medium',
  cwe: [613],
  why: 'A refresh token that was stolen from a browser or phone works beside the real one until it expires; with rotation its second use is noticed and ends both.',
  help: 'rotate refresh tokens of public clients, or bind them to a key (DPoP, mutual TLS)',
  references: [BCP, 'RFC 9700 section 4.14'],
  tags: ['owasp-api:API2:2023'],
  *check(context) {
    for (const server of context.system.oauthServers) {
      if (server.refreshRotation?.value !== false) continue;
      const known = context.system.oauthClients.filter((client) => client.server === server.name && client.enabled);
      const open = known.filter(
        (client) => client.public?.value === true && has(client.grants, 'authorization_code', 'implicit', 'password'),
      );
      // Confidential clients authenticate when they refresh, which holds a stolen token back.
      if (known.length > 0 && open.length === 0) continue;
      yield serverHit(server, server.refreshRotation.path, `the server \`${server.name}\` does not rotate refresh tokens`, {
        severity: open.length > 0 ? 'medium' : 'low',
        ...(server.source === 'keycloak' && {
          fix: { text: 'revoke a refresh token when it is used', yaml: 'revokeRefreshToken: true\nrefreshTokenMaxReuse: 0\n' },
        }),
      });
    }
    for (const client of clientsOf(context))
      if (client.refreshRotation?.value === false && client.public?.value !== false)
        yield clientHit(client, client.refreshRotation.path, `refresh tokens of the client \`${client.id}\` are not rotated`);
  },
} satisfies SystemRule;

export const PLAIN_SERVER = {
  id: 'oauth.http-endpoint',
  name: 'Authorization server without TLS',
  severity: 'high',
  cwe: [319],
  why: 'Passwords, codes, tokens and client secrets travel unencrypted.',
  help: 'serve every endpoint over `https`',
  references: ['RFC 6749 section 3.1', BCP],
  tags: ['owasp-api:API2:2023', 'pci-dss:4.2.1'],
  *check({ system }) {
    for (const server of system.oauthServers) {
      if (server.sslRequired?.value.toLowerCase() === 'none')
        yield serverHit(server, server.sslRequired.path, `the realm \`${server.name}\` does not demand TLS`, {
          fix: { text: 'demand it from outside', yaml: 'sslRequired: external\n' },
        });
      const plain = server.endpoints.find(({ value }) => /^http:\/\//i.test(value) && !isLocal(value));
      if (plain) yield serverHit(server, plain.path, `\`${plain.name}\` of \`${server.name}\` is plain HTTP`);
    }
  },
} satisfies SystemRule;

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

/** An hour; longer ones need a way to revoke that resource servers ask. */
const LIFETIME_MAX_S = 3600;

export const LONG_TOKEN = {
  id: 'oauth.long-access-token',
  name: 'Access tokens live long',
  severity: 'low',
  cwe: [613],
  why: 'An access token that is checked by its signature alone works until it expires, whatever happens to the user in the meantime.',
  help: 'let access tokens live for minutes and refresh them',
  references: [BCP],
  tags: ['owasp-api:API2:2023'],
  *check({ system }) {
    for (const server of system.oauthServers) {
      const lifetime = server.accessTokenLifetimeS;
      if (lifetime && lifetime.value > LIFETIME_MAX_S)
        yield serverHit(
          server,
          lifetime.path,
          `access tokens of \`${server.name}\` live for ${Math.round(lifetime.value / 360) / 10} hours`,
          {
            severity: lifetime.value > 24 * LIFETIME_MAX_S ? 'medium' : 'low',
          },
        );
    }
  },
} satisfies SystemRule;
