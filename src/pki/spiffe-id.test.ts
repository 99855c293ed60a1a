import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import * as spiffe from './spiffe-id.ts';

const LONG_PATH = `/${'a'.repeat(2048 - 'spiffe://td/'.length)}`;

const ROWS: readonly (readonly [string, string | { trustDomain: string; path: string }])[] = [
  ['spiffe://cluster.local/ns/shop/sa/cart', { trustDomain: 'cluster.local', path: '/ns/shop/sa/cart' }],
  ['spiffe://td', { trustDomain: 'td', path: '' }],
  ['spiffe://a_b-c.1/A.b_c-1', { trustDomain: 'a_b-c.1', path: '/A.b_c-1' }],
  ['spiffe://td/...', { trustDomain: 'td', path: '/...' }],
  [`spiffe://td${LONG_PATH}`, { trustDomain: 'td', path: LONG_PATH }],
  [`spiffe://td${LONG_PATH}a`, 'id-long'],
  [`spiffe://${'a'.repeat(255)}/x`, { trustDomain: 'a'.repeat(255), path: '/x' }],
  [`spiffe://${'a'.repeat(256)}/x`, 'trust-domain-long'],
  ['', 'empty'],
  ['SPIFFE://td/x', 'scheme'],
  ['https://td/x', 'scheme'],
  ['spiffe:///x', 'trust-domain-missing'],
  ['spiffe://TD/x', 'trust-domain-character'],
  ['spiffe://user@td/x', 'trust-domain-character'],
  ['spiffe://td:443/x', 'trust-domain-character'],
  ['spiffe://td/x?y', 'path-character'],
  ['spiffe://td/x#y', 'path-character'],
  ['spiffe://td/%41', 'path-character'],
  ['spiffe://td/x\0', 'path-character'],
  ['spiffe://td\0/x', 'trust-domain-character'],
  ['spiffe://td/ü', 'path-character'],
  ['spiffe://td/', 'path-trailing-slash'],
  ['spiffe://td/x/', 'path-trailing-slash'],
  ['spiffe://td//x', 'path-empty-segment'],
  ['spiffe://td/./x', 'path-dot-segment'],
  ['spiffe://td/x/..', 'path-dot-segment'],
];

for (const [text, want] of ROWS) {
  test(`SPIFFE ID ${JSON.stringify(text.slice(0, 60))} (${text.length})`, () => {
    const parsed = spiffe.parseSpiffeId(text);
    if (typeof want === 'string') assert.equal(parsed.ok ? 'accepted' : parsed.code, want);
    else {
      assert.deepEqual(parsed, { ok: true, id: want });
      assert.equal(spiffe.formatSpiffeId(want), text);
    }
  });
}

test('any text gives an identity that reads back the same, or a fault', () => {
  const piece = fc.constantFrom('spiffe://', 'td', '/', '.', '..', 'A', '%2f', '\0', 'ns', ':', '@', '?');
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece, { maxLength: 8 }).map((parts) => parts.join('')),
      ),
      (text) => {
        const parsed = spiffe.parseSpiffeId(text);
        if (parsed.ok) assert.equal(spiffe.formatSpiffeId(parsed.id), text);
        else assert.ok(parsed.error.length > 0);
      },
    ),
    { numRuns: 500 },
  );
});

test('an identity is built only of valid parts', () => {
  assert.equal(spiffe.workloadIdentity('cluster.local', 'shop', 'cart'), 'spiffe://cluster.local/ns/shop/sa/cart');
  const built = spiffe.spiffeIdFromSegments('td', ['ns', 'a', 'sa', 'b']);
  assert.deepEqual(built, { ok: true, id: { trustDomain: 'td', path: '/ns/a/sa/b' } });
  assert.equal(spiffe.spiffeIdFromSegments('td', ['ns', 'a/../b']).ok, false);
  assert.equal(spiffe.spiffeIdFromPath('T', '/x').ok, false);
  // Joined to another identity, even a valid piece must not grow past the limit.
  assert.equal(spiffe.appendPath({ trustDomain: 'td', path: LONG_PATH }, '/x').ok, false);
});

test('matchers refuse an absent identity, but for any', () => {
  const id = { trustDomain: 'td', path: '/x' };
  assert.equal(spiffe.matchAny(undefined), undefined);
  assert.equal(spiffe.matchId(id)(id), undefined);
  assert.ok(spiffe.matchId(id)(undefined));
  assert.ok(spiffe.matchId(undefined)(undefined));
  assert.ok(spiffe.matchOneOf([])(id));
  assert.ok(spiffe.matchMemberOf('td')(undefined));
  assert.equal(spiffe.matchMemberOf('td')(id), undefined);
});
