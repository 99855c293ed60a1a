import type { SystemRule } from '../../rule.ts';
import { CONSUMPTION, counted, documentHit, hasType, OWASP_API, propertiesOf, record } from './common.ts';

/** Bodies of any size. */
export const UNBOUNDED = {
  id: 'api.unbounded-input',
  name: 'Input without a maximum',
  severity: 'info',
  cwe: [770, 1284],
  why: 'Validation made from the document lets texts and lists of any length through to the service.',
  help: 'set `maxLength`, `maxItems` and `maximum`',
  references: [OWASP_API, CONSUMPTION],
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
