import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namespaceTest, parseIdentity, principalTest, serviceAccountTest, trustDomainTest } from './identity.ts';
import type { TextTest } from './strings.ts';

type Row = readonly [values: readonly string[], matched: readonly string[], missed: readonly string[]];

function check(make: (values: readonly string[]) => TextTest, rows: readonly Row[]): void {
  for (const [values, matched, missed] of rows) {
    const matches = make(values);
    for (const id of matched) assert.equal(matches(id), true, `${values.join()} ${id}`);
    for (const id of missed) assert.equal(matches(id), false, `${values.join()} ${id}`);
  }
}

const WEB = 'spiffe://cluster.local/ns/shop/sa/web';

test('principals: exact, prefix, suffix and presence, all behind the scheme', () => {
  check(principalTest, [
    [
      ['cluster.local/ns/shop/sa/web'],
      [WEB],
      [
        'spiffe://cluster.local/ns/shop/sa/webs',
        'spiffe://CLUSTER.LOCAL/ns/shop/sa/web',
        'cluster.local/ns/shop/sa/web',
        'https://cluster.local/ns/shop/sa/web',
      ],
    ],
    [
      ['cluster.local/ns/shop/*'],
      [WEB],
      ['spiffe://cluster.local/ns/shopping/sa/web', 'spiffe://x.cluster.local/ns/shop/sa/web'],
    ],
    [['*/ns/shop/sa/web'], [WEB, 'spiffe://x/y/ns/shop/sa/web'], ['spiffe://td/ns/shop/sa/web2']],
    [['*b'], [WEB], ['spiffe://', 'b']],
    [['*'], [WEB, 'spiffe://'], ['']],
    // A star inside is a star, and the scheme written out is written twice.
    [['cluster.local/ns/*/sa/web'], ['spiffe://cluster.local/ns/*/sa/web'], [WEB]],
    [['spiffe://cluster.local/ns/shop/sa/web'], [], [WEB]],
    [['**'], ['spiffe://x/*'], [WEB]],
    [
      ['a', 'b', 'c*'],
      ['spiffe://a', 'spiffe://b', 'spiffe://cd'],
      ['spiffe://', 'spiffe://ab', 'spiffe://d'],
    ],
    [[], [], [WEB, '']],
  ]);
});

test('namespaces: between `/ns/` and `/`, with stars anywhere', () => {
  check(namespaceTest, [
    [
      ['shop'],
      [WEB, 'spiffe://td/x/ns/shop/y'],
      ['spiffe://td/ns/shop', 'spiffe://td/ns/shops/sa/a', 'spiffe://td/ns/xshop/sa/a', 'spiffe://td/ns/SHOP/sa/a'],
    ],
    [['sh*'], [WEB, 'spiffe://td/ns/sh/sa/a'], ['spiffe://td/ns/s/sa/a', 'spiffe://td/ns/sh']],
    [['*op'], [WEB], ['spiffe://td/ns/ops/sa/a', 'spiffe://td/ns/a/sa/opx/']],
    [['s*p'], [WEB], ['spiffe://td/ns/spx/sa/a', 'spiffe://td/ns/p/s/sa']],
    [['*'], [WEB, 'spiffe://td/ns//x'], ['spiffe://td/ns/x', 'spiffe://td/sa/x']],
    // As in Istio a star also spans slashes.
    [['shop*web'], ['spiffe://td/ns/shop/sa/web/'], [WEB]],
    [['a.b'], ['spiffe://td/ns/a.b/sa/x'], ['spiffe://td/ns/axb/sa/x']],
    [['a[b]'], ['spiffe://td/ns/a[b]/sa/x'], ['spiffe://td/ns/ab/sa/x']],
  ]);
});

test('serviceAccounts: literal names, any trust domain, further segments between and behind', () => {
  check(
    (values) => serviceAccountTest(values, 'home'),
    [
      [
        ['shop/web'],
        [WEB, 'spiffe://a/b/ns/shop/sa/web', 'spiffe://td/ns/shop/x/y/sa/web', 'spiffe://td/ns/shop/sa/web/x'],
        [
          'spiffe://td/ns/shop/sa/webs',
          'spiffe://td/ns/shop/sa/web/',
          'spiffe://td/ns/shopx/sa/web',
          'spiffe:///ns/shop/sa/web',
          'spiffe://ns/shop/sa/web',
          'spiffe://td/ns/shop/xsa/web',
          'spiffe://td/ns/shop//sa/web',
          'td/ns/shop/sa/web',
        ],
      ],
      [['web'], ['spiffe://td/ns/home/sa/web'], [WEB]],
      // Names with dots are names, not patterns (CVE-2026-39350).
      [['shop/a.b'], ['spiffe://td/ns/shop/sa/a.b'], ['spiffe://td/ns/shop/sa/axb']],
      [['sh.p/web'], ['spiffe://td/ns/sh.p/sa/web'], [WEB]],
      [['shop/web', 'shop/cart'], [WEB, 'spiffe://td/ns/shop/sa/cart'], ['spiffe://td/ns/shop/sa/other']],
      [['shop/web'], ['spiffe://td/ns/shop/ns/shop/sa/web', 'spiffe://td/ns/shop/sa/webx/sa/web'], []],
    ],
  );
});

test('trustDomains: the part before the first slash', () => {
  check(trustDomainTest, [
    [['cluster.local'], [WEB], ['spiffe://cluster.local', 'spiffe://cluster.locals/ns/a', 'spiffe://x/cluster.local/']],
    [['cluster*'], [WEB, 'spiffe://cluster/x'], ['spiffe://xcluster/x']],
    [['*local'], [WEB], ['spiffe://x/local/', 'spiffe://local.x/']],
    [['*'], [WEB, 'spiffe://x'], ['x', 'https://x/']],
    [['c*l'], ['spiffe://c*l/x'], [WEB]],
  ]);
});

test('an identity has exactly one shape', () => {
  assert.deepEqual(parseIdentity(WEB), { trustDomain: 'cluster.local', namespace: 'shop', account: 'web' });
  for (const id of [
    '',
    'spiffe://td',
    'spiffe://td/ns/a',
    'spiffe://td/ns/a/sa/b/c',
    'http://td/ns/a/sa/b',
    'spiffe://td/sa/a/ns/b',
  ])
    assert.equal(parseIdentity(id), undefined, id);
});

test('a long identity is judged in linear time', () => {
  const long = `spiffe://td${'/ns/shop/sa/we'.repeat(20_000)}`;
  assert.equal(serviceAccountTest(['shop/web'], '')(`spiffe://td/${'x/'.repeat(100_000)}`), false);
  assert.equal(namespaceTest(['a*b*c*d'])(long), false);
});
