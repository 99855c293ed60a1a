import { valueAt } from '#model/api-reference.ts';
import type { ApiNode } from '#model/api.ts';
import type { SystemRule } from '../../rule.ts';
import { documentHit, meant, OWASP_API, propertiesOf, record, wordsOf } from './common.ts';
import type { Place } from './common.ts';

/** Names of what a service fetches; links that are only stored and shown are none. */
const FETCHED =
  /^(?:url|uri|urls|callback|callback ur[il]|webhook|webhook ur[il]|hook url|endpoint|endpoint url|target ur[il]|target|proxy url|remote url|feed url|import url|source ur[il]|download url|fetch url|upstream|upstream url|server url|base url|api url|\w+ api|\w+ endpoint|notification ur[il]|notify url|postback url|payload url|repo url|repository url|git url|clone url|image url to fetch)$/;

function isUrl(node: ApiNode | undefined): boolean {
  const schema = record(node?.value);
  if (schema['type'] !== undefined && schema['type'] !== 'string') return false;
  const example = schema['example'] ?? (Array.isArray(schema['examples']) ? schema['examples'][0] : undefined);
  return (
    schema['format'] === 'uri' || schema['format'] === 'url' || (typeof example === 'string' && /^https?:\/\//.test(example))
  );
}

/** OWASP API7:2023 */
export const SSRF = {
  id: 'api.ssrf',
  name: 'Address that the caller chooses',
  severity: 'medium',
  cwe: [918],
  why: 'When the service calls an address that comes from the request, a caller has it read what only it can reach: metadata of the cloud, databases, administrative ports of neighbours.',
  help: 'take a name from a list instead of an address; else allow known hosts only, resolve once, refuse private ranges, and hold the egress with a NetworkPolicy',
  references: [OWASP_API, 'https://owasp.org/API-Security/editions/2023/en/0xa7-server-side-request-forgery/'],
  tags: ['owasp-api:API7:2023'],
  *check({ system }) {
    for (const api of system.apis) {
      const places: Place[] = [];
      for (const operation of api.operations)
        for (const { name, node, schema, in: place } of operation.parameters)
          if (place !== 'path' && FETCHED.test(wordsOf(name)) && (isUrl(meant(api, schema)) || /ur[il]$/.test(wordsOf(name))))
            places.push({ node, text: `${name} of ${operation.method} ${operation.path}` });
      for (const { name, node, at, operation } of propertiesOf(api, 'request')) {
        const words = wordsOf(name);
        if (record(node.value)['readOnly'] === true) continue;
        if (FETCHED.test(words) && (isUrl(node) || (/ur[il]$/.test(words) && record(node.value)['type'] === 'string')))
          places.push({ node: at, text: `${name} of ${operation.method} ${operation.path}` });
      }
      for (const operation of api.operations)
        for (const { schema } of operation.request)
          for (const name of exampleUrls(schema))
            if (FETCHED.test(wordsOf(name)))
              places.push({ node: schema, text: `${name} of ${operation.method} ${operation.path}` });
      if (places.length > 0)
        yield documentHit(api, places, (list) => `the caller chooses an address that the service may call: ${list}`);
    }
  },
} satisfies SystemRule;

/** Names of members that the example beside a schema gives an address. */
function exampleUrls(schema: ApiNode): readonly string[] {
  const media = record(valueAt(schema.resource.spec, schema.path.slice(0, -1))?.value);
  const named = Object.values(record(media['examples'])).map((one) => record(one)['value']);
  return [media['example'], ...named.slice(0, 20)].flatMap((example) =>
    Object.entries(record(example)).flatMap(([name, value]) =>
      typeof value === 'string' && /^https?:\/\//.test(value) ? [name] : [],
    ),
  );
}
