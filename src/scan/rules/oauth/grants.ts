import type { FindingEdit } from '#model/finding.ts';
import { originOf } from '#model/origin.ts';
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { SystemRule } from '../../rule.ts';
import { BCP, clientHit, clientsOf, givesTokens, has, serverHit } from './common.ts';

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
    for (const api of context.system.apis)
      for (const { name, flows, node } of api.securitySchemes)
        for (const { type, at } of flows)
          if (type === 'implicit')
            yield {
              title: `the API's scheme \`${name}\` has clients use the implicit grant`,
              severity: 'medium',
              at: { resource: node.resource, path: at },
              detail: name,
            };
  },
} satisfies SystemRule;

function edit(resource: Resource, path: Path): { readonly edits?: readonly FindingEdit[] } {
  const document = originOf(resource);
  return document ? { edits: [{ op: 'set', document, path, value: false }] } : {};
}

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

/** RFC 9700 section 2.4. */
export const PASSWORD_GRANT = {
  id: 'oauth.password-grant',
  name: 'Password grant',
  severity: 'high',
  cwe: [522, 287],
  why: 'Users hand their password to the client, which then can do everything they can, for ever. Second factors, consent and single sign-on are passed by, and guessing passwords needs no page.',
  help: 'use the authorization code grant with PKCE; for services the client credentials grant',
  references: [BCP, 'RFC 9700 section 2.4'],
  tags: ['owasp-api:API2:2023'],
  *check(context) {
    for (const client of clientsOf(context))
      if (has(client.grants, 'password'))
        yield clientHit(client, client.grants?.path, `the client \`${client.id}\` may use the password grant`, {
          severity: client.public?.value === true ? 'high' : 'medium',
          fix:
            client.source === 'keycloak'
              ? { text: 'switch direct access grants off', yaml: 'directAccessGrantsEnabled: false\n' }
              : { text: 'take `password` out of the grants' },
        });
    for (const server of context.system.oauthServers)
      if (has(server.grants, 'password'))
        yield serverHit(server, server.grants?.path, `the server \`${server.name}\` offers the password grant`, {
          severity: 'medium',
        });
    for (const api of context.system.apis)
      for (const { name, flows, node } of api.securitySchemes)
        for (const { type, at } of flows)
          if (type === 'password')
            yield {
              title: `the API's scheme \`${name}\` has clients use the password grant`,
              severity: 'medium',
              at: { resource: node.resource, path: at },
              detail: name,
            };
  },
} satisfies SystemRule;
