import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hitsInFiles, testRules } from '../../../test/fakes/scan-files.ts';
import type { Files, RuleCase } from '../../../test/fakes/scan-files.ts';
import { API_RULES } from './api.ts';
import { NO_AUTHENTICATION, NO_SCHEME, UNDEFINED_SCHEME } from './api/authentication.ts';
import { FUNCTION_AUTHORIZATION, OBJECT_AUTHORIZATION } from './api/authorization.ts';
import { NO_LIMIT, NO_PAGINATION, UNBOUNDED } from './api/consumption.ts';
import { BASIC, KEY_IN_QUERY, NO_REFUSAL, PLAIN_HTTP } from './api/credentials.ts';
import { DEPRECATED, INNER_SERVER, OLD_VERSION, OUTGOING } from './api/inventory.ts';
import { CORS, EXAMPLE_SECRET, SSRF } from './api/misconfiguration.ts';
import { MASS_ASSIGNMENT, READ_ONLY, SECRET_IN_RESPONSE } from './api/properties.ts';

const OK = { responses: { '200': { description: 'ok' } } };
const BEARER = { bearer: { type: 'http', scheme: 'bearer' } };

/** A document with these paths, bearer tokens demanded everywhere. */
function api(paths: object, more: object = {}): Files {
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

const body = (schema: object): object => ({ ...OK, requestBody: { content: { 'application/json': { schema } } } });
const answer = (schema: object, more: object = {}): object => ({
  responses: { '200': { description: 'ok', content: { 'application/json': { schema } } } },
  ...more,
});
const param = (name: string, place: string, schema: object = { type: 'string' }): object => ({
  name,
  in: place,
  required: place === 'path',
  schema,
});
const deployed = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec: {containers: [{name: cart, image: 'a:1', ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: cart}
spec: {type: LoadBalancer, selector: {app: cart}, ports: [{port: 80}]}
`;

const CASES: readonly RuleCase[] = [
  [
    NO_AUTHENTICATION,
    'lifted from one',
    api({ '/a': { delete: { ...OK, security: [] }, get: { ...OK, security: [] } } }),
    'medium',
  ],
  [NO_AUTHENTICATION, 'nothing as an alternative', api({ '/a': { put: { ...OK, security: [{ bearer: [] }, {}] } } }), 'medium'],
  [NO_AUTHENTICATION, 'exposed', { ...api({ '/a': { post: { ...OK, security: [] } } }), 'k.yaml': deployed }, 'high'],
  [
    NO_AUTHENTICATION,
    'reading, and what comes before login',
    api({
      '/a': { get: { ...OK, security: [] } },
      '/users/login': { post: { ...OK, security: [] } },
      '/auth/v1/token': { post: { ...OK, security: [] } },
    }),
  ],
  [
    NO_AUTHENTICATION,
    'own requirement where the document has none',
    api({ '/a': { post: { ...OK, security: [{ bearer: [] }] } } }, { security: [] }),
  ],

  [NO_SCHEME, 'none', { 'o.yaml': 'swagger: "2.0"\ninfo: {title: t}\npaths: {/a: {post: {responses: {}}}}' }, 'low'],
  [
    NO_SCHEME,
    'reads only, or schemes',
    { 'o.yaml': 'swagger: "2.0"\ninfo: {title: t}\npaths: {/a: {get: {responses: {}}}}', ...api({ '/a': { post: OK } }) },
  ],

  [UNDEFINED_SCHEME, 'misspelled', api({ '/a': { get: { ...OK, security: [{ baerer: [] }] } } }), 'medium'],
  [UNDEFINED_SCHEME, 'known', api({ '/a': { get: OK } })],

  [
    OBJECT_AUTHORIZATION,
    'whole numbers',
    api({ '/orders/{orderId}': { get: { ...OK, parameters: [param('orderId', 'path', { type: 'integer' })] } } }),
    'medium',
  ],
  [
    OBJECT_AUTHORIZATION,
    'in the query, of the path item',
    api({ '/report': { parameters: [param('report_id', 'query')], get: OK } }),
    'low',
  ],
  [
    OBJECT_AUTHORIZATION,
    'with a scope',
    api({
      '/orders/{orderId}': { get: { ...OK, security: [{ bearer: ['orders:read'] }], parameters: [param('orderId', 'path')] } },
    }),
  ],
  [
    OBJECT_AUTHORIZATION,
    'no object',
    api({ '/a/{lang}': { get: { ...OK, parameters: [param('lang', 'path'), param('request_id', 'query')] } } }),
  ],

  [FUNCTION_AUTHORIZATION, 'same as others', api({ '/a': { get: OK }, '/admin/users': { delete: OK } }), 'medium'],
  [FUNCTION_AUTHORIZATION, 'open', api({ '/a': { get: OK }, '/users/_debug': { get: { ...OK, security: [] } } }), 'high'],
  [
    FUNCTION_AUTHORIZATION,
    'with a scope of its own',
    api({ '/a': { get: OK }, '/admin/users': { delete: { ...OK, security: [{ bearer: ['admin'] }] } } }),
  ],
  [
    FUNCTION_AUTHORIZATION,
    'no word of its own',
    api({ '/a': { get: OK }, '/administer-vaccine': { get: OK }, '/badminton': { get: OK } }),
  ],

  [
    KEY_IN_QUERY,
    'scheme',
    api({ '/a': { get: OK } }, { components: { securitySchemes: { k: { type: 'apiKey', in: 'query', name: 'key' } } } }),
    'medium',
  ],
  [
    KEY_IN_QUERY,
    'password',
    api({ '/login': { get: { ...OK, parameters: [param('username', 'query'), param('password', 'query')] } } }),
    'medium',
  ],
  [
    KEY_IN_QUERY,
    'header',
    api(
      { '/a': { get: { ...OK, parameters: [param('page_token', 'query')] } } },
      { components: { securitySchemes: { k: { type: 'apiKey', in: 'header', name: 'key' } } } },
    ),
  ],

  [
    BASIC,
    'over http',
    api(
      { '/a': { get: OK } },
      { servers: [{ url: 'http://api.acme.com' }], components: { securitySchemes: { b: { type: 'http', scheme: 'Basic' } } } },
    ),
    'high',
  ],
  [
    BASIC,
    'Swagger 2',
    { 'o.yaml': 'swagger: "2.0"\ninfo: {title: t}\npaths: {}\nsecurityDefinitions: {b: {type: basic}}' },
    'low',
  ],
  [BASIC, 'bearer', api({ '/a': { get: OK } })],

  [
    PLAIN_HTTP,
    'server',
    api({ '/a': { get: OK } }, { servers: [{ url: 'https://api.acme.com' }, { url: 'http://api.acme.com' }] }),
    'medium',
  ],
  [
    PLAIN_HTTP,
    'Swagger 2',
    { 'o.yaml': 'swagger: "2.0"\ninfo: {title: t}\nhost: api.acme.com\nschemes: [http, https]\npaths: {}' },
    'medium',
  ],
  [
    PLAIN_HTTP,
    'token endpoint',
    api(
      {},
      {
        components: {
          securitySchemes: {
            o: { type: 'oauth2', flows: { clientCredentials: { tokenUrl: 'http://login.acme.com/token', scopes: {} } } },
          },
        },
      },
    ),
    'high',
  ],
  [
    PLAIN_HTTP,
    'this machine and the cluster',
    api(
      {},
      {
        servers: [
          { url: 'http://localhost:80' },
          { url: 'http://cart.shop.svc:80' },
          { url: '/v1' },
          { url: 'http://{host}/', variables: { host: { default: 'localhost' } } },
        ],
      },
    ),
  ],

  [NO_REFUSAL, 'silent', api({ '/a': { get: OK } }), 'info'],
  [NO_REFUSAL, 'documented', api({ '/a': { get: { responses: { '401': { description: 'no' } } } } })],

  [
    SECRET_IN_RESPONSE,
    'password',
    api(
      { '/users': { get: answer({ type: 'array', items: { $ref: '#/components/schemas/User' } }) } },
      { components: { schemas: { User: { properties: { passwordHash: { type: 'string' } } } } } },
    ),
    'medium',
  ],
  [
    SECRET_IN_RESPONSE,
    'for everybody',
    api({ '/users': { get: answer({ properties: { password: { type: 'string' } } }, { security: [] }) } }),
    'high',
  ],
  [
    SECRET_IN_RESPONSE,
    'write only, token, flag',
    api({
      '/users': {
        get: answer({
          properties: {
            password: { type: 'string', writeOnly: true },
            token: { type: 'string' },
            passwordExpired: { type: 'boolean' },
          },
        }),
        post: body({ properties: { password: { type: 'string' } } }),
      },
    }),
  ],

  [
    MASS_ASSIGNMENT,
    'role',
    api({ '/users': { post: body({ allOf: [{ properties: { isAdmin: { type: 'boolean' } } }] }) } }),
    'medium',
  ],
  [
    MASS_ASSIGNMENT,
    'anything',
    api({ '/users': { post: body({ properties: { name: { type: 'string' } }, additionalProperties: true }) } }),
    'low',
  ],
  [
    MASS_ASSIGNMENT,
    'read only, free mapping, administrators',
    api({
      '/users': {
        post: body({
          properties: {
            role: { type: 'string', readOnly: true },
            labels: { type: 'object', additionalProperties: { type: 'string' } },
          },
        }),
      },
      '/admin/users': { post: body({ properties: { role: { type: 'string' } } }) },
    }),
  ],
  [READ_ONLY, 'id', api({ '/a': { post: body({ properties: { id: { type: 'string' } } }) } }), 'info'],
  [READ_ONLY, 'read only', api({ '/a': { post: body({ properties: { id: { type: 'string', readOnly: true } } }) } })],

  [NO_PAGINATION, 'list', api({ '/a': { get: answer({ type: 'array', items: {} }) } }), 'low'],
  [
    NO_PAGINATION,
    'paged or bounded',
    api({
      '/a': { get: answer({ type: 'array', items: {} }, { parameters: [param('pageSize', 'query')] }) },
      '/b': { get: answer({ type: 'array', maxItems: 9, items: {} }) },
    }),
  ],
  [NO_LIMIT, 'login', api({ '/login': { post: OK } }), 'low'],
  [NO_LIMIT, 'documented', api({ '/login': { post: { responses: { '429': { description: 'slow down' } } } } })],
  [UNBOUNDED, 'text', api({ '/a': { post: body({ properties: { name: { type: 'string' } } }) } }), 'info'],
  [
    UNBOUNDED,
    'bounded',
    api({
      '/a': { post: body({ properties: { name: { type: 'string', maxLength: 9 }, day: { type: 'string', format: 'date' } } }) },
    }),
  ],

  [SSRF, 'format', api({ '/a': { post: body({ properties: { callbackUrl: { type: 'string', format: 'uri' } } }) } }), 'medium'],
  [SSRF, 'parameter', api({ '/fetch': { get: { ...OK, parameters: [param('url', 'query')] } } }), 'medium'],
  [
    SSRF,
    'by the example beside',
    api({
      '/a': {
        post: {
          ...OK,
          requestBody: {
            content: {
              'application/json': {
                schema: { properties: { mechanic_api: { type: 'string' } } },
                example: { mechanic_api: 'http://localhost/a' },
              },
            },
          },
        },
      },
    }),
    'medium',
  ],
  [
    SSRF,
    'stored links',
    api({
      '/a': {
        post: body({
          properties: {
            avatarUrl: { type: 'string', format: 'uri' },
            photoUrls: { type: 'array', items: { type: 'string' } },
            target: { type: 'string' },
          },
        }),
      },
    }),
  ],
  [
    CORS,
    'any',
    api({
      '/a': {
        get: {
          responses: {
            '200': { description: 'ok', headers: { 'Access-Control-Allow-Origin': { schema: { type: 'string', enum: ['*'] } } } },
          },
        },
      },
    }),
    'low',
  ],
  [
    CORS,
    'one',
    api({
      '/a': {
        get: {
          responses: {
            '200': {
              description: 'ok',
              headers: { 'Access-Control-Allow-Origin': { schema: { type: 'string', default: 'https://a.test' } } },
            },
          },
        },
      },
    }),
  ],
  [
    EXAMPLE_SECRET,
    'key',
    api({ '/a': { get: { ...OK, parameters: [{ ...param('k', 'header'), example: ['AKIA', 'QWERTYUIOPASDFGH'].join('') }] } } }),
    'high',
  ],
  [
    EXAMPLE_SECRET,
    'made up',
    api({ '/a': { get: { ...OK, parameters: [{ ...param('k', 'header'), example: ['AKIA', 'IOSFODNN7EXAMPLE'].join('') }] } } }),
  ],

  [OLD_VERSION, 'two versions', api({ '/api/v1/orders': { get: OK }, '/api/v2/orders': { get: OK } }), 'low'],
  [OLD_VERSION, 'of a login', api({ '/auth/v2/check-otp': { post: OK }, '/auth/v3/check-otp': { post: OK } }), 'medium'],
  [
    OLD_VERSION,
    'deprecated, other method, other path',
    api({
      '/v1/a': { get: { ...OK, deprecated: true } },
      '/v2/a': { get: OK },
      '/v1/b': { get: OK },
      '/v2/b': { post: OK },
      '/v1/c': { get: OK },
    }),
  ],
  [DEPRECATED, 'one', api({ '/a': { get: { ...OK, deprecated: true } } }), 'info'],
  [DEPRECATED, 'none', api({ '/a': { get: OK } })],
  [INNER_SERVER, 'staging', api({}, { servers: [{ url: 'https://api.acme.com' }, { url: 'https://staging.acme.com' }] }), 'low'],
  [
    INNER_SERVER,
    'alone, or a sandbox',
    api(
      {},
      { servers: [{ url: 'https://api.acme.com' }, { url: 'https://sandbox.acme.com' }, { url: 'https://latest.acme.com' }] },
    ),
  ],
  [
    OUTGOING,
    'plain',
    api({ '/a': { post: { ...OK, callbacks: { done: { 'http://hook.acme.com': { post: OK } } } } } }),
    'medium',
  ],
  [OUTGOING, 'chosen', api({ '/a': { post: { ...OK, callbacks: { done: { '{$request.body#/url}': { post: OK } } } } } }), 'low'],
  [OUTGOING, 'fixed', api({ '/a': { post: { ...OK, callbacks: { done: { 'https://hook.acme.com': { post: OK } } } } } })],
];

testRules(API_RULES, CASES);

test('a finding lists its operations and stands at the first', () => {
  const [found] = hitsInFiles(
    NO_AUTHENTICATION,
    api({ '/a': { post: { ...OK, security: [] } }, '/b': { delete: { ...OK, security: [] } } }),
  );
  assert.match(found!.title, /2 operations change data without authentication: `POST \/a` and `DELETE \/b`/);
  assert.equal(found!.path, 'paths["/a"].post');
  assert.equal(found!.related?.length, 1);
});
