// OpenAPI 3.0 to 3.2 and Swagger 2.0 documents, and the files that they refer to, as formats. What they mean is derived later, when all
// files are there for references to lead to.
import { setOrigin } from '#model/origin.ts';
import type { OriginSource } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import { isObject } from '../check.ts';
import type { RawObject } from '../check.ts';
import type { Findings } from '../findings.ts';
import type { Format } from '../format.ts';
import type { ImportedDocument } from '../import.ts';
import type { Part } from '../kind.ts';
import { Scope, shorten } from '../scope.ts';

export const HTTP_METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace', 'query'] as const;

/** `3.0.1`; YAML reads an unquoted `3.1` or `2.0` as a number. */
export function versionOf(raw: RawObject): string | undefined {
  const written = raw['openapi'] ?? raw['swagger'];
  if (typeof written === 'string') return written;
  return typeof written === 'number' ? (Number.isInteger(written) ? `${written}.0` : String(written)) : undefined;
}

export const OPENAPI: Format = {
  name: 'OpenAPI',
  matches: (raw) => versionOf(raw) !== undefined && ('paths' in raw || 'info' in raw || 'components' in raw || 'webhooks' in raw),
  read(raw, origin, file, out) {
    const version = versionOf(raw) ?? '';
    const scope = new Scope('openapi', origin, out);
    if (!/^(?:3\.[012]|2\.0)(?:[.-]|$)/.test(version))
      scope.at('openapi' in raw ? 'openapi' : 'swagger', () =>
        scope.warn('version', `version \`${shorten(version)}\` is not known; it is read as 3.1`, 'known are 2.0 and 3.0 to 3.2'),
      );
    for (const [name, required] of [
      ['paths', /^[23]\.0/.test(version)],
      ['components', false],
      ['webhooks', false],
      ['definitions', false],
    ] as const) {
      const value = raw[name];
      if (value === undefined || value === null) {
        if (required) scope.warn('required', `an OpenAPI document of version ${version} needs \`${name}\``);
      } else if (!isObject(value)) scope.at(name, () => scope.error('type', `\`${name}\` must be a mapping`));
    }
    return [specification('OpenAPI', raw, origin, file, { type: 'api' })];
  },
};

/** A file that holds nothing but a schema, a path item or named schemas: others refer to it. */
export const OPENAPI_PART: Format = {
  name: 'OpenAPI part',
  matches: (raw) => isSchema(raw) || isPathItem(raw) || isSchemaMap(raw),
  read: (raw, origin, file, _out: Findings) => [specification('OpenAPIPart', raw, origin, file, { type: 'apiPart' })],
};

function isSchema(raw: RawObject): boolean {
  if (typeof raw['$schema'] === 'string' && raw['$schema'].includes('json-schema.org')) return true;
  const { type } = raw;
  if (type === 'object') return isObject(raw['properties']) || isObject(raw['additionalProperties']);
  if (type === 'array') return isObject(raw['items']);
  if (type === 'string') return Array.isArray(raw['enum']) || typeof raw['format'] === 'string';
  return ['allOf', 'oneOf', 'anyOf'].some((name) => Array.isArray(raw[name]) && (raw[name] as unknown[]).every(isObject));
}

function isPathItem(raw: RawObject): boolean {
  const methods = HTTP_METHODS.filter((name) => Object.hasOwn(raw, name));
  return methods.length > 0 && methods.every((name) => isObject(raw[name]) && isObject((raw[name] as RawObject)['responses']));
}

/** `User: {type: object, …}`, or the same below `components`, `definitions`, `schemas`. */
function isSchemaMap(raw: RawObject): boolean {
  const names = Object.keys(raw);
  if (names.length === 0 || names.length > 10_000) return false;
  if (names.every((name) => PART_KEYS.has(name))) return names.every((name) => isObject(raw[name]));
  return names.every((name) => isObject(raw[name]) && isSchema(raw[name]));
}

const PART_KEYS = new Set(['components', 'definitions', 'schemas', 'parameters', 'responses', 'securitySchemes']);

function specification(kind: string, raw: RawObject, origin: OriginSource, file: string, part: Part): ImportedDocument {
  const resource: Resource = {
    apiVersion: versionOf(raw) ?? '',
    kind,
    metadata: { name: file, namespace: '', labels: {}, annotations: {} },
    spec: raw,
    body: {},
  };
  setOrigin(resource, origin);
  return { resource, part, group: '', row: undefined, owned: false };
}
