import assert from 'node:assert/strict';
import test from 'node:test';
import { eventsQuery, ROUTES, type RouteSpec } from './control.ts';
import { openApiDocument } from './openapi.ts';
import { event } from './values.ts';

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly requestBody?: unknown;
  readonly responses: Readonly<Record<string, unknown>>;
  readonly 'x-cullis-role': string;
}
interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

const document = openApiDocument('1.2.3') as unknown as Document;

test('the OpenAPI document holds every route with its role, parameters and body', () => {
  const seen: string[] = [];
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const spec: RouteSpec = ROUTES[operation.operationId as keyof typeof ROUTES];
      seen.push(operation.operationId);
      assert.deepEqual([spec.method, spec.path, spec.role], [method.toUpperCase(), path, operation['x-cullis-role']]);
      const inPath = (operation.parameters ?? []).filter((one) => one.in === 'path').map((one) => `{${one.name}}`);
      assert.deepEqual(path.match(/\{\w+\}/g) ?? [], inPath);
      assert.equal(operation.requestBody !== undefined, spec.body !== undefined);
      for (const status of ['200', '401', '403', 'default']) assert.ok(operation.responses[status], `${path} ${status}`);
    }
  }
  assert.deepEqual(seen.sort(), Object.keys(ROUTES).sort());
  const query = document.paths['/api/v1/events']?.['get']?.parameters?.map((one) => [one.name, one.required]);
  assert.deepEqual(query, [
    ['type', false],
    ['allowed', false],
    ['workload', false],
    ['fromMs', false],
    ['limit', false],
  ]);
});

test('every reference in the document leads somewhere, and no zod name leaks', () => {
  const text = JSON.stringify(document);
  for (const [, name] of text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g))
    assert.ok(document.components.schemas[name!], String(name));
  assert.doesNotMatch(text, /\$defs|__schema|readOnly/);
  assert.equal(document.openapi, '3.1.0');
  assert.equal(text, JSON.stringify(openApiDocument('1.2.3')), 'equal tables give equal text');
});

test('an event of each type passes, with members that this version does not know', () => {
  const base = { id: 'x', timeMs: 1, node: 'control' };
  const events = [
    { ...base, type: 'certificate', action: 'issued', identity: 'i', serial: 's', notAfterMs: 1, detail: '' },
    { ...base, type: 'config', action: 'applied', version: 'v', detail: '' },
    { ...base, type: 'process', action: 'ready', name: 'n', pid: 1, detail: '' },
    { ...base, type: 'audit', operator: 'o', role: 'r', action: 'a', target: 't', allowed: true },
    { ...base, type: 'gap', lost: 1, detail: '' },
  ];
  for (const one of events) assert.deepEqual(event.parse({ ...one, later: 1 }), { ...one, later: 1 });
  assert.equal(event.safeParse({ ...base, type: 'other' }).success, false);
});

test('queries are read with their defaults, and unknown members refused', () => {
  assert.deepEqual(eventsQuery.parse({}), { limit: 100 });
  assert.deepEqual(eventsQuery.parse({ limit: '5', fromMs: '7' }), { limit: 5, fromMs: 7 });
  for (const bad of [{ limit: 'x' }, { limit: '1.5' }, { fromMs: '-1' }, { more: '1' }])
    assert.equal(eventsQuery.safeParse(bad).success, false, JSON.stringify(bad));
});
