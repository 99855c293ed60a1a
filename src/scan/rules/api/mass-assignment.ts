import type { SystemRule } from '../../rule.ts';
import { documentHit, OWASP_API, placesOfProperties, PROPERTIES, propertiesOf, record, schemasOf, wordsOf } from './common.ts';

const PRIVILEGE =
  /^(?:is )?(?:admin|administrator|superuser|staff|root)$|^(?:user )?(?:role|roles|permissions|privileges|access level|scopes)$|^(?:account |wallet |available )?(?:balance|credit|credits)$|^(?:is |email )?verified$/;

/** OWASP API3:2023, the writing half. */
export const MASS_ASSIGNMENT = {
  id: 'api.mass-assignment',
  name: 'Request that sets what only the service may set',
  severity: 'medium',
  cwe: [915],
  why: 'The body takes properties that decide about rights or money, or takes anything at all. A service that stores the body as it comes gives callers roles and credit.',
  help: 'mark such properties `readOnly: true`, give the request a schema of its own, and set `additionalProperties: false`',
  references: [OWASP_API, PROPERTIES],
  tags: ['owasp-api:API3:2023'],
  *check({ system }) {
    for (const api of system.apis) {
      const ordinary = api.operations.filter(({ path }) => !/admin|role|permission|internal|billing|ledger/i.test(path));
      const found = [...propertiesOf(api, 'request', ordinary)].filter(
        ({ name, node }) => PRIVILEGE.test(wordsOf(name)) && record(node.value)['readOnly'] !== true,
      );
      if (found.length > 0)
        yield documentHit(api, placesOfProperties(found), (list) => `requests set rights or credit: ${list}`, {
          detail: 'privilege',
        });
      const anything = [...schemasOf(api, 'request')].filter(({ node }) => {
        const schema = record(node.value);
        // With named properties beside it, the rest is meant to be refused; without any the mapping is free by design.
        return schema['additionalProperties'] === true && Object.keys(record(schema['properties'])).length > 0;
      });
      if (anything.length > 0)
        yield documentHit(
          api,
          anything.map(({ node, operation }) => ({ node, text: `${operation.method} ${operation.path}` })),
          (list) => `requests may carry properties that the schema does not name: ${list}`,
          { severity: 'low', detail: 'additional' },
        );
    }
  },
} satisfies SystemRule;
