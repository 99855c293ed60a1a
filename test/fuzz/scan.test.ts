// Whatever bytes lie in a tree: the scan ends, what lies beside them is judged as before, and where something cannot be read that is told.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { analyse } from '#app/scan/analyse.ts';
import type { Analysis } from '#app/scan/analyse.ts';
import { KINDS, read } from '../fakes/scan-inputs.ts';

const NOW_MS = Date.parse('2026-11-24T12:00:00Z');
const GOOD = { path: 'good/web.yaml', bytes: read('test/fixtures/see/deploy/web.yaml'), stamp: '' };
/** Of the good file alone, whatever else is in the tree. */
const OF_THE_FILE = ['pod.privileged', 'image.tag', 'tls.ingress-plain'];

function scanned(path: string, bytes: Uint8Array): Analysis {
  return analyse([{ path, bytes, stamp: '' }, GOOD], { nowMs: NOW_MS });
}

/** Ids of the findings that the good file has by itself. */
function ofTheGood({ data }: Analysis): readonly string[] {
  return [...data.findings, ...data.units.flatMap((unit) => unit.findings)]
    .filter(({ code, location }) => location?.file === GOOD.path && OF_THE_FILE.includes(code))
    .map(({ code, id }) => `${code} ${id}`)
    .filter((each, i, all) => all.indexOf(each) === i)
    .toSorted();
}

/** Whether anything is said of the file. */
function isTold({ data }: Analysis, path: string): boolean {
  return (
    data.notAnalysed.some(({ file }) => file === path) ||
    data.units.some((unit) => unit.diagnostics.some(({ location }) => location?.file === path)) ||
    [...data.findings, ...data.units.flatMap((unit) => unit.findings)].some(({ location }) => location?.file === path)
  );
}

const want = ofTheGood(analyse([GOOD], { nowMs: NOW_MS }));

function check(path: string, bytes: Uint8Array, about: string): Analysis {
  let result: Analysis;
  try {
    result = scanned(path, bytes);
  } catch (error) {
    throw new Error(`${about}: ${(error as Error).stack}`, { cause: error });
  }
  assert.deepEqual(ofTheGood(result), want, about);
  return result;
}

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
  const leaf = fc.oneof(
    fc.constantFrom(null, true, -1, 1e308, '', '__proto__', '\u0000', '../../etc', 'x'.repeat(3000), [], {}, [[]], [null], {
      a: null,
    }),
    fc.integer(),
    fc.string({ maxLength: 20 }),
  );
  fc.assert(
    fc.property(fc.constantFrom(...structured), fc.nat(), leaf, (chosen, at, value) => {
      const [kind, { path, content }] = chosen;
      const root: unknown = JSON.parse(content as string);
      const places: [Record<string, unknown>, string][] = [];
      const visit = (node: unknown): void => {
        if (typeof node !== 'object' || node === null) return;
        for (const key of Object.keys(node)) {
          places.push([node as Record<string, unknown>, key]);
          visit((node as Record<string, unknown>)[key]);
        }
      };
      visit(root);
      const [holder, key] = places[at % places.length]!;
      holder[key] = value;
      check(path, Buffer.from(JSON.stringify(root)), `${kind}: ${key} is ${JSON.stringify(value)?.slice(0, 60)}`);
    }),
    { numRuns: 250, seed: 7 },
  );
});

test('manifests with values of wrong types', () => {
  const kinds = [
    'Deployment',
    'Service',
    'Ingress',
    'NetworkPolicy',
    'AuthorizationPolicy',
    'Gateway',
    'Secret',
    'Role',
    'CronJob',
    'VirtualService',
    'HTTPRoute',
    'PeerAuthentication',
    'Pod',
  ];
  const versions = [
    'apps/v1',
    'v1',
    'networking.k8s.io/v1',
    'security.istio.io/v1',
    'gateway.networking.k8s.io/v1',
    'networking.istio.io/v1',
  ];
  const words = [
    'spec',
    'metadata',
    'template',
    'containers',
    'rules',
    'from',
    'to',
    'selector',
    'ports',
    'name',
    'namespace',
    'labels',
    'annotations',
    'env',
    'image',
    'securityContext',
    'ingress',
    'http',
    'paths',
    'backend',
    'tls',
    'hosts',
    'data',
    'volumes',
  ];
  const value = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom<unknown>(null, true, 0, -5, '', 'a', '10.0.0.0/8', '*', 'a/b'),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...words), tie('tree'), { maxKeys: 5 }),
    ),
  })).tree;
  fc.assert(
    fc.property(fc.constantFrom(...versions), fc.constantFrom(...kinds), value, value, (apiVersion, kind, spec, metadata) => {
      const text = JSON.stringify({ apiVersion, kind, metadata, spec, rules: spec, data: metadata });
      check('bad/any.yaml', Buffer.from(text), text);
    }),
    { numRuns: 300, seed: 11 },
  );
});
