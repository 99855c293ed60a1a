import { member, valueAt } from '#model/api-reference.ts';
import type { ApiDocument, ApiNode } from '#model/api.ts';
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

const KEYS: readonly (readonly [RegExp, string])[] = [
  [/^(?:AKIA|ASIA)[0-9A-Z]{16}$/, 'an AWS access key'],
  [/^gh[pousr]_[A-Za-z0-9]{36}$/, 'a GitHub token'],
  [/^glpat-[\w-]{20}$/, 'a GitLab token'],
  [/^xox[abpr]-[\w-]{20,}$/, 'a Slack token'],
  [/^sk_live_[A-Za-z0-9]{20,}$/, 'a live Stripe key'],
  [/^AIza[\w-]{35}$/, 'a Google API key'],
  [/^-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/, 'a private key'],
];

/** Examples that somebody copied from a real request. */
export const EXAMPLE_SECRET = {
  id: 'api.example-secret',
  name: 'Real credential in an example',
  severity: 'high',
  cwe: [540, 798],
  why: 'Specifications are published. An example that was copied from a real request gives its credential to every reader.',
  help: 'revoke the credential, and write a made-up one into the example',
  references: [OWASP_API],
  tags: ['owasp-api:API8:2023'],
  *check({ system }) {
    for (const api of system.apis) yield* secretsIn(api);
  },
} satisfies SystemRule;

const VALUES_MAX = 2_000_000;

/** A value with the way to it, which is only written out for what is found. */
interface Visit {
  readonly value: unknown;
  readonly key: string | number;
  readonly above?: Visit;
}

function pathOf(visit: Visit): readonly (string | number)[] {
  const path: (string | number)[] = [];
  for (let one: Visit | undefined = visit; one?.above; one = one.above) path.push(one.key);
  return path.toReversed();
}

function* secretsIn(api: ApiDocument): Generator<ReturnType<typeof documentHit>> {
  const open: Visit[] = [{ value: api.resource.spec, key: '' }];
  let seen = 0;
  while (open.length > 0 && seen < VALUES_MAX) {
    const above = open.pop()!;
    const holder = above.value as object;
    for (const key of Array.isArray(holder) ? holder.keys() : Object.keys(holder)) {
      const value = (holder as Record<string | number, unknown>)[key];
      seen++;
      if (typeof value === 'object' && value !== null) open.push({ value, key, above });
      if (typeof value !== 'string' || value.length < 20 || value.length > 10_000) continue;
      const kind = KEYS.find(([pattern]) => pattern.test(value))?.[1];
      if (kind === undefined || /EXAMPLE|example|xxxx|XXXX|0000000/.test(value)) continue;
      yield documentHit(
        api,
        [{ node: { resource: api.resource, path: pathOf({ value, key, above }), value }, text: '' }],
        () => `an example holds what looks like ${kind}`,
      );
    }
  }
}
