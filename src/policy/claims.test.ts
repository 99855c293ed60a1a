import assert from 'node:assert/strict';
import { test } from 'node:test';
import { token } from '../../test/fakes/policy.ts';
import { claimTest, parseClaimPath, requestPrincipalTest } from './claims.ts';

test('a request principal is split at its last slash', () => {
  const rows: readonly (readonly [
    value: string,
    matched: readonly (readonly [unknown, unknown])[],
    missed: readonly (readonly [unknown, unknown])[],
  ])[] = [
    [
      'iss/sub',
      [['iss', 'sub']],
      [
        ['iss', 'sub2'],
        ['iss2', 'sub'],
        ['iss/sub', ''],
        ['iss', undefined],
      ],
    ],
    ['https://a.b/c/sub', [['https://a.b/c', 'sub']], [['https://a.b', 'c/sub']]],
    [
      '*',
      [['i', 's']],
      [
        ['', 's'],
        ['i', ''],
        ['i', undefined],
        [undefined, 's'],
        [1, 's'],
        ['i', true],
      ],
    ],
    [
      '*x/sub',
      [
        ['ax', 'sub'],
        ['x', 'sub'],
      ],
      [
        ['xa', 'sub'],
        ['ax', 'sub2'],
      ],
    ],
    [
      '*/sub',
      [['i', 'sub']],
      [
        ['', 'sub'],
        ['i', 'other'],
      ],
    ],
    [
      '*x',
      [
        ['i', 'ax'],
        ['i', 'x'],
      ],
      [
        ['', 'ax'],
        ['i', 'xa'],
      ],
    ],
    [
      'i/*',
      [['i', 's']],
      [
        ['i', ''],
        ['i2', 's'],
      ],
    ],
    [
      'i/s*',
      [
        ['i', 's'],
        ['i', 'sub'],
      ],
      [
        ['i', 'xs'],
        ['ix', 's'],
      ],
    ],
    [
      'i*',
      [
        ['i', 's'],
        ['iss', 's'],
      ],
      [
        ['xi', 's'],
        ['i', ''],
      ],
    ],
    [
      'https://i*',
      [
        ['https:/', 'i'],
        ['https:/', 'ix'],
      ],
      [
        ['https://i', 'x'],
        ['https://i', 's'],
      ],
    ],
    // Without slash and star the subject must be there and be empty.
    [
      'iss',
      [['iss', '']],
      [
        ['iss', 'sub'],
        ['iss', undefined],
      ],
    ],
    ['a*b/sub', [['a*b', 'sub']], [['axb', 'sub']]],
  ];
  for (const [value, matched, missed] of rows) {
    const holds = requestPrincipalTest([value]);
    for (const [iss, sub] of matched) assert.equal(holds(token({ iss, sub })), true, JSON.stringify([value, iss, sub]));
    for (const [iss, sub] of missed) assert.equal(holds(token({ iss, sub })), false, JSON.stringify([value, iss, sub]));
  }
});

test('a claim matches as a string or as any string of a list, and as nothing else', () => {
  const rows: readonly (readonly [
    path: readonly string[],
    values: readonly string[],
    claims: Readonly<Record<string, unknown>>,
    want: boolean,
  ])[] = [
    [['g'], ['a'], { g: 'a' }, true],
    [['g'], ['a'], { g: ['b', 'a'] }, true],
    [['g'], ['a*'], { g: ['b', 'ab'] }, true],
    [['g'], ['*'], { g: [''] }, false],
    [['g'], ['1'], { g: 1 }, false],
    [['g'], ['1'], { g: [1] }, false],
    [['g'], ['true'], { g: true }, false],
    [['g'], ['*'], { g: { a: 'b' } }, false],
    [['g'], ['*'], { g: null }, false],
    [['g'], ['a'], { g: [['a']] }, false],
    [['g'], ['a'], {}, false],
    [['g'], ['a b'], { g: 'a b' }, true],
    [['a', 'b', 'c'], ['x'], { a: { b: { c: ['x'] } } }, true],
    [['a', 'b'], ['x'], { a: [{ b: 'x' }] }, false],
    [['a', 'b'], ['x'], { a: 'x' }, false],
    [['a', '0'], ['x'], { a: ['x'] }, false],
    [['constructor'], ['*'], {}, false],
    [['__proto__', 'x'], ['*'], {}, false],
    // Words in one string: scope and permission by standard, others by name.
    [['scope'], ['read'], { scope: 'write read' }, true],
    [['scope'], ['write read'], { scope: 'write read' }, false],
    [['permission'], ['p'], { permission: 'p  q' }, true],
    [['scope'], ['read'], { scope: ['read'] }, true],
    [['teams'], ['red'], { teams: 'blue red' }, true],
    [['others'], ['red'], { others: 'blue red' }, false],
    [['nested', 'scope'], ['read'], { nested: { scope: 'write read' } }, false],
  ];
  for (const [path, values, claims, want] of rows)
    assert.equal(claimTest(path, values)(token(claims, ['teams'])), want, JSON.stringify([path, values, claims]));
});

test('names in brackets', () => {
  const rows: readonly (readonly [string, readonly string[] | undefined])[] = [
    ['[a]', ['a']],
    ['[a][b][c]', ['a', 'b', 'c']],
    ['[foo.com/x]', ['foo.com/x']],
    ['[a][b', undefined],
    ['[a[b]]', ['a[b]']],
    ['[a]x[b]', ['a]x[b']],
    ['[]', ['']],
    ['a', undefined],
    ['', undefined],
  ];
  for (const [text, want] of rows) assert.deepEqual(parseClaimPath(text), want, text);
});
