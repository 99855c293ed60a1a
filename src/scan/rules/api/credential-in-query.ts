import type { SystemRule } from '../../rule.ts';
import { documentHit, OWASP_API, placeOf, wordsOf } from './common.ts';
import type { Place } from './common.ts';

/** RFC 6750 section 5.3: query strings are written to logs, histories and Referer headers. */
export const KEY_IN_QUERY = {
  id: 'api.credential-in-query',
  name: 'Credential in the query string',
  severity: 'medium',
  cwe: [598],
  why: 'Query strings are kept in access logs, browser histories, proxies and Referer headers. Who reads any of these has the credential.',
  help: 'take the credential from a header, or from the body of a POST',
  references: [OWASP_API, 'RFC 6750 section 5.3'],
  tags: ['owasp-api:API2:2023'],
  *check({ system }) {
    for (const api of system.apis) {
      for (const scheme of api.securitySchemes) {
        if (scheme.type !== 'apiKey' || scheme.in !== 'query') continue;
        yield {
          title: `the API key \`${scheme.parameter ?? scheme.name}\` goes in the query string`,
          at: { resource: scheme.node.resource, path: [...scheme.node.path, 'in'] },
          fix: { text: 'take it from a header', yaml: `${scheme.name}:\n  type: apiKey\n  in: header\n  name: X-API-Key\n` },
        };
      }
      const places: Place[] = api.operations.flatMap((operation) =>
        operation.parameters
          .filter((one) => one.in === 'query' && isCredential(one.name))
          .map((one) => ({ node: one.node, text: `${one.name} of ${placeOf(operation).text}` })),
      );
      if (places.length > 0)
        yield documentHit(api, places, (list) => `a credential goes in the query string: ${list}`, { detail: 'parameters' });
    }
  },
} satisfies SystemRule;

function isCredential(name: string): boolean {
  return /(?:^| )(?:password|passwd|pwd|secret|client secret|access token|refresh token|api key|apikey|otp|pin code|credit card|card number|cvv)$/.test(
    wordsOf(name),
  );
}
