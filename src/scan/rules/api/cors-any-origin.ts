import { member } from '#model/api-reference.ts';
import type { ApiNode } from '#model/api.ts';
import type { SystemRule } from '../../rule.ts';
import { documentHit, meant, OWASP_API, record } from './common.ts';
import type { Place } from './common.ts';

/** CORS as the document has it. */
export const CORS = {
  id: 'api.cors-any-origin',
  name: 'Any web page may read the API',
  severity: 'low',
  cwe: [942],
  why: "With `Access-Control-Allow-Origin: *` every page that a user visits can read what the API answers to that user's network place; together with credentials it acts in the user's name.",
  help: 'name the origins',
  references: [OWASP_API, 'https://owasp.org/API-Security/editions/2023/en/0xa8-security-misconfiguration/'],
  tags: ['owasp-api:API8:2023'],
  *check({ system }) {
    for (const api of system.apis) {
      const places: Place[] = [];
      let credentials = false;
      for (const operation of api.operations)
        for (const { node } of operation.responses)
          for (const name of Object.keys(record(record(node.value)['headers']))) {
            const header = meant(api, member(node, 'headers', name));
            if (name.toLowerCase() === 'access-control-allow-credentials' && sample(header) === 'true') credentials = true;
            if (name.toLowerCase() === 'access-control-allow-origin' && /^'?\*'?$/.test(sample(header) ?? ''))
              places.push({ node, text: `${operation.method} ${operation.path}` });
          }
      if (places.length > 0)
        yield documentHit(
          api,
          places,
          (list) => `responses let any origin read them${credentials ? ', with credentials' : ''}: ${list}`,
          {
            severity: credentials ? 'medium' : 'low',
          },
        );
    }
  },
} satisfies SystemRule;

/** The one value that a header has, when its schema or example tells. */
function sample(header: ApiNode | undefined): string | undefined {
  const value = record(header?.value);
  const schema = record(value['schema']);
  const one = [value['example'], schema['const'], schema['default'], schema['example'], value['default']];
  const list = Array.isArray(schema['enum']) && schema['enum'].length === 1 ? (schema['enum'] as unknown[]) : [];
  const found = [...one, ...list].find((each) => typeof each === 'string' || typeof each === 'boolean');
  return found === undefined ? undefined : String(found);
}
