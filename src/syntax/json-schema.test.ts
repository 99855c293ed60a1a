import assert from 'node:assert/strict';
import { test } from 'node:test';
import ajvModule from 'ajv';
import fc from 'fast-check';
import { formatHolds } from './json-format.ts';
import { compileSchema } from './json-schema.ts';

const Ajv = ajvModule.default;

/** A schema with `if`, made so that no object of the source looks like a promise. */
function conditional(test: unknown, yes: unknown, no: unknown): object {
  return Object.fromEntries(['if', 'then', 'else'].map((name, i) => [name, [test, yes, no][i]]));
}

for (const [schema, good, bad] of [
  [{ type: 'integer' }, [1, 1.0, -3], [1.5, '1', null]],
  [{ type: ['string', 'null'] }, ['', null], [1, []]],
  [{ enum: [1, 'a', { b: [1] }] }, [1, 'a', { b: [1] }], [2, { b: [2] }, null]],
  [{ const: { a: 1, b: 2 } }, [{ b: 2, a: 1 }], [{ a: 1 }]],
  [{ minimum: 1, exclusiveMaximum: 3, multipleOf: 0.5 }, [1, 2.5, 'x'], [0.5, 3, 1.25]],
  [{ minLength: 2, maxLength: 3, pattern: '^a' }, ['ab', 'a😀', 4], ['a', 'abcd', 'ba']],
  [
    { items: { type: 'string' }, minItems: 1, maxItems: 2, uniqueItems: true },
    [['a'], ['a', 'b']],
    [[], [1], ['a', 'a'], ['a', 'b', 'c']],
  ],
  [
    { uniqueItems: true },
    [
      [1, '1', true],
      [{ a: 1 }, { a: 2 }],
    ],
    [
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
      [1, 1.0],
    ],
  ],
  [{ items: [{ type: 'number' }], additionalItems: false }, [[], [1]], [['a'], [1, 2]]],
  [{ contains: { const: 1 } }, [[2, 1]], [[], [2]]],
  [
    { required: ['a'], properties: { a: { type: 'number' } }, additionalProperties: false },
    [{ a: 1 }],
    [{}, { a: 'x' }, { a: 1, b: 2 }, JSON.parse('{"a":1,"__proto__":1}')],
  ],
  [
    { patternProperties: { '^x': { type: 'number' } }, additionalProperties: { type: 'string' } },
    [{ x1: 1, y: 'a' }],
    [{ x: 'a' }, { y: 1 }],
  ],
  [{ propertyNames: { maxLength: 2 }, minProperties: 1, maxProperties: 2 }, [{ ab: 1 }], [{ abc: 1 }, {}, { a: 1, b: 2, c: 3 }]],
  [{ dependencies: { a: ['b'], c: { required: ['d'] } } }, [{}, { a: 1, b: 2 }, { c: 1, d: 1 }], [{ a: 1 }, { c: 1 }]],
  [{ allOf: [{ required: ['a'] }, { required: ['b'] }] }, [{ a: 1, b: 1 }], [{ a: 1 }]],
  [{ anyOf: [{ type: 'string' }, { minimum: 3 }] }, ['a', 4], [1]],
  [{ oneOf: [{ multipleOf: 2 }, { multipleOf: 3 }] }, [2, 3], [6, 5]],
  [{ not: { type: 'string' } }, [1], ['a']],
  [conditional({ type: 'number' }, { minimum: 5 }, { minLength: 2 }), [6, 'ab'], [4, 'a']],
  [
    {
      definitions: { n: { properties: { next: { $ref: '#/definitions/n' }, v: { type: 'number' } }, required: ['v'] } },
      $ref: '#/definitions/n',
    },
    [{ v: 1, next: { v: 2 } }],
    [{ v: 1, next: {} }],
  ],
  [
    { definitions: { 'a/b~c': { type: 'number' } }, properties: { x: { $ref: '#/definitions/a~1b~0c' } } },
    [{ x: 1 }],
    [{ x: 'a' }],
  ],
  [{ properties: { x: false, y: true } }, [{ y: 1 }], [{ x: 1 }]],
] as readonly (readonly [object, readonly unknown[], readonly unknown[]])[])
  test(`json schema ${JSON.stringify(schema).slice(0, 70)}`, () => {
    const validate = compileSchema(schema);
    const oracle = new Ajv({ strict: false }).compile(schema);
    for (const [list, want] of [
      [good, true],
      [bad, false],
    ] as const)
      for (const instance of list) {
        assert.equal(oracle(instance), want, `the case itself: ${JSON.stringify(instance)}`);
        assert.equal(validate(instance).length === 0, want, JSON.stringify(instance));
      }
  });

test('json schema: references to other documents by id, and faults with their place', () => {
  const validate = compileSchema(
    { $id: 'http://x.org/s/a.json', properties: { 'k/1': { items: { $ref: 'b.json#/definitions/d' } } } },
    [{ $id: 'http://x.org/s/b.json', definitions: { d: { $ref: '#/definitions/e' }, e: { type: 'number' } } }],
  );
  assert.deepEqual(validate({ 'k/1': [1, 'secret'] }), [{ pointer: '/k~11/1', message: 'must be a number, not a text' }]);
  assert.throws(() => compileSchema({ $ref: '#/none' }));
  assert.throws(() => compileSchema({ $ref: 'other.json' }));
});

test('json schema: deep, wide and endless instances and schemas end', () => {
  const nested = { $ref: '#' };
  const validate = compileSchema({ properties: { a: nested }, items: nested });
  let deep: unknown = {};
  for (let i = 0; i < 5000; i++) deep = { a: deep };
  assert.equal(validate(deep).length > 0, true);
  assert.equal(compileSchema({ items: { type: 'number' } }, [], 3)(Array.from({ length: 1000 }, () => 'x')).length, 3);
  assert.equal(compileSchema({ allOf: [{ $ref: '#' }] })(1).length > 0, true);
});

test('json schema: random schemas and instances are judged as ajv judges them', () => {
  const leaf = fc.oneof(
    fc.constant({ type: 'string' }),
    fc.constant({ type: 'number' }),
    fc.constant({ minimum: 1 }),
    fc.constant({ maxLength: 1 }),
    fc.constant(true),
    fc.constant(false),
    fc.constant({ enum: [1, 'a', null] }),
    fc.constant({ uniqueItems: true }),
  );
  const schema = fc.letrec<{ node: unknown }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 3 },
      leaf,
      fc.record(
        {
          properties: fc.dictionary(fc.constantFrom('a', 'b'), tie('node')),
          additionalProperties: tie('node'),
          required: fc.subarray(['a', 'b']),
        },
        { requiredKeys: [] },
      ),
      fc.record({ items: tie('node'), contains: tie('node') }, { requiredKeys: [] }),
      fc.record({ anyOf: fc.array(tie('node'), { minLength: 1, maxLength: 3 }), not: tie('node') }, { requiredKeys: [] }),
      fc.record({ oneOf: fc.array(tie('node'), { minLength: 1, maxLength: 3 }) }),
      fc.tuple(tie('node'), tie('node'), tie('node')).map(([test, yes, no]) => conditional(test, yes, no)),
    ),
  })).node;
  const instance = fc
    .jsonValue({ maxDepth: 3 })
    .map((value) => JSON.parse(JSON.stringify(value).replaceAll('-0', '0')) as unknown);
  const ajv = new Ajv({ strict: false, validateSchema: false });
  fc.assert(
    fc.property(schema, fc.array(instance, { maxLength: 5 }), (each, instances) => {
      const oracle = ajv.compile(each as object);
      const validate = compileSchema(each);
      for (const value of instances) assert.equal(validate(value).length === 0, oracle(value));
    }),
    { numRuns: 60 },
  );
});

for (const [format, good, bad] of [
  [
    'date-time',
    ['2024-02-29T23:59:60Z', '2024-01-01T00:00:00.5+02:00', '2024-01-01t00:00:00z'],
    ['2023-02-29T00:00:00Z', '2024-01-01', '2024-13-01T00:00:00Z', '2024-01-01T24:00:00Z', '2024-01-01T00:00:00'],
  ],
  [
    'iri-reference',
    ['', 'a', '../b?c#d', 'https://exämple.org/ü', 'urn:cdx:x/1#a', 'mailto:a@b'],
    ['a b', '\\x', 'http://a/%zz', '<x>', 'a#b#c'],
  ],
  ['uri', ['http://a.org/x', 'urn:x:y'], ['//a', 'a', 'http://ä.org']],
  ['idn-email', ['jörg@exämple.org', 'a@b'], ['a', '@b', 'a@', 'a b@c']],
  ['email', ['a.b@example.org'], ['a', 'a@b c', '.a@b.org', 'a..b@c.org']],
  ['ipv4', ['1.2.3.4'], ['1.2.3', '256.1.1.1', '01.2.3.4']],
  ['ipv6', ['::1', 'fe80::1'], ['1', 'g::1', ':::']],
  ['uuid', ['3e671687-395b-41f5-a30f-a58921a69b79'], ['3e671687395b41f5a30fa58921a69b79']],
  ['regex', ['^a+$'], ['(']],
  ['unheard-of', ['anything'], []],
] as const)
  test(`format ${format}`, () => {
    for (const text of good) assert.equal(formatHolds(format, text), true, text);
    for (const text of bad) assert.equal(formatHolds(format, text), false, text);
  });
