// What rules over OAuth documents share.
import type { OAuthClient, OAuthServer } from '#model/oauth.ts';
import type { Path } from '#model/origin.ts';
import type { Hit, ScanContext } from '../../rule.ts';

export const BCP = 'RFC 9700 (OAuth 2.0 Security Best Current Practice)';

/** Clients that are switched on. */
export function clientsOf({ system }: ScanContext): readonly OAuthClient[] {
  return system.oauthClients.filter(({ enabled }) => enabled);
}

/** A hit about a client, at a part of its document. */
export function clientHit(client: OAuthClient, path: Path | undefined, title: string, more: Partial<Hit> = {}): Hit {
  return { title, at: { resource: client.resource, path: path ?? client.path }, detail: client.id, ...more };
}

/** Hits at every flow of that type in the security schemes of APIs: their clients are told to use it. */
export function* flowHits({ system }: ScanContext, grant: 'implicit' | 'password'): Generator<Hit> {
  for (const api of system.apis)
    for (const { name, flows, node } of api.securitySchemes)
      for (const { type, at } of flows)
        if (type === grant)
          yield {
            title: `the API's scheme \`${name}\` has clients use the ${grant} grant`,
            severity: 'medium',
            at: { resource: node.resource, path: at },
            detail: name,
          };
}

export function serverHit(server: OAuthServer, path: Path | undefined, title: string, more: Partial<Hit> = {}): Hit {
  return { title, at: { resource: server.resource, path: path ?? server.path }, detail: server.name, ...more };
}

/** `http://127.0.0.1`, `http://[::1]`, `http://localhost`: native clients listen there (RFC 8252 section 7.3). */
export function isLoopbackUri(uri: string): boolean {
  return /^https?:\/\/(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?:[:/?#]|$)/i.test(uri);
}

/** The host of an absolute http(s) address, lower case. */
export function hostOf(uri: string): string | undefined {
  return /^https?:\/\/(?:[^/?#@]*@)?(\[[^\]/]*\]|[^/:?#@]+)/i.exec(uri)?.[1]?.toLowerCase();
}

/** The domain under which somebody registers names: the last two labels, three under suffixes such as `co.uk`. */
export function siteOf(host: string): string {
  const labels = host.split('.');
  const second = labels.at(-2) ?? '';
  const size =
    labels.length > 2 && labels.at(-1)!.length === 2 && /^(?:com?|org|net|gov|ac|edu|gob|or|ne|go)$/.test(second) ? 3 : 2;
  return labels.slice(-size).join('.');
}

/** Whether tokens come straight from the authorization endpoint, where anything in the browser sees them. */
export function givesTokens(responseType: string): boolean {
  return responseType.split(/\s+/).includes('token');
}

export function has(list: { readonly value: readonly string[] } | undefined, ...names: readonly string[]): boolean {
  return list?.value.some((one) => names.includes(one)) === true;
}
