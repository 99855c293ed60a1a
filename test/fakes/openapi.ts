// OpenAPI documents for cases of rules.
import type { Files } from './scan-files.ts';

export const OK = { responses: { '200': { description: 'ok' } } };

export const BEARER = { bearer: { type: 'http', scheme: 'bearer' } };

/** A document with these paths, bearer tokens demanded everywhere. */
export function api(paths: object, more: object = {}): Files {
  const { components, ...rest } = more as { components?: object };
  const document = {
    openapi: '3.1.0',
    info: { title: 'Cart', version: '1' },
    security: [{ bearer: [] }],
    paths,
    components: { securitySchemes: BEARER, ...components },
    ...rest,
  };
  return { 'openapi.json': JSON.stringify(document, null, 1) };
}

export const body = (schema: object): object => ({ ...OK, requestBody: { content: { 'application/json': { schema } } } });

export const answer = (schema: object, more: object = {}): object => ({
  responses: { '200': { description: 'ok', content: { 'application/json': { schema } } } },
  ...more,
});

export const param = (name: string, place: string, schema: object = { type: 'string' }): object => ({
  name,
  in: place,
  required: place === 'path',
  schema,
});
