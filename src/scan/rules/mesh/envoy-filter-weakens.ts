// EnvoyFilters that take protection out of the proxies.
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import { itemsAt } from '../../istio/items.ts';
import { memberOf, objectAt, textAt } from '#base/raw.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { ISTIO_SECURITY, meshIndex, nameOf } from './common.ts';

/** Filters that decide who gets in, by parts of their names. */
const SECURITY: readonly (readonly [name: RegExp, what: string])[] = [
  [/\.rbac\b/, 'authorization'],
  [/jwt_authn|istio_authn/, 'the check of tokens'],
  [/ext_authz/, 'external authorization'],
  [/local_ratelimit|\.ratelimit\b/, 'the rate limit'],
  [/\.csrf\b/, 'the CSRF check'],
  [/\.wasm\b|coraza|modsecurity/, 'a plugin'],
];

/** Members of the connection manager and of routes, and the value that switches their protection off. */
const WEAK: readonly (readonly [names: readonly string[], value: unknown, what: string])[] = [
  [['normalize_path', 'normalizePath'], false, 'paths are judged as they are sent'],
  [['merge_slashes', 'mergeSlashes'], false, 'doubled slashes are left in paths'],
  [['path_with_escaped_slashes_action', 'pathWithEscapedSlashesAction'], 'KEEP_UNCHANGED', 'encoded slashes are left in paths'],
  [
    ['forward_client_cert_details', 'forwardClientCertDetails'],
    'ALWAYS_FORWARD_ONLY',
    'a client certificate that the caller made up in a header is passed on',
  ],
];

export const envoyFilterWeakens = {
  id: 'mesh.envoy-filter-weakens',
  name: 'EnvoyFilter takes protection away',
  severity: 'high',
  cwe: [693],
  why: 'The policies are still there to read, and the proxies no longer enforce them.',
  help: 'remove the patch',
  references: ['https://istio.io/latest/docs/reference/config/networking/envoy-filter/', ISTIO_SECURITY],
  tags: ['nsa-k8s:authorization', 'soc2:CC6.1'],
  *check(context: ScanContext): Generator<Hit> {
    for (const filter of meshIndex(context).istio('networking', 'EnvoyFilter')) {
      for (const { raw, path } of itemsAt(filter.spec, 'configPatches', ['spec'])) {
        yield* removes(filter, raw, path);
        yield* weakens(filter, raw, path);
      }
    }
  },
} satisfies SystemRule;

function* removes(filter: Resource, patch: unknown, path: Path): Generator<Hit> {
  const where = textAt(patch, 'applyTo') ?? '';
  if (textAt(objectAt(patch, 'patch'), 'operation') !== 'REMOVE' || !['HTTP_FILTER', 'NETWORK_FILTER'].includes(where)) return;
  const chain = objectAt(objectAt(objectAt(patch, 'match'), 'listener'), 'filterChain');
  const outer = objectAt(chain, 'filter');
  const name = textAt(objectAt(outer, 'subFilter'), 'name') ?? textAt(outer, 'name') ?? '';
  const what = SECURITY.find(([pattern]) => pattern.test(name))?.[1];
  const at = { resource: filter, path: [...path, 'patch', 'operation'] };
  if (what !== undefined) {
    yield { title: `EnvoyFilter \`${nameOf(filter)}\` takes ${what} out of the proxies (\`${name}\`)`, at, detail: name };
  } else if (name === '') {
    yield {
      title: `EnvoyFilter \`${nameOf(filter)}\` takes every ${where === 'HTTP_FILTER' ? 'HTTP' : 'network'} filter out of the proxies, those of policies too`,
      at,
      detail: where,
    };
  }
}

const DEPTH_MAX = 12;

function* weakens(filter: Resource, patch: unknown, path: Path): Generator<Hit> {
  const operation = textAt(objectAt(patch, 'patch'), 'operation') ?? '';
  if (!['MERGE', 'REPLACE', 'ADD', 'INSERT_FIRST', 'INSERT_BEFORE', 'INSERT_AFTER'].includes(operation)) return;
  const base = [...path, 'patch', 'value'];
  for (const found of walk(memberOf(objectAt(patch, 'patch'), 'value'), base, 0)) {
    yield {
      title: `EnvoyFilter \`${nameOf(filter)}\`: ${found.what} (\`${found.name}\`)`,
      severity: 'medium',
      at: { resource: filter, path: found.path },
      detail: found.name,
    };
  }
}

function* walk(
  value: unknown,
  path: Path,
  depth: number,
): Generator<{ readonly what: string; readonly name: string; readonly path: Path }> {
  if (typeof value !== 'object' || value === null || depth > DEPTH_MAX) return;
  for (const [name, member] of Object.entries(value)) {
    const row = WEAK.find(([names]) => names.includes(name));
    if (row && member === row[1]) yield { what: row[2], name, path: [...path, name] };
    yield* walk(member, [...path, Array.isArray(value) ? Number(name) : name], depth + 1);
  }
}
