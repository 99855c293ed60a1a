import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { TOKEN_TAGS } from './common.ts';
import { jwtVerifiers } from './jwt-verifiers.ts';

export const jwtInUrl = {
  id: 'mesh.jwt-in-url',
  name: 'Tokens in the address',
  severity: 'medium',
  cwe: [598],
  why: 'Addresses are kept in logs of proxies and servers, in histories and in the Referer that the next site gets; with a token in it, each of these lets its reader in.',
  help: 'take tokens from the header `Authorization`, or from a cookie for browsers',
  references: ['RFC 6750 section 5.3', 'RFC 9700 section 4.3.2'],
  tags: TOKEN_TAGS,
  *check({ system }: ScanContext): Generator<Hit> {
    for (const { parameters, name, resource } of jwtVerifiers(system.resources)) {
      if (parameters === undefined) continue;
      yield {
        title: `${name} takes tokens from the address: ${parameters.names
          .slice(0, 3)
          .map((each) => `\`?${each.slice(0, 40)}=\``)
          .join(', ')}`,
        at: { resource, path: parameters.path },
      };
    }
  },
} satisfies SystemRule;
