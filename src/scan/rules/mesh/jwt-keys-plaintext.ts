import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { TOKEN_TAGS } from './common.ts';
import { jwtVerifiers } from './jwt-verifiers.ts';

export const jwtKeysPlain = {
  id: 'mesh.jwt-keys-plaintext',
  name: 'Keys for tokens fetched over plain HTTP',
  severity: 'high',
  cwe: [319, 345],
  why: 'Whoever stands between the mesh and the identity provider, or answers for its name, gives out a key of his own, and makes tokens for anybody.',
  help: 'fetch the keys over HTTPS',
  references: ['RFC 8725 section 3.10', 'https://istio.io/latest/docs/reference/config/security/request_authentication/'],
  tags: TOKEN_TAGS,
  *check({ system }: ScanContext): Generator<Hit> {
    for (const { keysUrl, name, resource } of jwtVerifiers(system.resources)) {
      if (keysUrl === undefined || !/^http:\/\//i.test(keysUrl.value)) continue;
      const host = URL.parse(keysUrl.value)?.hostname ?? '';
      if (/^(?:localhost|127\.|\[::1\])/.test(host)) continue;
      // Inside the cluster the mesh may encrypt, but istiod, which fetches them, is no part of it.
      const inside = !host.includes('.') || /\.svc(?:\.|$)|\.local$/.test(host);
      yield {
        title: `${name} fetches the keys for tokens over plain HTTP from \`${host.slice(0, 120)}\``,
        severity: inside ? 'medium' : 'high',
        at: { resource, path: keysUrl.path },
        fix: { text: 'use HTTPS' },
      };
    }
  },
} satisfies SystemRule;
