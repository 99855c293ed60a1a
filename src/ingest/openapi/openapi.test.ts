import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiDocument } from '#model/api.ts';
import type { Diagnostic } from '#model/diagnostic.ts';
import { readSystem } from '../read.ts';

type Files = Readonly<Record<string, string>>;

function read(files: Files): { readonly apis: readonly ApiDocument[]; readonly diagnostics: readonly Diagnostic[] } {
  const { system, diagnostics } = readSystem(Object.entries(files).map(([file, text]) => ({ file, text })));
  return { apis: system.apis, diagnostics };
}

const HEAD = 'openapi: 3.1.0\ninfo: {title: Cart API, version: "1"}\n';
const deployment = (name: string, more = ''): string =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: ${name}, namespace: shop${more}}\nspec:\n  selector: {matchLabels: {app: ${name}}}\n  template:\n    metadata: {labels: {app: ${name}}}\n    spec: {containers: [{name: a, image: 'a:1'}]}\n`;

test('parameters of path and operation are merged, references followed, bodies resolved', () => {
  const { apis, diagnostics } = read({
    'a.yaml': `${HEAD}paths:
  /carts/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {type: string}}
      - $ref: '#/components/parameters/Trace'
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses: {'200': {$ref: '#/components/responses/Ok'}}
    put:
      requestBody: {$ref: '#/components/requestBodies/Cart'}
      responses: {default: {description: d}}
components:
  parameters: {Trace: {name: trace, in: header, schema: {type: string}}}
  responses: {Ok: {description: ok, headers: {X-A: {schema: {}}}, content: {application/json: {schema: {$ref: '#/components/schemas/Cart'}}}}}
  requestBodies: {Cart: {content: {application/json: {schema: {$ref: '#/components/schemas/Cart'}}}}}
  schemas: {Cart: {type: object, properties: {self: {$ref: '#/components/schemas/Cart'}}}}
`,
  });
  assert.deepEqual(diagnostics, []);
  const [get, put] = apis[0]!.operations;
  assert.deepEqual(
    get!.parameters.map(({ name, in: place, schema }) => [name, place, (schema?.value as { type: string } | undefined)?.type]),
    [
      ['id', 'path', 'integer'],
      ['trace', 'header', 'string'],
    ],
  );
  assert.deepEqual(
    get!.responses.map(({ status, headers, contents }) => [status, headers, contents.length]),
    [['200', ['x-a'], 1]],
  );
  assert.equal(put!.request[0]!.mediaType, 'application/json');
  assert.equal(apis[0]!.schemas, 1);
});

test('security in force: own, inherited, lifted, optional', () => {
  const operations = read({
    'a.yaml': `${HEAD}security: [{key: []}]
paths:
  /a:
    get: {responses: {}}
    put: {security: [], responses: {}}
    post: {security: [{key: []}, {}], responses: {}}
    patch: {security: [{oauth: [write]}], responses: {}}
`,
  }).apis[0]!.operations;
  assert.deepEqual(
    operations.map(({ method, open, security }) => [method, open, JSON.stringify(security)]),
    [
      ['GET', false, '[{"key":[]}]'],
      ['PUT', true, '[]'],
      ['POST', true, '[{"key":[]},{}]'],
      ['PATCH', false, '[{"oauth":["write"]}]'],
    ],
  );
});

test('references lead to other files, with escapes, and broken ones are told at their place', () => {
  const { apis, diagnostics } = read({
    'specs/a.yaml': `${HEAD}paths:
  /a~b: {$ref: './paths/a.yaml'}
  /c: {$ref: '#/paths/~1a~0b'}
  /d: {$ref: 'missing.yaml'}
  /e: {$ref: '#/paths/~1nowhere'}
  /f: {$ref: 'https://example.com/x.yaml'}
  /g: {$ref: '#/paths/~1h'}
  /h: {$ref: '#/paths/~1g'}
`,
    'specs/paths/a.yaml': `get:\n  responses:\n    '200': {description: ok, content: {application/json: {schema: {$ref: '../schemas.yaml#/Cart'}}}}\n`,
    'specs/schemas.yaml': 'Cart: {type: object, properties: {id: {type: string}}}\n',
  });
  assert.deepEqual(
    apis[0]!.operations.map(({ method, path, node }) => `${method} ${path} ${node.resource.metadata.name}`),
    ['GET /a~b specs/paths/a.yaml', 'GET /c specs/paths/a.yaml'],
  );
  assert.deepEqual(
    diagnostics.map(({ code, location, severity }) => `${severity} ${code} ${location?.line}:${location?.column}`),
    [
      'warning openapi.reference-file 6:8',
      'warning openapi.reference-missing 7:8',
      'warning openapi.reference-remote 8:8',
      'warning openapi.reference-circle 9:8',
      'warning openapi.reference-circle 10:8',
    ],
  );
});

test('Swagger 2: bodies, forms, servers, schemes in the form of OpenAPI 3', () => {
  const [api] = read({
    'a.json': JSON.stringify({
      swagger: '2.0',
      info: { title: 't', version: '1' },
      host: 'api.test',
      basePath: '/v1',
      schemes: ['https', 'http'],
      consumes: ['application/json'],
      securityDefinitions: {
        o: { type: 'oauth2', flow: 'accessCode', tokenUrl: 'https://t', scopes: { read: '' } },
        b: { type: 'basic' },
      },
      paths: {
        '/a': {
          post: {
            parameters: [
              { in: 'body', name: 'b', schema: { type: 'object' } },
              { in: 'query', name: 'q', type: 'integer' },
            ],
            responses: { 200: { description: '', schema: { type: 'array' } } },
          },
        },
      },
      definitions: { A: {}, B: {} },
    }),
  }).apis;
  assert.deepEqual(
    api!.servers.map(({ url }) => url),
    ['https://api.test/v1', 'http://api.test/v1'],
  );
  assert.deepEqual(
    api!.securitySchemes.map(({ type, scheme, flows }) => [type, scheme, flows[0]?.type]),
    [
      ['oauth2', undefined, 'authorizationCode'],
      ['http', 'basic', undefined],
    ],
  );
  const [post] = api!.operations;
  assert.deepEqual(
    [
      post!.request.length,
      post!.request[0]!.mediaType,
      post!.parameters.map(({ name }) => name),
      post!.responses[0]!.contents.length,
    ],
    [1, 'application/json', ['q'], 1],
  );
  assert.equal(api!.schemas, 2);
});

test('OpenAPI 3.2: the method query and further ones', () => {
  const [api] = read({
    'a.yaml':
      'openapi: 3.2.0\ninfo: {title: t, version: "1"}\npaths: {/a: {query: {responses: {}}, additionalOperations: {COPY: {responses: {}}}}}\n',
  }).apis;
  assert.deepEqual(
    api!.operations.map(({ method }) => method),
    ['QUERY', 'COPY'],
  );
});

test('servers have their variables filled in; unquoted versions are read', () => {
  const [api] = read({
    'a.yaml':
      'openapi: 3.1\ninfo: {title: t, version: 1.0}\npaths: {}\nservers: [{url: "https://{env}.test/{x}", variables: {env: {default: eu}}}]\n',
  }).apis;
  assert.deepEqual([api!.version, api!.servers[0]!.url], ['3.1', 'https://eu.test/{x}']);
});

test('a document is linked to the workload that serves it', () => {
  const linked = (file: string, text: string, ...workloads: readonly string[]): readonly string[] =>
    read({ [file]: text, 'k.yaml': workloads.join('---\n') }).apis[0]!.workloads;
  const both = [deployment('cart'), deployment('payment-service')];
  assert.deepEqual(linked('a.yaml', `${HEAD}paths: {}\n`, ...both), ['shop/cart']);
  assert.deepEqual(linked('a.yaml', `${HEAD}paths: {}\nservers: [{url: "http://payment-service.shop.svc:80"}]\n`, ...both), [
    'shop/payment-service',
  ]);
  assert.deepEqual(linked('src/payment/openapi.yaml', 'openapi: 3.0.0\ninfo: {title: X, version: "1"}\npaths: {}\n', ...both), [
    'shop/payment-service',
  ]);
  assert.deepEqual(linked('a.yaml', `${HEAD}paths: {}\nx-cullis-workload: shop/payment-service\n`, ...both), [
    'shop/payment-service',
  ]);
  assert.deepEqual(
    linked(
      'specs/a.yaml',
      `${HEAD}paths: {}\n`,
      deployment('pay', ', annotations: {cullis.dev/openapi: a.yaml}'),
      deployment('cart'),
    ),
    ['shop/pay'],
  );
  assert.deepEqual(
    linked(
      'a.yaml',
      'openapi: 3.0.0\ninfo: {title: API, version: "1"}\npaths: {}\nservers: [{url: "https://cart.example.com"}]\n',
      ...both,
    ),
    [],
  );
});

test('documents that are none of what they say are read without harm', () => {
  for (const text of [
    'openapi: 3.0.0\npaths: [1]\n',
    'openapi: 9.1\npaths: {/a: 5, /b: {get: []}}\n',
    'swagger: "2.0"\npaths: {/a: {get: {parameters: {}, responses: [], security: x}}}\ninfo: 3\n',
    'openapi: 3.0.0\npaths: {/a: {get: {requestBody: {content: {x: null}}, callbacks: {a: {b: 1}}}}}\n',
  ]) {
    const { apis } = read({ 'a.yaml': text });
    assert.equal(apis.length, 1, text);
  }
});
