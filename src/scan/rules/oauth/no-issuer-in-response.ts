import type { SystemRule } from '../../rule.ts';
import { BCP, serverHit } from './common.ts';

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
