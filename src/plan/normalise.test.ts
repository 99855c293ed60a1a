import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PATH_NORMALIZATIONS } from '#model/istio.ts';
import type { PathNormalization } from '#model/istio.ts';
import { normalizeTarget } from './normalise.ts';

type Want = Partial<Record<PathNormalization, string>>;

/** A string is what all modes give. */
const ROWS: readonly (readonly [target: string, want: string | Want])[] = [
  ['/', '/'],
  ['/a/b.c?x=/../%2e#f', '/a/b.c?x=/../%2e'],
  ['/a?b?c', '/a?b?c'],
  ['/a#b?c', '/a'],
  ['/a?b#c#d', '/a?b'],
  ['/.well-known/x', '/.well-known/x'],
  ['/a/...', '/a/...'],
  ['/a/..b/.c', '/a/..b/.c'],
  ['/..', { NONE: '/..', BASE: '/' }],
  ['/a/..', { NONE: '/a/..', BASE: '/' }],
  ['/a/b/..', { BASE: '/a/' }],
  ['/a/.', { BASE: '/a/' }],
  ['/a/./b/../c', { NONE: '/a/./b/../c', BASE: '/a/c' }],
  ['/../../a', { BASE: '/a' }],
  ['/a/%2e%2e/b', { NONE: '/a/%2e%2e/b', BASE: '/b' }],
  ['/a/.%2E/b', { BASE: '/b' }],
  ['/%41%5a%61%7A%30%39%2d%2E%5f%7e', { BASE: '/AZaz09-._~' }],
  [
    '/%21%2f%3a%40%5b%5c%5d%7f',
    { NONE: '/%21%2f%3a%40%5b%5c%5d%7f', BASE: '/%21%2f%3a%40%5b%5c%5d%7f', DECODE_AND_MERGE_SLASHES: '/%21/%3a%40%5b/%5d%7f' },
  ],
  ['/a%252e%252e/b', '/a%252e%252e/b'],
  ['/a%255c..%252fb', '/a%255c..%252fb'],
  ['/%c0%ae%c0%ae/', '/%c0%ae%c0%ae/'],
  ['/a\\..\\b', { NONE: '/a\\..\\b', BASE: '/b' }],
  ['/a;b=c/../d;e', { BASE: '/d;e' }],
  ['//a///b//', { NONE: '//a///b//', BASE: '//a///b//', MERGE_SLASHES: '/a/b/', DECODE_AND_MERGE_SLASHES: '/a/b/' }],
  ['/a//..//b', { BASE: '/a//b', MERGE_SLASHES: '/a/b' }],
  ['/a%2f%2F..%5c../b', { BASE: '/a%2f%2F..%5c../b', DECODE_AND_MERGE_SLASHES: '/b' }],
  // A malformed escape stays, and nothing is decoded into a new escape behind it.
  ['/%', '/%'],
  ['/%zz%4', '/%zz%4'],
  ['/%%32%65', { NONE: '/%%32%65', BASE: '/%%32e' }],
  ['/%2%65%2e', { BASE: '/%2%65.' }],
  ['/%%%32%65', { BASE: '/%%%32e' }],
  ['/%%32%', '/%%32%'],
  ['/a%%41', '/a%%41'],
  ['/a%4%31b', '/a%4%31b'],
  ['/a4%31b', { BASE: '/a41b' }],
];

test('each mode turns a target into the one that is judged and forwarded', () => {
  for (const [target, want] of ROWS) {
    for (const mode of PATH_NORMALIZATIONS) {
      const expected = typeof want === 'string' ? want : want[mode];
      if (expected === undefined) continue;
      const got = normalizeTarget(target, mode);
      assert.ok(got.ok, `${mode} ${target}`);
      assert.equal(got.target, expected, `${mode} ${target}`);
      assert.equal(got.path + got.query, expected);
      assert.equal(got.path.includes('?'), false);
    }
  }
});

test('what cannot be judged safely is refused in every mode', () => {
  const targets = [
    '',
    'a',
    '*',
    'http://host/a',
    '?a',
    '#a',
    '/a b',
    '/a\tb',
    '/a\r\nb',
    '/a\u0000',
    '/a\u007f',
    '/ä',
    '/a?ö',
    '/a#\u2028',
    '/\ud800',
    '/a%00',
    '/%00/../b',
    '/a%00#b',
    '/%%00',
    '/%2%00',
  ];
  for (const mode of PATH_NORMALIZATIONS)
    for (const target of targets) assert.equal(normalizeTarget(target, mode).ok, false, `${mode} ${JSON.stringify(target)}`);
});

test('an encoded NUL behind the path is the query’s own affair', () => {
  assert.deepEqual(normalizeTarget('/a?b=%00', 'BASE'), { ok: true, target: '/a?b=%00', path: '/a', query: '?b=%00' });
});

const chunk = fc.constantFrom(
  '/',
  '//',
  '.',
  '..',
  '%2e',
  '%2E',
  '%2f',
  '%5C',
  '\\',
  '%',
  '%2',
  '%25',
  '%41',
  '%32',
  '%65',
  'a',
  '2',
  'f',
  ';',
  '?',
  '#',
  '=',
  '%00',
  '%c0',
);
const target = fc.array(chunk, { maxLength: 14 }).map((parts) => `/${parts.join('')}`);

test('normalising twice gives what normalising once gave', () => {
  fc.assert(
    fc.property(target, fc.constantFrom(...PATH_NORMALIZATIONS), (text, mode) => {
      const once = normalizeTarget(text, mode);
      if (!once.ok) return;
      assert.deepEqual(normalizeTarget(once.target, mode), once);
    }),
    { numRuns: 2000 },
  );
});

test('no dot segment, backslash or decodable escape survives', () => {
  fc.assert(
    fc.property(
      target,
      fc.constantFrom('BASE' as const, 'MERGE_SLASHES' as const, 'DECODE_AND_MERGE_SLASHES' as const),
      (text, mode) => {
        const got = normalizeTarget(text, mode);
        if (!got.ok) return;
        assert.doesNotMatch(got.path, /\/\.\.?(?:\/|$)|\\|#|\?/);
        if (mode !== 'BASE') assert.doesNotMatch(got.path, /\/\//);
        // Only escapes right behind a dangling `%` or `%H` may stay encoded.
        assert.doesNotMatch(got.path, /(?<!%|%[0-9a-f])%(?:2[de]|3\d|4[1-9a-f]|5[\da]|5f|6[1-9a-f]|7[\dae])/i);
      },
    ),
    { numRuns: 2000 },
  );
});
