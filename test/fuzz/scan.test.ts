// Whatever bytes lie in a tree: the scan ends, what lies beside them is judged as before, and where something cannot be read that is told.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { check, isTold, placesIn, WRONG } from '../fakes/scan-beside.ts';
import { KINDS } from '../fakes/scan-inputs.ts';

const bytesOf = (content: string | Uint8Array): Buffer => Buffer.from(content);
const repeat = (text: string, times: number): Buffer => Buffer.from(text.repeat(times));
const noise = (size: number): Buffer => {
  const bytes = Buffer.alloc(size);
  let state = 0x9e3779b9;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
};

/** Damage that leaves nothing of the kind; `true`: it must be told of a strict kind. */
const DAMAGE: Readonly<Record<string, readonly [damage: (whole: Buffer) => Buffer, told: boolean]>> = {
  empty: [() => Buffer.alloc(0), false],
  blanks: [() => Buffer.from(' \n\t\n'), false],
  noise: [() => noise(3000), true],
  zeros: [() => Buffer.alloc(2000), true],
  'zeros in it': [(whole) => Buffer.concat([whole.subarray(0, 20), Buffer.alloc(3), whole.subarray(20)]), true],
  'UTF-16': [(whole) => Buffer.from(`\ufeff${whole.toString('latin1')}`, 'utf16le'), false],
  'UTF-16, big end first': [(whole) => Buffer.from(`\ufeff${whole.toString('latin1')}`, 'utf16le').swap16(), false],
  'UTF-16 without a mark': [(whole) => Buffer.from(whole.toString('latin1'), 'utf16le'), false],
  latin1: [(whole) => Buffer.concat([Buffer.from('# caf\xe9 \xfc\xdf\n', 'latin1'), whole]), false],
  'a mark before it': [(whole) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), whole]), false],
  'line ends of Windows': [(whole) => Buffer.from(whole.toString('latin1').replaceAll('\n', '\r\n'), 'latin1'), false],
  'one long line': [() => repeat('a', 300_000), false],
  'a long value': [(whole) => Buffer.concat([whole, Buffer.from(`\n# ${'x '.repeat(50_000)}\n`)]), false],
  'deep brackets': [() => repeat('[', 20_000), true],
  'deep braces': [() => repeat('{"a":', 20_000), true],
  'deep indentation': [() => Buffer.from(Array.from({ length: 500 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')), false],
  'deep elements': [() => repeat('<a>', 20_000), false],
  'many tables': [() => repeat('[[package]]\n', 40_000), false],
  'many documents': [() => repeat('---\na: 1\n', 5000), false],
  'a number': [() => Buffer.from('7'), false],
  null: [() => Buffer.from('null'), false],
  'a list': [() => Buffer.from('[1, "a", null, {}]'), false],
  'a bomb of aliases': [
    () =>
      Buffer.from(
        `a0: &a0 x\n${Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}, *a${i}]`).join('\n')}\n`,
      ),
    false,
  ],
  __proto__: [
    () => Buffer.from('{"__proto__":{"a":1},"constructor":{"prototype":{"b":2}},"packages":{"__proto__":{"version":"1"}}}'),
    false,
  ],
};

for (const [kind, { path, content, strict }] of Object.entries(KINDS))
  test(`${kind}: cut off, of another encoding, deep, long, or nothing of the kind`, () => {
    const whole = bytesOf(content);
    check(path, whole, 'whole');
    const steps = Math.min(whole.length, 14);
    for (let i = 1; i < steps; i++) {
      const cut = Math.floor((whole.length * i) / steps);
      const result = check(path, whole.subarray(0, cut), `cut at ${cut}`);
      // Half of an object is none, whatever it was.
      if (strict && whole[0] === 0x7b) assert.ok(isTold(result, path), `cut at ${cut}: nothing is said of it`);
    }
    for (const [name, [damage, told]] of Object.entries(DAMAGE)) {
      const started = performance.now();
      const result = check(path, damage(whole), name);
      const tookMs = performance.now() - started;
      assert.ok(tookMs < 1500, `${name} took ${tookMs.toFixed(0)} ms`);
      if (strict && told) assert.ok(isTold(result, path), `${name}: nothing is said of it`);
    }
  });

test('any bytes, and any change of a few bytes', () => {
  const kinds = Object.entries(KINDS);
  fc.assert(
    fc.property(fc.constantFrom(...kinds), fc.uint8Array({ maxLength: 200 }), ([kind, { path }], bytes) => {
      check(path, bytes, kind);
    }),
    { numRuns: 150, seed: 3 },
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...kinds),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      ([kind, { path, content }], changes) => {
        const bytes = bytesOf(content);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        check(path, bytes, `${kind}: ${JSON.stringify(changes)}`);
      },
    ),
    { numRuns: 300, seed: 5 },
  );
});

test('values of wrong types everywhere', () => {
  const structured = Object.entries(KINDS).filter(([, { content }]) => typeof content === 'string' && content.startsWith('{\n'));
  fc.assert(
    fc.property(fc.constantFrom(...structured), fc.nat(), WRONG, (chosen, at, value) => {
      const [kind, { path, content }] = chosen;
      const root: unknown = JSON.parse(content as string);
      const places = placesIn(root);
      const [holder, key] = places[at % places.length]!;
      holder[key] = value;
      check(path, Buffer.from(JSON.stringify(root)), `${kind}: ${key} is ${JSON.stringify(value)?.slice(0, 60)}`);
    }),
    { numRuns: 250, seed: 7 },
  );
});
