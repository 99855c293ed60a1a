import type { ApiDocument, ApiOperation } from '#model/api.ts';
import type { SystemRule } from '../../rule.ts';
import { CONSUMPTION, counted, documentHit, hasType, meant, OWASP_API, placeOf, record, wordsOf } from './common.ts';

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
  references: [OWASP_API, CONSUMPTION],
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
