import type { SystemRule } from '../../rule.ts';
import { counted, documentHit, INVENTORY, OWASP_API, placeOf } from './common.ts';

export const DEPRECATED = {
  id: 'api.deprecated',
  name: 'Deprecated operations are still served',
  severity: 'info',
  cwe: [477],
  why: 'Nobody looks after deprecated operations, while everybody can call them.',
  help: 'name the day they end, watch who calls them, and switch them off',
  references: [OWASP_API, INVENTORY],
  tags: ['owasp-api:API9:2023'],
  *check({ system }) {
    for (const api of system.apis) {
      const found = api.operations.filter(({ deprecated }) => deprecated);
      if (found.length > 0)
        yield documentHit(api, found.map(placeOf), (list, count) => `${counted(count, 'deprecated operation')}: ${list}`);
    }
  },
} satisfies SystemRule;
