import type { OAuthClient, Stated } from '#model/oauth.ts';
import type { Hit, SystemRule } from '../../rule.ts';
import { BCP, clientHit, clientsOf, hostOf, isLoopbackUri, siteOf } from './common.ts';

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
