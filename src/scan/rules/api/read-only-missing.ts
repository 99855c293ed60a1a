import type { SystemRule } from '../../rule.ts';
import { documentHit, OWASP_API, placesOfProperties, PROPERTIES, propertiesOf, record, wordsOf } from './common.ts';

const GENERATED = /^(?:id|uuid|created at|updated at|created by|created on|modified at|deleted at|creation date|last login)$/;

/** Properties that the service makes, but that a request may carry. */
export const READ_ONLY = {
  id: 'api.read-only-missing',
  name: 'Generated property that requests may set',
  severity: 'info',
  cwe: [915],
  why: 'The service makes these values itself. While the schema lets requests carry them, a service that stores the body lets callers choose identifiers and times.',
  help: 'mark them `readOnly: true`',
  references: [OWASP_API, PROPERTIES],
  tags: ['owasp-api:API3:2023'],
  *check({ system }) {
    for (const api of system.apis) {
      const creating = api.operations.filter(({ method }) => method === 'POST');
      const found = [...propertiesOf(api, 'request', creating)].filter(
        ({ name, node }) => GENERATED.test(wordsOf(name)) && record(node.value)['readOnly'] !== true,
      );
      if (found.length > 0)
        yield documentHit(api, placesOfProperties(found), (list) => `requests may set generated properties: ${list}`);
    }
  },
} satisfies SystemRule;
