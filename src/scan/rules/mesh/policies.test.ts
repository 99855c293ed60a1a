import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hits } from '../../../../test/fakes/scan.ts';
import type { SystemRule } from '../../rule.ts';
import { anyPrincipal } from './any-principal.ts';
import { identityOverPlaintext } from './identity-over-plaintext.ts';
import { methodGap } from './method-gap.ts';
import { pathBypass } from './path-bypass.ts';

const CART = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: cart, namespace: shop }
spec:
  selector: { matchLabels: { app: cart } }
  template:
    metadata: { labels: { app: cart } }
    spec: { containers: [{ name: cart, image: cart:1.0.0, ports: [{ containerPort: 8080 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop }
spec: { selector: { app: cart }, ports: [{ name: http, port: 80, targetPort: 8080 }] }
`;

const STRICT = `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: default, namespace: shop }
spec: { mtls: { mode: STRICT } }
`;

function policy(spec: string, name = 'p'): string {
  return `apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: { name: ${name}, namespace: shop }\nspec: ${spec}\n`;
}

function normalisation(mode: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: istio, namespace: istio-system }\ndata:\n  mesh: |\n    pathNormalization: { normalization: ${mode} }\n`;
}

type Row = readonly [name: string, texts: readonly string[], want: string | undefined];

function check(rule: SystemRule, rows: readonly Row[]): void {
  for (const [name, texts, want] of rows) {
    const found = hits(rule, CART, ...texts);
    assert.deepEqual(
      found.map(({ severity }) => severity),
      want === undefined ? [] : [want],
      name,
    );
    for (const finding of found) {
      assert.ok(finding.location, name);
      assert.doesNotMatch(finding.title, /^[A-Z]|\.$|undefined/, name);
    }
  }
}

const deny = (paths: string, more = ''): string =>
  policy(`{ action: DENY, rules: [{ to: [{ operation: { paths: ${paths}${more} } }] }] }`);

test('a path that is denied in one spelling only', () => {
  check(pathBypass, [
    ['a trailing slash gets round', [deny('[/admin]')], 'medium'],
    ['a doubled slash gets round', [deny('["/admin*"]')], 'medium'],
    ['paths as they are sent', [deny('["/admin*"]'), normalisation('NONE')], 'high'],
    ['what is excluded from an ALLOW rule', [policy('{ rules: [{ to: [{ operation: { notPaths: [/admin] } }] }] }')], 'medium'],
    ['slashes merged, and all below named', [deny('[/admin, "/admin/*"]'), normalisation('MERGE_SLASHES')], undefined],
    ['a prefix where slashes are merged', [deny('["/admin*"]'), normalisation('DECODE_AND_MERGE_SLASHES')], undefined],
    ['an inner slash that is encoded', [deny('["/api/admin*"]'), normalisation('MERGE_SLASHES')], 'medium'],
    ['an inner slash where it is decoded', [deny('["/api/admin*"]'), normalisation('DECODE_AND_MERGE_SLASHES')], undefined],
    ['an exact path where slashes are merged', [deny('[/admin]'), normalisation('DECODE_AND_MERGE_SLASHES')], 'medium'],
    ['paths that are allowed', [policy('{ rules: [{ to: [{ operation: { paths: [/api] } }] }] }')], undefined],
    [
      'everything but some paths is denied',
      [policy('{ action: DENY, rules: [{ to: [{ operation: { notPaths: [/api] } }] }] }')],
      undefined,
    ],
    ['the whole site', [deny('["/*"]')], undefined],
    [
      'other spellings that no ALLOW rule lets through',
      [deny('[/admin]'), policy('{ rules: [{ to: [{ operation: { paths: ["/api/*"] } }] }] }', 'a')],
      undefined,
    ],
    [
      'an ALLOW rule for everything',
      [deny('[/admin]'), policy('{ rules: [{ from: [{ source: { namespaces: [shop] } }] }] }', 'a')],
      'medium',
    ],
    ['a template for all below', [deny('[/admin, "/admin/{**}"]'), normalisation('MERGE_SLASHES')], undefined],
  ]);
});

test('HEAD beside a GET that is denied', () => {
  const methods = (list: string): string => policy(`{ action: DENY, rules: [{ to: [{ operation: { methods: ${list} } }] }] }`);
  check(methodGap, [
    ['GET alone', [methods('[GET]')], 'low'],
    ['GET with others', [methods('[GET, POST]')], 'low'],
    ['both', [methods('[GET, HEAD]')], undefined],
    ['all', [methods('["*"]')], undefined],
    ['writing only', [methods('[POST, PUT]')], undefined],
    ['methods that are allowed', [policy('{ rules: [{ to: [{ operation: { methods: [GET] } }] }] }')], undefined],
    [
      'HEAD is not allowed anyway',
      [methods('[GET]'), policy('{ rules: [{ to: [{ operation: { methods: [POST] } }] }] }', 'a')],
      undefined,
    ],
  ]);
});

test('every identity is allowed', () => {
  const allow = (source: string, more = ''): string => policy(`{ rules: [{ from: [{ source: ${source} }]${more} }] }`);
  check(anyPrincipal, [
    ['any principal may do everything', [allow('{ principals: ["*"] }')], 'medium'],
    ['any namespace may do everything', [allow('{ namespaces: ["*"] }')], 'medium'],
    ['limited to paths', [allow('{ principals: ["*"] }', ', to: [{ operation: { paths: [/metrics] } }]')], 'low'],
    ['one account', [allow('{ principals: [cluster.local/ns/shop/sa/web] }')], undefined],
    ['one namespace of any principal', [allow('{ principals: ["*"], namespaces: [shop] }')], undefined],
    [
      'under a condition',
      [allow('{ principals: ["*"] }', ', when: [{ key: "request.headers[x]", values: [yes-please] }]')],
      undefined,
    ],
    ['any principal is denied', [policy('{ action: DENY, rules: [{ from: [{ source: { principals: ["*"] } }] }] }')], undefined],
  ]);
});

test('callers that are kept out by an identity that they need not have', () => {
  const from = (source: string): string => policy(`{ action: DENY, rules: [{ from: [{ source: ${source} }] }] }`);
  const bad = from('{ principals: [cluster.local/ns/shop/sa/bad] }');
  check(identityOverPlaintext, [
    ['a principal is denied', [bad], 'high'],
    ['a namespace is denied', [from('{ namespaces: [dev] }')], 'high'],
    ['mutual TLS is demanded', [bad, STRICT], undefined],
    ['an address is denied', [from('{ ipBlocks: [10.0.0.0/8] }')], undefined],
    ['all but some are denied', [from('{ notPrincipals: [cluster.local/ns/shop/sa/web] }')], undefined],
    [
      'only named callers are allowed',
      [bad, policy('{ rules: [{ from: [{ source: { namespaces: [shop] } }] }] }', 'a')],
      undefined,
    ],
    [
      'a principal is allowed',
      [policy('{ rules: [{ from: [{ source: { principals: [cluster.local/ns/shop/sa/web] } }] }] }')],
      undefined,
    ],
  ]);
});
