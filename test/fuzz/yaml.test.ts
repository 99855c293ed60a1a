// Any bytes give documents or mistakes, in bounded time, and never an exception.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalJson } from '#base/canonical-json.ts';
import { readYaml } from '#syntax/yaml.ts';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 400);

/** Pieces that YAML readers stumble over, to be strung together. */
const TOKENS = [
  '---\n',
  '...\n',
  '- ',
  '? ',
  ': ',
  'a: ',
  'b:\n',
  '  ',
  '\t',
  '\n',
  '\r\n',
  '\r',
  '[',
  ']',
  '{',
  '}',
  ',',
  '&a ',
  '*a',
  '<<: ',
  '!!str ',
  '!x ',
  '!<',
  '%YAML 1.1\n',
  '%TAG ! x\n',
  '|\n',
  '>-\n',
  '"',
  "'",
  '\\',
  '# c\n',
  'yes',
  '0777',
  '.inf',
  '1e3',
  '~',
  '\uFEFF',
  '\u0000',
  '\uD800',
  '😀',
  '__proto__: ',
  'x'.repeat(50),
  '{{ .V }}',
  '@',
  '`',
] as const;

/** Every document can be walked, written and located. */
function settle(text: string | Uint8Array): void {
  const { documents, mistakes } = readYaml('f', text);
  for (const document of documents) {
    assert.ok(canonicalJson(document.value).length >= 0);
    const { line, column } = document.locate(['a', 0, 'b']);
    assert.ok(line >= 1 && column >= 1);
  }
  for (const { location, message } of mistakes) {
    assert.ok(location.line >= 1 && location.column >= 1);
    assert.ok(message.length > 0 && message.length < 300, message);
  }
}

test('any bytes', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), settle), { numRuns: RUNS });
});

test('any text', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), settle), { numRuns: RUNS });
});

test('any string of tokens', () => {
  const text = fc.array(fc.constantFrom(...TOKENS), { maxLength: 40 }).map((parts) => parts.join(''));
  fc.assert(fc.property(text, settle), { numRuns: RUNS * 3 });
});

test('any JSON is read as JSON reads it', () => {
  // Kubernetes reads JSON numbers and texts as they are; only the order of members may differ.
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
      const text = JSON.stringify(value, undefined, indent);
      const { documents, mistakes } = readYaml('f', text);
      assert.deepEqual(mistakes, []);
      const parsed: unknown = JSON.parse(text);
      assert.equal(canonicalJson(documents[0]?.value ?? null), canonicalJson(parsed));
    }),
    { numRuns: RUNS },
  );
});

test('nesting, aliases and repetition stay within their bounds', () => {
  const times = (part: string, count: number): string => part.repeat(count);
  for (const text of [
    times('[', 100_000),
    times('{a: ', 100_000),
    times('- ', 100_000),
    times('? ', 100_000),
    times('!a ', 100_000),
    times('&a ', 100_000),
    times('&a\n', 50_000),
    times('a:\n ', 2000),
    times('---\n', 100_000),
    times('--- a\n', 100_000),
    times('%A\n', 100_000),
    times('{{', 100_000),
    times('{"a":1}', 20_000),
    times('{"a":[', 50_000),
    `"${times('\\u0041', 100_000)}"`,
    `'${times("''", 100_000)}'`,
    `a: |\n${times(' \n', 100_000)}`,
    `a: >\n${times(' x\n\n', 50_000)}`,
    `a: ${times('x ', 100_000)}`,
    times('a: &a [*a]\n', 20_000),
    Array.from({ length: 20_000 }, (_, i) => `k${i}: &k${i} v\n`).join(''),
    `base: &b {x: 1}\n${Array.from({ length: 20_000 }, (_, i) => `k${i}: {<<: *b}\n`).join('')}`,
    `base: &b {x: 1}\n<<: [${times('*b,', 20_000)}]`,
    `[${times('a: b, ', 20_000)}]`,
    `{${times('? a : b, ', 20_000)}}`,
  ]) {
    settle(text);
  }
});
