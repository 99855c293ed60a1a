import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compilePathTemplate, isPathTemplate } from './path-template.ts';

const ROWS: readonly (readonly [template: string, matched: readonly string[], missed: readonly string[]])[] = [
  [
    '/allow/admin/{**}',
    ['/allow/admin/', '/allow/admin/x', '/allow/admin/x/y/', '/allow/admin//'],
    ['/allow/admin', '/allow/administrator', '/Allow/admin/', '/x/allow/admin/'],
  ],
  [
    '/store/{**}/cart',
    ['/store//cart', '/store/a/cart', '/store/a/b/cart', '/store/cart/cart'],
    ['/store/cart', '/store/a/carts', '/store/a/cart/', '/store/xcart'],
  ],
  [
    '/foo/{*}/bar/{**}',
    ['/foo/a/bar/', '/foo/a/bar/b/c', '/foo/bar/bar/'],
    ['/foo//bar/x', '/foo/a/b/bar/x', '/foo/a/bar', '/foo/bar/x'],
  ],
  [
    '/{*}',
    ['/a', '/a.b-c_d~e', '/%41', "/!$&'()*+,;:@=", '/a=b'],
    ['/', '/a/', '//', '/a/b', '/a"b', '/a[b', '/a{b', '/a|b', '/a^b', '/a`b', '/a<b'],
  ],
  ['/{**}', ['/', '/a', '/a/b', '//'], ['', 'a', '/a"', '/a/[']],
  ['/a/{*}/', ['/a/b/'], ['/a/b', '/a//', '/a/b/c']],
  ['/{*}/{*}/{*}', ['/a/b/c'], ['/a/b', '/a/b/c/d', '/a//c']],
  ['/{**}/x/y', ['//x/y', '/a/x/y', '/a/b/x/y'], ['/x/y', '/a/x/z']],
  ['/{**}/', ['//', '/a/', '/a/b/'], ['/', '/a']],
  ['/a.b/{*}', ['/a.b/c'], ['/axb/c']],
  ['/a(b)+$/{*}', ['/a(b)+$/c'], ['/ab/c']],
];

test('`{*}` is one segment, `{**}` any rest, and everything else is literal', () => {
  for (const [text, matched, missed] of ROWS) {
    const template = compilePathTemplate(text);
    assert.ok(template.ok, text);
    for (const path of matched) assert.equal(template.test(path), true, `${text} ${path}`);
    for (const path of missed) assert.equal(template.test(path), false, `${text} ${path}`);
    for (const path of matched) assert.ok(path.startsWith(template.prefix), `${text} begins with ${template.prefix}`);
  }
});

test('templates with operators inside a segment, after `{**}` or of another form are refused', () => {
  const wrong = [
    '{*}',
    'a/{*}',
    '/a{*}',
    '/{*}b',
    '/{**}/{*}',
    '/{**}/{**}',
    '/{*}/*',
    '/{*}/**',
    '/{*}/{name}',
    '/{*}/{name=*}',
    '/{*}/{}',
    '/{*}/a b',
    '/{*}//a',
    '/{*}/a*',
    '/{*}/ä',
    '/{*}{**}',
    '/{***}/{*}',
  ];
  for (const text of wrong) assert.equal(compilePathTemplate(text).ok, false, text);
});

test('a value is a template exactly when it holds an operator', () => {
  for (const text of ['/{*}', '/a{**}', '{*}']) assert.equal(isPathTemplate(text), true);
  for (const text of ['/a', '/a/*', '/{id}', '/{ * }', '*']) assert.equal(isPathTemplate(text), false);
});

test('the walk agrees with the regular expression that Envoy builds', () => {
  const piece = fc.constantFrom('a', 'b', 'a.b', '{*}');
  const templates = fc
    .tuple(fc.array(piece, { maxLength: 3 }), fc.boolean(), fc.array(fc.constantFrom('a', 'b', ''), { maxLength: 2 }))
    .map(([head, many, tail]) => {
      const literals = tail.filter((part, index) => part !== '' || index === tail.length - 1);
      return `/${[...head, ...(many ? ['{**}'] : ['{*}']), ...literals].join('/')}`;
    });
  const paths = fc
    .array(fc.constantFrom('a', 'b', 'a.b', 'axb', '/', '/', '%', '[', '='), { maxLength: 9 })
    .map((parts) => `/${parts.join('')}`);
  const glob = "[a-zA-Z0-9\\-._~%!$&'()*+,;:@=]";
  fc.assert(
    fc.property(templates, paths, (text, path) => {
      const template = compilePathTemplate(text);
      assert.ok(template.ok, text);
      const regex = text
        .split('/')
        .map((part) => (part === '{**}' ? `${glob.slice(0, -1)}/]*` : part === '{*}' ? `${glob}+` : part.replace('.', '\\.')))
        .join('/');
      assert.equal(template.test(path), new RegExp(`^${regex}$`).test(path), `${text} ${path}`);
    }),
    { numRuns: 3000 },
  );
});
