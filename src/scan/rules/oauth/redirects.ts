import type { OAuthClient, Stated } from '#model/oauth.ts';
import type { Hit, SystemRule } from '../../rule.ts';
import { BCP, clientHit, clientsOf, hostOf, isLoopbackUri, siteOf } from './common.ts';

const why =
  'The server sends codes and tokens to every address that matches. With a wildcard an attacker uses a page of the site that redirects on, an upload, or a host of their own to receive them.';

/** RFC 9700 section 2.1: exact matching. */
export const WILDCARD_REDIRECT = {
  id: 'oauth.wildcard-redirect',
  name: 'Redirect address with a wildcard',
  severity: 'high',
  cwe: [601],
  why,
  help: 'write every redirect address out',
  references: [BCP, 'RFC 9700 section 2.1'],
  tags: ['owasp-api:API2:2023'],
  *check(context) {
    for (const client of clientsOf(context)) {
      for (const { value, path } of client.redirectUris) {
        const kind = wildcardOf(value);
        if (!kind) continue;
        // Below one fixed host and path only that application's own open redirects help; on this machine only its user is at risk.
        const severity = isLoopbackUri(value) ? 'low' : kind === 'path' ? 'medium' : kind === 'all' ? 'critical' : 'high';
        yield clientHit(
          client,
          path,
          `the client \`${client.id}\` may be redirected to \`${value.slice(0, 100)}\`${kind === 'all' ? ', which is anywhere' : ''}`,
          {
            severity,
            detail: `${client.id} ${value}`,
          },
        );
      }
    }
  },
} satisfies SystemRule;

/** Where the wildcard stands: the whole address, the host, or the path behind a fixed host. */
function wildcardOf(uri: string): 'all' | 'host' | 'path' | undefined {
  // Placeholders are filled in before the server sees them; `{baseUrl}` is Spring's.
  const plain = uri.replaceAll(/\$?\{[^{}]{0,100}\}/g, 'x');
  if (!/\*|\.\*|\.\+|%2a/i.test(plain)) return undefined;
  if (/^(?:https?:\/\/)?\*+(?:\/\*+)?$|^\.\*$/.test(plain) || /^(?:\*|https?|\w+):\/\/\*(?:[:/]|$)/.test(plain)) return 'all';
  const host = hostOf(plain);
  if (host === undefined) return plain.startsWith('/') || /^[a-z][\w.+-]*:/i.test(plain) ? 'path' : 'host';
  return host.includes('*') || /^https?:\/\/[^/]*\*/i.test(plain) ? 'host' : 'path';
}

/** RFC 9700 section 2.6; loopback is for native clients (RFC 8252 section 7.3). */
export const PLAIN_REDIRECT = {
  id: 'oauth.http-redirect',
  name: 'Redirect over plain HTTP',
  severity: 'high',
  cwe: [319],
  why: "The code travels unencrypted. Whoever is on the way redeems it, or changes the answer so that the victim works in the attacker's account.",
  help: 'redirect to `https`; loopback addresses of native clients may stay',
  references: [BCP, 'RFC 9700 section 2.6', 'RFC 8252 section 7.3'],
  tags: ['owasp-api:API2:2023', 'pci-dss:4.2.1'],
  *check(context) {
    for (const client of clientsOf(context))
      for (const { value, path } of client.redirectUris)
        if (/^http:\/\//i.test(value) && !isLoopbackUri(value) && !/^http:\/\/(?:\*|\$\{|\{)/.test(value))
          yield clientHit(client, path, `the client \`${client.id}\` is redirected to \`${value.slice(0, 100)}\` without TLS`, {
            severity: isInner(value) ? 'medium' : 'high',
            detail: `${client.id} ${value}`,
          });
  },
} satisfies SystemRule;

function isInner(uri: string): boolean {
  const host = hostOf(uri) ?? '';
  return (
    !host.includes('.') ||
    /\.(?:local|internal|svc|test|example|lan)$|\.svc\.|^10\.|^192\.168\.|^172\.(?:1[6-9]|2\d|3[01])\./.test(host)
  );
}

/** An address on a site that none of the client's others are on. */
export const FOREIGN_REDIRECT = {
  id: 'oauth.foreign-redirect',
  name: 'Redirect to a foreign site',
  severity: 'medium',
  cwe: [601],
  why: 'Whoever holds that site receives the codes of your users. Addresses of test tools and of tunnels stay behind after development, and free names can be registered by others.',
  help: 'take the address out of the client that production uses',
  references: [BCP],
  tags: ['owasp-api:API2:2023'],
  *check(context) {
    for (const client of clientsOf(context)) yield* foreign(client);
  },
} satisfies SystemRule;

const TOOLS =
  /(?:^|\.)(?:oauth\.pstmn\.io|getpostman\.com|ngrok\.io|ngrok-free\.app|ngrok\.app|loca\.lt|trycloudflare\.com|serveo\.net|localtunnel\.me|oidcdebugger\.com|oauthdebugger\.com|jwt\.io|jwt\.ms|webhook\.site|requestbin\.com|pipedream\.net|openidconnect\.net|example\.com|herokuapp\.com|glitch\.me|repl\.co)$/;
const HELPERS =
  /(?:^|\.)(?:oauth\.pstmn\.io|getpostman\.com|oidcdebugger\.com|oauthdebugger\.com|jwt\.io|jwt\.ms|webhook\.site|requestbin\.com|pipedream\.net|openidconnect\.net|ngrok\.io|ngrok-free\.app|ngrok\.app|loca\.lt|trycloudflare\.com|serveo\.net|localtunnel\.me)$/;

function* foreign(client: OAuthClient): Generator<Hit> {
  const hosted = client.redirectUris.flatMap((uri): { uri: Stated<string>; host: string }[] => {
    const host = hostOf(uri.value);
    return host === undefined ||
      host.includes('*') ||
      host.includes('$') ||
      host.includes('{') ||
      !host.includes('.') ||
      isLoopbackUri(uri.value)
      ? []
      : [{ uri, host }];
  });
  const sites = new Map<string, number>();
  for (const { host } of hosted) sites.set(siteOf(host), (sites.get(siteOf(host)) ?? 0) + 1);
  const home = [...sites].find(([, count]) => count * 2 > hosted.length && count > 1)?.[0];
  for (const { uri, host } of hosted) {
    const odd = home !== undefined && siteOf(host) !== home && TOOLS.test(host);
    if (!HELPERS.test(host) && !odd) continue;
    yield clientHit(client, uri.path, `the client \`${client.id}\` may be redirected to \`${host}\`, a site that others hold`, {
      detail: `${client.id} ${uri.value}`,
    });
  }
}

/** Which pages may read answers of the server in the user's name. */
export const ANY_ORIGIN = {
  id: 'oauth.any-web-origin',
  name: 'Any web origin may call the token endpoint',
  severity: 'medium',
  cwe: [942],
  why: 'With `*` every page that a user visits may call token and user information endpoints for this client and read what they answer.',
  help: 'name the origins; in Keycloak `+` means those of the redirect addresses',
  references: [BCP],
  tags: ['owasp-api:API8:2023'],
  *check(context) {
    for (const client of clientsOf(context))
      for (const { value, path } of client.webOrigins)
        if (value === '*' || /^https?:\/\/\*$/.test(value))
          yield clientHit(client, path, `the client \`${client.id}\` takes calls from any web origin`, {
            ...(client.source === 'keycloak' && {
              fix: { text: 'allow the origins of the redirect addresses', yaml: 'webOrigins: ["+"]\n' },
            }),
          });
  },
} satisfies SystemRule;
