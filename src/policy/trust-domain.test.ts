import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expandPrincipals, expandTrustDomains } from './trust-domain.ts';

test('a principal of the mesh stands for all its trust domains', () => {
  const rows: readonly (readonly [principals: readonly string[], domains: readonly string[], want: readonly string[]])[] = [
    [['td1/ns/a/sa/b'], ['td1'], ['td1/ns/a/sa/b']],
    [['td1/ns/a/sa/b'], ['td1', 'td2'], ['td1/ns/a/sa/b', 'td2/ns/a/sa/b']],
    [['td2/ns/a/sa/b'], ['td1', 'td2'], ['td1/ns/a/sa/b', 'td2/ns/a/sa/b']],
    [['cluster.local/ns/a/sa/b'], ['td1', 'td2'], ['td1/ns/a/sa/b', 'td2/ns/a/sa/b']],
    [['td3/ns/a/sa/b'], ['td1', 'td2'], ['td3/ns/a/sa/b']],
    [
      ['*/ns/a/sa/b', '*'],
      ['td1', 'td2'],
      ['*/ns/a/sa/b', '*'],
    ],
    [
      ['td1/ns/a/*', 'sa/b', 'td1'],
      ['td1', 'td2'],
      ['td1/ns/a/*', 'sa/b', 'td1'],
    ],
    [['td1/ns/a/sa/*'], ['td1', 'td2'], ['td1/ns/a/sa/*', 'td2/ns/a/sa/*']],
    // A wildcard that covers several of them stays, once.
    [['*bar/ns/a/sa/b'], ['td1', 'foobar'], ['td1/ns/a/sa/b', '*bar/ns/a/sa/b']],
    [['*-td/ns/a/sa/b'], ['old-td', 'new-td'], ['*-td/ns/a/sa/b']],
    [['td*/ns/a/sa/b'], ['td1', 'x'], ['td1/ns/a/sa/b', 'x/ns/a/sa/b']],
    [['td1/ns/a/sa/b'], ['td*', 'x'], ['td*/ns/a/sa/b', 'x/ns/a/sa/b']],
    [['/ns/a/sa/b'], ['td1', 'td2'], ['/ns/a/sa/b']],
    [[], ['td1'], []],
  ];
  for (const [principals, domains, want] of rows)
    assert.deepEqual(expandPrincipals(principals, domains), want, `${principals.join()} in ${domains.join()}`);
});

test('a trust domain of the mesh stands for all of them, without repeats', () => {
  assert.deepEqual(expandTrustDomains(['td2', 'x', 'td1'], ['td1', 'td2']), ['td1', 'td2', 'x']);
  assert.deepEqual(expandTrustDomains(['td*', 'cluster.local'], ['td1', 'td2']), ['td*', 'cluster.local']);
});
