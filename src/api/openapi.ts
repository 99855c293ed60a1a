import { z } from 'zod';
import { problem, ROUTES, type RouteSpec } from './control.ts';

type Json = Readonly<Record<string, unknown>>;

/** The control API as an OpenAPI 3.1 document, made from the route table. Equal tables give equal text. */
export function openApiDocument(version: string): Json {
  const paths: Record<string, Record<string, unknown>> = {};
  const schemas: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(ROUTES) as [string, RouteSpec][]) {
    const operations = (paths[spec.path] ??= {});
    operations[spec.method.toLowerCase()] = operation(name, spec, schemas);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Cullis control API',
      version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description: 'Loopback only. Every route but the probes and the metrics demands an operator token.',
    },
    servers: [{ url: '/' }],
    security: [{ operatorToken: [] }],
    paths,
    components: {
      securitySchemes: {
        operatorToken: { type: 'http', scheme: 'bearer', description: 'made by `cullis operator add`, shown once' },
      },
      schemas: Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1))),
    },
  };
}

function operation(name: string, spec: RouteSpec, schemas: Record<string, unknown>): Json {
  const parameters: Json[] = [...spec.path.matchAll(/\{(\w+)\}/g)].map((match) => ({
    name: match[1],
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  if (spec.query) {
    const query = toSchema(spec.query, schemas, 'input') as { properties?: Record<string, unknown>; required?: string[] };
    for (const [key, schema] of Object.entries(query.properties ?? {})) {
      parameters.push({ name: key, in: 'query', required: query.required?.includes(key) ?? false, schema });
    }
  }
  const failed = { content: { 'application/problem+json': { schema: toSchema(problem, schemas, 'output') } } };
  const type = spec.stream ? 'text/event-stream' : 'application/json';
  return {
    operationId: name,
    summary: spec.summary,
    'x-cullis-role': spec.role,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(spec.body
      ? { requestBody: { required: true, content: { 'application/json': { schema: toSchema(spec.body, schemas, 'input') } } } }
      : {}),
    responses: {
      '200': { description: 'as asked', content: { [type]: { schema: toSchema(spec.response, schemas, 'output') } } },
      '401': { description: 'no token, or a wrong one', ...failed },
      '403': { description: `the token lacks the role \`${spec.role}\``, ...failed },
      default: { description: 'what went wrong', ...failed },
    },
  };
}

/** A zod schema as JSON Schema 2020-12 (OpenAPI 3.1's dialect), its named parts moved to `components.schemas`. */
function toSchema(schema: z.ZodType, schemas: Record<string, unknown>, io: 'input' | 'output'): Json {
  const made = z.toJSONSchema(schema, { io, unrepresentable: 'any', reused: 'inline' }) as Record<string, unknown>;
  const { $schema: _dialect, $defs, id, ...own } = made;
  for (const [key, value] of Object.entries(($defs ?? {}) as Record<string, unknown>)) schemas[key] ??= withoutId(relink(value));
  const linked = relink(own) as Json;
  if (typeof id !== 'string') return linked;
  schemas[id] ??= linked;
  return { $ref: `#/components/schemas/${id}` };
}

function withoutId(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { id: _id, ...rest } = value as Record<string, unknown>;
  return rest;
}

function relink(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(relink);
  if (typeof value !== 'object' || value === null) return value;
  // `readOnly` is how zod says that a TypeScript value is frozen; in OpenAPI it means something else.
  const entries = Object.entries(value).filter(([key, inner]) => key !== 'readOnly' || inner !== true);
  return Object.fromEntries(
    entries.map(([key, inner]) => [
      key,
      key === '$ref' && typeof inner === 'string' ? inner.replace('#/$defs/', '#/components/schemas/') : relink(inner),
    ]),
  );
}
