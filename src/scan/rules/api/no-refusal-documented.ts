import type { SystemRule } from '../../rule.ts';
import { documentHit, OWASP_API, placeOf } from './common.ts';

/** What a client is to do when it is refused. */
export const NO_REFUSAL = {
  id: 'api.no-refusal-documented',
  name: 'Refusals are not documented',
  severity: 'info',
  cwe: [755],
  why: 'Operations that demand a credential say nothing of 401 or 403. Tests made from the document then never check that they refuse.',
  help: 'document 401 and 403',
  references: [OWASP_API],
  tags: ['owasp-api:API2:2023'],
  *check({ system }) {
    for (const api of system.apis) {
      const silent = api.operations.filter(
        ({ open, responses }) => !open && !responses.some(({ status }) => /^(?:401|403|4XX|default)$/i.test(status)),
      );
      if (silent.length > 0)
        yield documentHit(
          api,
          silent.map(placeOf),
          (list, count) => `neither 401 nor 403 is documented for ${count} protected operations: ${list}`,
        );
    }
  },
} satisfies SystemRule;
