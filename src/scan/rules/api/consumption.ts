import type { ApiDocument, ApiOperation } from '#model/api.ts';
import type { SystemRule } from '../../rule.ts';
import { counted, documentHit, hasType, meant, OWASP_API, placeOf, propertiesOf, record, wordsOf } from './common.ts';

const REFERENCE = 'https://owasp.org/API-Security/editions/2023/en/0xa4-unrestricted-resource-consumption/';
const PAGED =
  /(?:^| )(?:limit|page|page size|page token|offset|cursor|size|per page|first|after|top|skip|max results|max items|count|marker|continue|take|from|batch size)$/;

function returnsList(api: ApiDocument, { responses }: ApiOperation): boolean {
  return responses.some(
    ({ status, contents }) =>
      status.startsWith('2') &&
      contents.some(({ schema }) => {
        const node = meant(api, schema);
        return hasType(node?.value, 'array') && record(node?.value)['maxItems'] === undefined;
      }),
  );
}

/** OWASP API4:2023: lists that grow with the data. */
export const NO_PAGINATION = {
  id: 'api.no-pagination',
  name: 'List without a limit',
  severity: 'low',
  cwe: [770],
  why: 'Each call returns everything there is. As the data grows one caller keeps the service and its database busy, and takes the whole data set with one request.',
  help: 'take `limit` and a cursor, with a default and a maximum',
  references: [OWASP_API, REFERENCE],
  tags: ['owasp-api:API4:2023'],
  *check({ system }) {
    for (const api of system.apis) {
      const found = api.operations.filter(
        (operation) =>
          operation.method === 'GET' &&
          returnsList(api, operation) &&
          !operation.parameters.some((one) => one.in === 'query' && PAGED.test(wordsOf(one.name))),
      );
      if (found.length > 0)
        yield documentHit(
          api,
          found.map(placeOf),
          (list, count) => `${counted(count, 'operation returns', 'operations return')} a list of any length: ${list}`,
        );
    }
  },
} satisfies SystemRule;

/** A document that never speaks of 429 describes an API without limits, or hides them from its clients. */
export const NO_LIMIT = {
  id: 'api.no-rate-limit',
  name: 'No rate limit is documented',
  severity: 'low',
  cwe: [770, 799],
  why: 'Nothing says that callers are held back. Without limits passwords and codes are guessed, data is scraped, and one client takes the capacity of all.',
  help: 'limit at the gateway (a `RateLimitPolicy`), and document 429 with `Retry-After`',
  references: [OWASP_API, REFERENCE],
  tags: ['owasp-api:API4:2023'],
  *check({ system }) {
    for (const api of system.apis) {
      if (api.operations.length === 0) continue;
      const limited = api.operations.some(({ responses }) =>
        responses.some(({ status, headers }) => status === '429' || headers.some((name) => /ratelimit|retry-after/.test(name))),
      );
      // A catch-all response may well be the 429.
      const covered = api.operations.every(({ responses }) => responses.some(({ status }) => /^(?:4XX|default)$/i.test(status)));
      if (limited || covered) continue;
      const guessed = api.operations.filter(
        ({ path, method }) => method === 'POST' && /login|otp|password|token|signin|verify/i.test(path),
      );
      yield documentHit(api, (guessed.length > 0 ? guessed : api.operations.slice(0, 1)).map(placeOf), (list) =>
        guessed.length > 0
          ? `no operation documents 429, not even those that check passwords or codes: ${list}`
          : 'no operation documents 429',
      );
    }
  },
} satisfies SystemRule;

/** Bodies of any size. */
export const UNBOUNDED = {
  id: 'api.unbounded-input',
  name: 'Input without a maximum',
  severity: 'info',
  cwe: [770, 1284],
  why: 'Validation made from the document lets texts and lists of any length through to the service.',
  help: 'set `maxLength`, `maxItems` and `maximum`',
  references: [OWASP_API, REFERENCE],
  tags: ['owasp-api:API4:2023'],
  *check({ system }) {
    for (const api of system.apis) {
      const found = [...propertiesOf(api, 'request')].filter(({ node }) => {
        const schema = record(node.value);
        if (hasType(schema, 'array')) return schema['maxItems'] === undefined;
        if (!hasType(schema, 'string')) return false;
        const bounded = ['maxLength', 'enum', 'const', 'pattern', 'format'].some((name) => schema[name] !== undefined);
        return !bounded && schema['readOnly'] !== true;
      });
      if (found.length > 0)
        yield documentHit(
          api,
          found.map(({ name, at, operation }) => ({ node: at, text: `${name} of ${operation.method} ${operation.path}` })),
          (list, count) => `${counted(count, 'property of requests has', 'properties of requests have')} no maximum: ${list}`,
        );
    }
  },
} satisfies SystemRule;
