import type { FindingEdit } from '#model/finding.ts';
import { originOf } from '#model/origin.ts';
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { SystemRule } from '../../rule.ts';
import { BCP, clientHit, clientsOf, flowHits, givesTokens, has, serverHit } from './common.ts';

/** RFC 9700 section 2.1.2. */
export const IMPLICIT_GRANT = {
  id: 'oauth.implicit-grant',
  name: 'Implicit grant',
  severity: 'high',
  cwe: [522, 598],
  why: 'Access tokens come back in the address of the redirect. Browser history, Referer headers, extensions and every script of the page see them, nothing ties them to the client, and an attacker who gets a token put in is not noticed.',
  help: 'use the authorization code grant with PKCE',
  references: [BCP, 'RFC 9700 section 2.1.2'],
  tags: ['owasp-api:API2:2023'],
  *check(context) {
    for (const client of clientsOf(context)) {
      const implicit = has(client.grants, 'implicit', 'urn:ietf:params:oauth:grant-type:implicit');
      const tokens = client.responseTypes?.value.some(givesTokens) === true;
      if (!implicit && !tokens) continue;
      yield clientHit(
        client,
        implicit ? client.grants?.path : client.responseTypes?.path,
        `the client \`${client.id}\` may use the implicit grant`,
        {
          fix:
            client.source === 'keycloak'
              ? {
                  text: 'switch the implicit flow off',
                  yaml: 'implicitFlowEnabled: false\nstandardFlowEnabled: true\n',
                  ...edit(client.resource, [...client.path, 'implicitFlowEnabled']),
                }
              : { text: 'ask for codes only', yaml: 'grant_types: [authorization_code]\nresponse_types: [code]\n' },
        },
      );
    }
    for (const server of context.system.oauthServers) {
      const implicit = has(server.grants, 'implicit');
      const tokens = server.responseTypes?.value.some(givesTokens) === true;
      if (!implicit && !tokens) continue;
      yield serverHit(
        server,
        implicit ? server.grants?.path : server.responseTypes?.path,
        `the server \`${server.name}\` offers the implicit grant`,
        {
          severity: 'medium',
          message: `Every client that is registered for it may use it; see which are. ${this.why}`,
        },
      );
    }
    yield* flowHits(context, 'implicit');
  },
} satisfies SystemRule;

function edit(resource: Resource, path: Path): { readonly edits?: readonly FindingEdit[] } {
  const document = originOf(resource);
  return document ? { edits: [{ op: 'set', document, path, value: false }] } : {};
}
