// What rules over APIs share: one finding a document, that lists the operations or properties it stands on.
import { follow, member } from '#model/api-reference.ts';
import type { ApiDocument, ApiNode, ApiOperation } from '#model/api.ts';
import type { FindingSeverity } from '#model/finding.ts';
import { originOf } from '#model/origin.ts';
import { listText } from '#policy/lint/context.ts';
import type { Hit, ScanContext } from '../../rule.ts';

export const OWASP_API = 'https://owasp.org/API-Security/editions/2023/en/0x11-t10/';
/** Pages of single risks that several rules name. */
export const PROPERTIES = 'https://owasp.org/API-Security/editions/2023/en/0xa3-broken-object-property-level-authorization/';
export const INVENTORY = 'https://owasp.org/API-Security/editions/2023/en/0xa9-improper-inventory-management/';
export const CONSUMPTION = 'https://owasp.org/API-Security/editions/2023/en/0xa4-unrestricted-resource-consumption/';

/** Places that a finding lists; the title counts all. */
const RELATED_MAX = 25;

export interface Place {
  readonly node: ApiNode;
  /** For lists: `GET /users/{id}`. */
  readonly text: string;
}

export function placeOf(operation: ApiOperation): Place {
  return { node: operation.node, text: `${operation.method} ${operation.path}` };
}

/**
 * One hit for a document.
 * @param places at least one; the first is where the finding stands
 * @param title gets the list of places in words
 */
export function documentHit(
  api: ApiDocument,
  places: readonly Place[],
  title: (list: string, count: number) => string,
  more: {
    readonly severity?: FindingSeverity;
    readonly message?: string;
    readonly detail?: string;
    readonly fix?: NonNullable<Hit['fix']>;
  } = {},
): Hit {
  const first = places[0]!;
  const distinct = [...new Map(places.toReversed().map((place) => [place.text, place])).values()].toReversed();
  const own = first.node.resource === api.resource;
  return {
    title: title(listText(distinct.map(({ text }) => text)), distinct.length),
    at: { resource: own ? api.resource : first.node.resource, path: first.node.path },
    ...more,
    related: distinct.slice(1, RELATED_MAX + 1).flatMap(({ node, text }) => {
      const location = originOf(node.resource, node.path);
      return location ? [{ location, message: `\`${text}\`` }] : [];
    }),
  };
}

/** `an operation` or `3 operations` */
export function counted(count: number, one: string, many = `${one}s`): string {
  return count === 1 ? `1 ${one}` : `${count} ${many}`;
}

/** Whether a workload that serves the API is reached from outside without anything asking who calls. */
export function isExposed(api: ApiDocument, context: ScanContext): boolean {
  if (api.workloads.length === 0) return false;
  return context
    .reach()
    .exposures()
    .some((exposure) => !exposure.authenticated && exposure.sources.length === 0 && api.workloads.includes(exposure.to));
}

/** What a reference means; undefined for one that leads nowhere. */
export function meant(api: ApiDocument, node: ApiNode | undefined): ApiNode | undefined {
  if (!node) return undefined;
  const followed = follow(api.files, node);
  return followed.ok ? followed.node : undefined;
}

export function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : {};
}

/** JSON Schema's `type`, which may be a list. */
export function hasType(schema: unknown, type: string): boolean {
  const written = record(schema)['type'];
  return written === type || (Array.isArray(written) && written.includes(type));
}

export interface ApiProperty {
  readonly name: string;
  /** Its schema, references followed. */
  readonly node: ApiNode;
  /** Where the name stands. */
  readonly at: ApiNode;
  /** An operation that it belongs to: the first one found. */
  readonly operation: ApiOperation;
}

export interface ApiSchema {
  readonly node: ApiNode;
  readonly operation: ApiOperation;
}

const SCHEMAS_MAX = 200_000;
const COMBINED = ['allOf', 'oneOf', 'anyOf'] as const;

type Side = 'request' | 'response';

/** Several rules walk the whole of a document: each side once. */
const walked = new WeakMap<ApiDocument, Partial<Record<Side, readonly ApiSchema[]>>>();
const named = new WeakMap<ApiDocument, Partial<Record<Side, readonly ApiProperty[]>>>();

/**
 * Every schema that requests or responses of the operations reach, each once, so that the walk takes time in proportion to the document
 * and circles end.
 */
export function schemasOf(api: ApiDocument, side: Side, operations?: readonly ApiOperation[]): Iterable<ApiSchema> {
  if (operations && operations.length < api.operations.length) return walk(api, side, operations);
  const known = walked.get(api) ?? {};
  walked.set(api, known);
  return (known[side] ??= [...walk(api, side, api.operations)]);
}

function* walk(api: ApiDocument, side: Side, operations: readonly ApiOperation[]): Generator<ApiSchema> {
  const seen = new Set<unknown>();
  for (const operation of operations) {
    const contents =
      side === 'request'
        ? operation.request
        : operation.responses.filter(({ status }) => /^(?:2|default)/.test(status)).flatMap((one) => one.contents);
    const open: ApiNode[] = contents.map(({ schema }) => schema);
    while (open.length > 0 && seen.size < SCHEMAS_MAX) {
      const node = meant(api, open.pop());
      if (!node || typeof node.value !== 'object' || node.value === null || seen.has(node.value)) continue;
      seen.add(node.value);
      yield { node, operation };
      const value = record(node.value);
      for (const name of COMBINED) {
        const list = value[name];
        if (Array.isArray(list)) for (let i = 0; i < list.length; i++) push(open, member(node, name, i));
      }
      push(open, member(node, 'items'));
      push(open, member(node, 'additionalProperties'));
      for (const name of Object.keys(record(value['properties']))) push(open, member(node, 'properties', name));
    }
  }
}

function push(open: ApiNode[], node: ApiNode | undefined): void {
  if (node) open.push(node);
}

/** Every named property of those schemas. */
export function propertiesOf(api: ApiDocument, side: Side, operations?: readonly ApiOperation[]): Iterable<ApiProperty> {
  if (operations && operations.length < api.operations.length) return propertiesIn(api, schemasOf(api, side, operations));
  const known = named.get(api) ?? {};
  named.set(api, known);
  return (known[side] ??= [...propertiesIn(api, schemasOf(api, side))]);
}

function* propertiesIn(api: ApiDocument, schemas: Iterable<ApiSchema>): Generator<ApiProperty> {
  for (const { node, operation } of schemas) {
    for (const name of Object.keys(record(record(node.value)['properties']))) {
      const at = member(node, 'properties', name)!;
      const schema = meant(api, at);
      if (schema) yield { name, node: schema, at, operation };
    }
  }
}

/** `userId`, `user_id` and `user-id` give `user id`. */
export function wordsOf(name: string): string {
  return name
    .slice(0, 200)
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll(/[^A-Za-z0-9]+/g, ' ')
    .trim()
    .toLowerCase();
}

const UNSAFE = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/** RFC 9110 section 9.2.1: whether it changes something. */
export function isUnsafe({ method }: ApiOperation): boolean {
  return UNSAFE.has(method);
}

/** Operations that callers use before they have a credential, and those that everybody may see. */
export function isPublicByNature({ path, id = '', summary }: ApiOperation): boolean {
  const text = ` ${wordsOf(path)} ${wordsOf(id)} `;
  if (
    / (?:login|logout|signin|sign in|signup|sign up|register|registration|token|tokens|authorize|authorization|oauth2?|auth|otp|forgot|forget password|reset password|password reset|verify|verification|confirm|activate|captcha|health|healthz|livez|readyz|ready|live|ping|status|version|metrics|well known|jwks|openapi|swagger|docs|webhook|webhooks|callback|unsubscribe|contact|csp report) /.test(
      text,
    )
  )
    return true;
  return /\b(?:log in|log out|sign up|register|health check)\b/i.test(summary);
}

/** Properties as places: `role of POST /users`. */
export function placesOfProperties(found: readonly ApiProperty[]): readonly Place[] {
  return found.map(({ name, at, operation }) => ({ node: at, text: `${name} of ${operation.method} ${operation.path}` }));
}
