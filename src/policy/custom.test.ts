import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attributes } from '#model/decision.ts';
import type { AuthorizationPolicy, AuthorizationRule, ExtAuthzProvider, MeshConfig } from '#model/istio.ts';
import { authorizer, connection, policy, request, token } from '../../test/fakes/policy.ts';

function provider(name: string, protocol: 'http' | 'grpc' = 'grpc'): ExtAuthzProvider {
  return {
    name,
    protocol,
    service: 'authz.shop',
    port: 9000,
    timeoutMs: 600,
    pathPrefix: '',
    failOpen: false,
    includeRequestHeadersInCheck: [],
    includeAdditionalHeadersInCheck: {},
    headersToUpstreamOnAllow: [],
    headersToDownstreamOnDeny: [],
    headersToDownstreamOnAllow: [],
  };
}

function custom(name: string, ...rules: AuthorizationRule[]): AuthorizationPolicy {
  return policy('CUSTOM', rules, { name: `custom-${name}-${rules.length}`, spec: { provider: { name } } });
}

const path = (...paths: string[]): AuthorizationRule => ({ to: [{ operation: { paths } }] });
const [A, B] = [provider('a'), provider('b')];

type Row = readonly [
  name: string,
  policies: readonly AuthorizationPolicy[],
  mesh: Partial<MeshConfig>,
  a: Attributes,
  want: string,
];

test('which external authorizers are asked, and when they are not but the request is denied', () => {
  const several = { extensionProviders: [A, B], multipleCustomProviders: true };
  const rows: readonly Row[] = [
    ['no policy', [], {}, request(), 'none'],
    ['no match', [custom('a', path('/x'))], { extensionProviders: [A] }, request(), 'none'],
    ['match', [custom('a', path('/'))], { extensionProviders: [A] }, request(), 'check a'],
    [
      'two policies of one provider',
      [custom('a', path('/x')), custom('a', path('/y'), path('/'))],
      { extensionProviders: [A] },
      request(),
      'check a',
    ],
    ['unknown provider', [custom('z', path('/'))], { extensionProviders: [A] }, request(), 'deny'],
    ['unknown provider, no match', [custom('z', path('/x'))], { extensionProviders: [A] }, request(), 'none'],
    [
      'two providers, not enabled',
      [custom('a', path('/')), custom('b', path('/x'))],
      { extensionProviders: [A, B] },
      request(),
      'deny',
    ],
    [
      'two providers, not enabled, no match',
      [custom('a', path('/y')), custom('b', path('/x'))],
      { extensionProviders: [A, B] },
      request(),
      'none',
    ],
    ['two providers, both match', [custom('b', path('/')), custom('a', path('/'))], several, request(), 'check a,b'],
    ['two providers, one matches', [custom('b', path('/')), custom('a', path('/x'))], several, request(), 'check b'],
    ['two providers, one unknown', [custom('a', path('/')), custom('z', path('/'))], several, request(), 'deny'],
    [
      'a dry-run annotation does not switch it off',
      [{ ...custom('a', path('/')), metadata: { ...custom('a').metadata, annotations: { 'istio.io/dry-run': 'true' } } }],
      { extensionProviders: [A] },
      request(),
      'check a',
    ],
    ['HTTP fields on TCP fall away', [custom('a', path('/x'))], { extensionProviders: [A] }, connection(), 'check a'],
    [
      'an HTTP authorizer is not asked on TCP',
      [custom('h', path('/x'))],
      { extensionProviders: [provider('h', 'http')] },
      connection(),
      'none',
    ],
    ['an unknown one denies on TCP', [custom('z', {})], {}, connection(), 'deny'],
    // Tokens are not verified yet; a rule about them must not pass everybody by.
    [
      'token fields are dropped',
      [custom('a', { from: [{ source: { requestPrincipals: ['i/s'] } }] })],
      { extensionProviders: [A] },
      request(),
      'check a',
    ],
    [
      'token fields are dropped, negated',
      [custom('a', { from: [{ source: { notRequestPrincipals: ['*'] } }] })],
      { extensionProviders: [A] },
      request({ auth: token({ iss: 'i', sub: 's' }) }),
      'check a',
    ],
  ];
  for (const [name, policies, mesh, a, want] of rows) {
    const decision = authorizer(policies, mesh).custom(a);
    assert.equal(decision.kind === 'check' ? `check ${decision.providers.join()}` : decision.kind, want, name);
    if (decision.kind === 'deny')
      assert.ok(
        decision.reasons.every(({ action, text }) => action === 'CUSTOM' && text.startsWith('denied because')),
        name,
      );
  }
});

test('CUSTOM takes no part in ALLOW and DENY', () => {
  const one = authorizer([custom('a', path('/'))], { extensionProviders: [A] });
  assert.equal(one.authorize(request()).allow, true);
  assert.equal(one.empty, false);
});
