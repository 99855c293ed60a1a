// One already parsed object to a resource.
import type { Diagnostic } from '#model/diagnostic.ts';
import { setOrigin } from '#model/origin.ts';
import type { Location, OriginSource } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import { Findings } from './findings.ts';
import { isObject, kindOf } from './check.ts';
import type { RawObject } from './check.ts';
import { nearest } from '#base/nearest.ts';
import { checkCondition } from './istio/authorization-policy.ts';
import type { Imported, KindRow } from './kind.ts';
import { resourceOf } from './kind.ts';
import { groupOf, lookUp } from './kinds.ts';
import type { Lookup } from './kinds.ts';
import { checkSecretValues, looksSecret, withoutSecretValues } from './kubernetes/secret.ts';
import { readMetadata, subdomain } from './metadata.ts';
import { Scope, shorten } from './scope.ts';

/** A document as read: typed when its kind has a row, whole when not. */
export interface ImportedDocument extends Imported {
  /** With the successor in place of an old group, so that one object is one whatever it is called. */
  readonly group: string;
  /** Row of the kind table; undefined for a kind that is only kept. */
  readonly row: KindRow | undefined;
  /** Another object made it (`ownerReferences`). */
  readonly owned: boolean;
}

/**
 * Reads one object.
 * @param raw plain data
 * @param origin answers where its parts are written
 * @param out takes everything that is found
 * @returns undefined when the document must not be used
 */
export function importDocument(
  raw: unknown,
  origin: OriginSource | undefined,
  defaultNamespace: string,
  out: Findings,
): ImportedDocument | undefined {
  const scope = new Scope('resource', origin, out);
  const head = readHead(raw, scope);
  if (!head) return undefined;
  const { apiVersion, kind } = head;
  const lookup = lookUp(apiVersion, kind);
  const secret = looksSecret(kind, lookup.found === 'near' ? lookup.word : undefined, head.raw);
  const object = secret ? withoutSecretValues(kind, head.raw) : head.raw;
  tellLookup(lookup, apiVersion, kind, scope);
  const row = lookup.found === 'row' ? lookup.row : undefined;
  scope.area = row?.area ?? 'resource';
  if (row && kind === 'Secret') checkSecretValues(head.raw, scope);
  const namespaced = row ? row.scope === 'namespace' : !(lookup.found === 'none' && lookup.clusterScoped);
  // Kinds of command line tools (Kustomization, Chart) have no name.
  const nameless = (!row || row.nameless === true) && (object['metadata'] === undefined || object['metadata'] === null);
  const metadata = nameless
    ? NAMELESS
    : readMetadata(object['metadata'], scope, row ? (row.name ?? subdomain) : anyName, namespaced, defaultNamespace);
  if (!metadata) return undefined;
  const document = { apiVersion, kind, metadata: metadata.meta, raw: object };
  const imported = row ? row.read(document, scope) : { resource: resourceOf(document, kind, object['spec']) };
  if (!imported || scope.errors > 0) return undefined;
  if (origin) setOrigin(imported.resource, origin);
  return {
    ...imported,
    group: row?.successor ?? groupOf(apiVersion),
    row,
    owned: metadata.owned,
  };
}

const NAMELESS = { meta: { name: '', namespace: '', labels: {}, annotations: {} }, owned: false } as const;

/** A kind that is only kept may name its objects as it likes. */
function anyName(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

interface Head {
  readonly apiVersion: string;
  readonly kind: string;
  readonly raw: RawObject;
}

function readHead(raw: unknown, scope: Scope): Head | undefined {
  if (!isObject(raw)) {
    scope.error(
      'not-an-object',
      `a Kubernetes object is a mapping, this document is ${kindOf(raw)}`,
      'it begins with `apiVersion:` and `kind:`',
    );
    return undefined;
  }
  const { apiVersion, kind } = raw;
  const missing = ['apiVersion', 'kind'].filter((name) => raw[name] === undefined || raw[name] === null || raw[name] === '');
  if (missing.length === 2) {
    scope.error(
      'not-an-object',
      'this is not a Kubernetes object: it has neither `apiVersion` nor `kind`',
      misspelled(raw, missing) ?? otherFormat(raw),
    );
    return undefined;
  }
  for (const name of missing) scope.error('required', `the document needs \`${name}\``, misspelled(raw, [name]));
  if (missing.length > 0) return undefined;
  for (const [name, value] of [
    ['apiVersion', apiVersion],
    ['kind', kind],
  ] as const) {
    if (typeof value !== 'string') scope.at(name, () => scope.error('type', `\`${name}\` must be a text, not ${kindOf(value)}`));
  }
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return undefined;
  if (kind === 'List') scope.error('list', 'a List needs `items`, a list of objects');
  if (!/^[A-Za-z][A-Za-z0-9]{0,99}$/.test(kind))
    scope.at('kind', () => scope.error('kind', `\`${shorten(kind)}\` is not a kind`));
  if (!/^(?:[a-z0-9](?:[-a-z0-9.]{0,251})?\/)?v[0-9][a-z0-9]{0,20}$/.test(apiVersion)) {
    scope.at('apiVersion', () =>
      scope.error('api-version', `\`${shorten(apiVersion)}\` is not an apiVersion`, 'as in `v1` or `apps/v1`'),
    );
  }
  return scope.errors > 0 ? undefined : { apiVersion, kind, raw };
}

/** Files that people keep beside their manifests. */
const OTHER_FORMATS: readonly (readonly [key: string, help: string])[] = [
  ['openapi', 'this looks like an OpenAPI document; leave it out'],
  ['swagger', 'this looks like an OpenAPI document; leave it out'],
  ['resources', 'this looks like a kustomization: give its output, as from `kubectl kustomize`'],
];

function otherFormat(raw: RawObject): string {
  return OTHER_FORMATS.find(([key]) => key in raw)?.[1] ?? 'leave out files that are not manifests';
}

function misspelled(raw: RawObject, wanted: readonly string[]): string | undefined {
  for (const key of Object.keys(raw).slice(0, 100)) {
    const word = nearest(key, wanted);
    if (word !== undefined) return `did you mean \`${word}\` where \`${shorten(key)}\` stands?`;
  }
  return undefined;
}

function tellLookup(lookup: Lookup, apiVersion: string, kind: string, scope: Scope): void {
  if (lookup.found === 'version') {
    const { group, versions } = lookup.row;
    const known = versions.map((version) => `\`${group === '' ? version : `${group}/${version}`}\``).join(', ');
    scope.at('apiVersion', () =>
      scope.error('version', `${kind} has no version \`${shorten(apiVersion)}\``, `known are ${known}`),
    );
  } else if (lookup.found === 'near') {
    const [wrong, help] = [lookup.what === 'kind' ? kind : apiVersion, `did you mean \`${lookup.word}\`?`];
    scope.at(lookup.what, () =>
      scope.warn('near-miss', `the ${lookup.what} \`${shorten(wrong)}\` is unknown: the document is kept and not acted on`, help),
    );
  }
}

/**
 * Reads a single object, as a conformance row or a live cluster gives it.
 * @param raw plain data with `apiVersion`, `kind`, `metadata` and the kind's own members
 * @param location where it came from, for its origin
 * @returns the resource, typed by its kind, unless an error is among the diagnostics
 * @example importResource({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } }).resource?.kind // 'Namespace'
 */
export function importResource(
  raw: unknown,
  location?: Location,
): { readonly resource?: Resource; readonly diagnostics: readonly Diagnostic[] } {
  const findings = new Findings();
  const origin = location && { locate: () => location };
  const document = importDocument(raw, origin, 'default', findings);
  const diagnostics = findings.all();
  return document ? { resource: document.resource, diagnostics } : { diagnostics };
}

/**
 * Checks one condition of an AuthorizationPolicy rule (`when`), as Istio's admission does.
 * @returns what is wrong; an empty list when nothing is
 */
export function validateCondition(
  key: string,
  values: readonly string[],
  notValues: readonly string[] = [],
): readonly Diagnostic[] {
  const findings = new Findings();
  checkCondition(key, values, notValues, new Scope('authz', undefined, findings));
  return findings.all();
}
