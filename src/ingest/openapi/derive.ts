// OpenAPI documents to what rules ask about: operations with parameters merged and security resolved. References are followed only as
// far as that needs; schemas stay as nodes.
import type {
  ApiContent,
  ApiDocument,
  ApiNode,
  ApiOperation,
  ApiOutgoing,
  ApiParameter,
  ApiResponse,
  ApiSecurity,
} from '#model/api.ts';
import { follow, member } from '#model/api-reference.ts';
import { formatPath, originOf } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { Workload } from '#model/system.ts';
import { isObject } from '../check.ts';
import type { RawObject } from '../check.ts';
import type { Findings } from '../findings.ts';
import type { ImportedDocument } from '../import.ts';
import { shorten } from '../scope.ts';
import { HTTP_METHODS } from './format.ts';
import { workloadsOf } from './link.ts';
import { schemesOf } from './security.ts';
import { entriesOf, serversOf, textOf } from './parts.ts';

const OPERATIONS_MAX = 20_000;
/** Of one document; finding the place of each costs a walk. The rest are counted. */
const BROKEN_MAX = 25;
/** Most operations lack most of what they may have. */
const NONE: readonly never[] = Object.freeze([]);

/** Every API of the System. */
export function deriveApis(
  documents: readonly ImportedDocument[],
  workloads: readonly Workload[],
  out: Findings,
): readonly ApiDocument[] {
  const files: Record<string, Resource> = Object.create(null) as Record<string, Resource>;
  for (const { part, resource } of documents)
    if (part?.type === 'api' || part?.type === 'apiPart') files[resource.metadata.name] ??= resource;
  return documents.flatMap(({ part, resource }) =>
    part?.type === 'api' ? [new Derivation(resource, files, out).document(workloads)] : [],
  );
}

class Derivation {
  readonly #resource: Resource;
  readonly #files: ApiDocument['files'];
  readonly #out: Findings;
  readonly #told = new Set<string>();

  constructor(resource: Resource, files: ApiDocument['files'], out: Findings) {
    this.#resource = resource;
    this.#files = files;
    this.#out = out;
  }

  document(workloads: readonly Workload[]): ApiDocument {
    const raw = this.#resource.spec as RawObject;
    const version = this.#resource.apiVersion;
    const root: ApiNode = { resource: this.#resource, path: [], value: raw };
    const old = version.startsWith('2');
    const operations: ApiOperation[] = [];
    const outgoing: ApiOutgoing[] = [];
    const paths = entriesOf(member(root, 'paths')).filter(([path]) => !path.startsWith('x-'));
    for (const [path, item] of paths) this.#pathItem(root, path, item, old, operations, outgoing);
    for (const [name, item] of entriesOf(member(root, 'webhooks'))) outgoing.push({ kind: 'webhook', name, url: '', node: item });
    const schemas = member(root, ...(old ? ['definitions'] : ['components', 'schemas']));
    const info = isObject(raw['info']) ? raw['info'] : {};
    const servers = serversOf(root, version);
    const title = textOf(info['title']);
    return {
      resource: this.#resource,
      file: this.#resource.metadata.name,
      version,
      title,
      apiVersion: textOf(info['version']),
      servers,
      securitySchemes: schemesOf(root, old, (node) => this.#follow(node)),
      paths: paths.length,
      schemas: entriesOf(schemas).length,
      operations,
      outgoing,
      files: this.#files,
      workloads: workloadsOf({ file: this.#resource.metadata.name, title, servers, raw }, workloads),
    };
  }

  #pathItem(root: ApiNode, path: string, written: ApiNode, old: boolean, into: ApiOperation[], outgoing: ApiOutgoing[]): void {
    const item = this.#follow(written);
    if (!item || !isObject(item.value)) return;
    // OpenAPI 3.1 lets members stand beside the reference of a path item.
    const beside =
      item === written || !isObject(written.value) ? [] : HTTP_METHODS.filter((name) => name in (written.value as RawObject));
    for (const method of HTTP_METHODS) {
      const operation = member(beside.includes(method) ? written : item, method);
      if (operation) this.#operation(root, path, method, item, operation, old, into, outgoing);
    }
    // OpenAPI 3.2: methods that have no member of their own.
    for (const [method, operation] of entriesOf(member(item, 'additionalOperations')))
      this.#operation(root, path, method, item, operation, old, into, outgoing);
  }

  #operation(
    root: ApiNode,
    path: string,
    method: string,
    item: ApiNode,
    node: ApiNode,
    old: boolean,
    into: ApiOperation[],
    outgoing: ApiOutgoing[],
  ): void {
    if (!isObject(node.value) || into.length >= OPERATIONS_MAX) return;
    const raw = node.value;
    const security = securityOf(raw['security']) ?? securityOf((root.value as RawObject)['security']) ?? [];
    const all = this.#parameters(item, node);
    const consumes = mediaTypes(raw['consumes'], (root.value as RawObject)['consumes']);
    const body = old
      ? all
          .filter((one) => one.in === 'body')
          .map((one): ApiParameter => ({ ...one, schema: member(one.node, 'schema') ?? one.node }))
      : [];
    const forms = old ? all.filter((one) => one.in === 'formData') : [];
    const own = serversOf(node, '3');
    into.push({
      method: method.toUpperCase(),
      path,
      ...(typeof raw['operationId'] === 'string' && { id: raw['operationId'] }),
      summary: textOf(raw['summary']) || textOf(raw['description']).slice(0, 200),
      tags: Array.isArray(raw['tags']) ? raw['tags'].filter((tag) => typeof tag === 'string') : NONE,
      deprecated: raw['deprecated'] === true,
      node,
      security,
      open: security.length === 0 || security.some((one) => Object.keys(one).length === 0),
      parameters: all.filter((one) => one.in !== 'body' && one.in !== 'formData'),
      request: old
        ? [
            ...body.map(({ schema, node: parameter }) => ({ mediaType: consumes, schema: schema ?? parameter })),
            ...forms.map((one) => ({ mediaType: 'application/x-www-form-urlencoded', schema: one.node })),
          ]
        : this.#contents(member(node, 'requestBody')),
      responses: this.#responses(node, old, mediaTypes(raw['produces'], (root.value as RawObject)['produces'])),
      servers: own.length > 0 ? own : serversOf(item, '3'),
    });
    for (const [name, written] of entriesOf(member(node, 'callbacks'))) {
      const callback = this.#follow(written);
      for (const [url, target] of entriesOf(callback)) outgoing.push({ kind: 'callback', name, url, node: target });
    }
  }

  #parameters(item: ApiNode, operation: ApiNode): readonly ApiParameter[] {
    const merged = new Map<string, ApiParameter>();
    for (const holder of [item, operation]) {
      const list = member(holder, 'parameters');
      if (!list || !Array.isArray(list.value)) continue;
      for (let i = 0; i < list.value.length; i++) {
        const node = this.#follow(member(list, i));
        if (!node || !isObject(node.value)) continue;
        const { name, in: place, required } = node.value;
        if (typeof name !== 'string' || typeof place !== 'string') continue;
        const [content] = entriesOf(member(node, 'content'));
        const schema = member(node, 'schema') ?? (content && member(content[1], 'schema')) ?? node;
        merged.set(`${place} ${name}`, { name, in: place, required: required === true, node, schema });
      }
    }
    return [...merged.values()];
  }

  #contents(written: ApiNode | undefined): readonly ApiContent[] {
    const node = this.#follow(written);
    const entries = entriesOf(node && member(node, 'content'));
    if (entries.length === 0) return NONE;
    return entries.flatMap(([mediaType, content]) => {
      // OpenAPI 3.2: media types may be references too.
      const media = this.#follow(content);
      const schema = media && (member(media, 'schema') ?? member(media, 'itemSchema'));
      return schema ? [{ mediaType, schema }] : [];
    });
  }

  #responses(operation: ApiNode, old: boolean, produces: string): readonly ApiResponse[] {
    const found: ApiResponse[] = [];
    for (const [status, written] of entriesOf(member(operation, 'responses'))) {
      const node = status.startsWith('x-') ? undefined : this.#follow(written);
      if (!node) continue;
      const schema = old ? member(node, 'schema') : undefined;
      const contents = old ? (schema ? [{ mediaType: produces, schema }] : []) : this.#contents(node);
      const headers = entriesOf(member(node, 'headers'));
      found.push({
        status: status.toUpperCase() === 'DEFAULT' ? 'default' : status,
        node,
        contents,
        headers: headers.length === 0 ? NONE : headers.map(([name]) => name.toLowerCase()),
      });
    }
    return found;
  }

  #follow(node: ApiNode | undefined): ApiNode | undefined {
    if (!node) return undefined;
    const followed = follow(this.#files, node);
    if (followed.ok) return followed.node;
    const { at, reference, why } = followed;
    const key = `${at.resource.metadata.name} ${formatPath(at.path)}`;
    if (this.#told.has(key)) return undefined;
    this.#told.add(key);
    if (this.#told.size > BROKEN_MAX) {
      this.#out.count('warning');
      return undefined;
    }
    const location = originOf(at.resource, [...at.path, '$ref']);
    this.#out.push({
      code: `openapi.reference-${why}`,
      severity: 'warning',
      message: `\`${shorten(reference)}\` ${BROKEN[why]}`,
      ...(location && { location }),
      path: formatPath([...at.path, '$ref']),
      ...(why === 'file' && { help: 'scan the folder that holds both files' }),
    });
    return undefined;
  }
}

const BROKEN = {
  missing: 'leads to nothing: what hangs on it is not analysed',
  file: 'names a file that was not read: what hangs on it is not analysed',
  remote: 'is at another place on the network, which is not fetched',
  circle: 'leads back to itself',
} as const;

function mediaTypes(...written: readonly unknown[]): string {
  for (const list of written) if (Array.isArray(list) && typeof list[0] === 'string') return list[0];
  return '*';
}

/** OpenAPI 3.0 section 4.8.10: an operation's list, also an empty one, takes the place of the document's. */
function securityOf(value: unknown): ApiSecurity | undefined {
  if (!Array.isArray(value)) return undefined;
  return value
    .filter(isObject)
    .map((one) =>
      Object.fromEntries(
        Object.entries(one).map(([name, scopes]) => [
          name,
          Array.isArray(scopes) ? scopes.filter((scope): scope is string => typeof scope === 'string') : [],
        ]),
      ),
    );
}
