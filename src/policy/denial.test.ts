import assert from 'node:assert/strict';
import { test } from 'node:test';
import { authorizer, connection, policy, request } from '../../test/fakes/policy.ts';
import { SHOP, systemOf } from '../../test/fakes/shop-system.ts';
import { policiesFor } from '#plan/select.ts';
import { compilePolicies } from './compile.ts';

const POLICIES = `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: cart, namespace: shop }
spec:
  selector: { matchLabels: { app: cart } }
  rules:
    - from:
        - source:
            principals: ["cluster.local/ns/shop/sa/web"]
      to:
        - operation:
            methods: ["GET"]
            paths: ["/cart/*"]
    - to:
        - operation:
            paths: ["/health"]
            methods: ["HEAD"]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: no-admin, namespace: shop }
spec:
  action: DENY
  rules:
    - to:
        - operation:
            paths: ["/admin*"]
      when:
        - key: request.headers[x-role]
          notValues: ["admin"]
`;

const system = systemOf(SHOP, POLICIES);
const point = { namespace: 'shop', labels: { app: 'cart' } };
const cart = compilePolicies(policiesFor(system, point), system.mesh, point);

test('a DENY tells rule, fields, what was wanted and seen, and the place', () => {
  const denied = cart.authorize(request({ path: '/admin/users' }));
  assert.ok(!denied.allow);
  assert.equal(denied.code, 'rbac.denied');
  assert.deepEqual(denied.reasons, [
    {
      policy: 'shop/no-admin',
      action: 'DENY',
      rule: 0,
      field: 'to[0].operation.paths',
      wanted: ['/admin*'],
      actual: '/admin/users',
      at: 'm1.yaml:28:13',
      text: 'denied by rule 0 of `shop/no-admin`: path `/admin/users` is `/admin*`',
    },
    {
      policy: 'shop/no-admin',
      action: 'DENY',
      rule: 0,
      field: 'when[0].notValues',
      wanted: ['not admin'],
      actual: '(absent)',
      at: 'm1.yaml:31:11',
      text: 'denied by rule 0 of `shop/no-admin`: header x-role (absent) is not `admin`',
    },
  ]);
});

test('where nothing allowed, the nearest rule comes first', () => {
  const denied = cart.authorize(request({ path: '/cart/1', method: 'POST' }));
  assert.ok(!denied.allow);
  assert.equal(denied.code, 'rbac.no-allow-match');
  const [first, ...others] = denied.reasons;
  assert.deepEqual(first, {
    policy: 'shop/cart',
    action: 'ALLOW',
    rule: 0,
    field: 'to[0].operation.methods',
    wanted: ['GET'],
    actual: 'POST',
    at: 'm1.yaml:13:13',
    text: 'rule 0 of `shop/cart` does not allow it: method is `POST`, not `GET`',
  });
  assert.deepEqual(
    others.map(({ rule, field }) => [rule, field]),
    [
      [1, 'to[0].operation.methods'],
      [1, 'to[0].operation.paths'],
    ],
  );
  const plain = cart.authorize(request({ path: '/cart/1', sourceIdentity: undefined }));
  assert.ok(!plain.allow);
  assert.equal(
    plain.reasons[0]?.text,
    'rule 0 of `shop/cart` does not allow it: principal is (none, plaintext), not `cluster.local/ns/shop/sa/web`',
  );
});

test('a denial always has a reason, whatever makes ALLOW fail', () => {
  const rows = [
    [policy('ALLOW', undefined), request(), /has no rules, so it allows nothing/],
    [
      policy('ALLOW', [{ to: [{ operation: { methods: ['GET'] } }] }]),
      connection(),
      /never allows here: HTTP fields do not exist on a TCP port/,
    ],
    [policy('ALLOW', [{ from: [{ source: { ipBlocks: ['x'] } }] }]), request(), /never allows here: not an IP address/],
    [policy('ALLOW', [{ to: [{ operation: { notMethods: ['GET'] } }] }]), request(), /does not allow it: method is `GET`$/],
  ] as const;
  for (const [one, a, want] of rows) {
    const denied = authorizer([one]).authorize(a);
    assert.ok(!denied.allow);
    assert.match(denied.reasons[0]?.text ?? '', want);
    assert.equal(denied.reasons[0]?.at, '(no source)');
  }
  const ambient = authorizer([policy('ALLOW', [{ from: [{ source: {} }] }])], {}, 'ambient').authorize(request());
  assert.ok(!ambient.allow && ambient.reasons.length === 1);
  const everything = authorizer([policy('DENY', [{}])]).authorize(request());
  assert.ok(!everything.allow);
  assert.match(everything.reasons[0]?.text ?? '', /it matches everything/);
});

test('values of headers that may carry secrets appear in no reason', () => {
  const rule = { when: [{ key: 'request.headers[x-api-key]', values: ['wanted-secret'] }] };
  for (const [action, sent] of [
    ['ALLOW', 'sent-secret'],
    ['DENY', 'wanted-secret'],
  ] as const) {
    const denied = authorizer([policy(action, [rule])]).authorize(request({ headers: { 'x-api-key': sent } }));
    assert.ok(!denied.allow);
    assert.doesNotMatch(JSON.stringify(denied), /wanted-secret|sent-secret/);
  }
});

test('reasons are few and short, however large the policy and the request', () => {
  const rules = Array.from({ length: 400 }, (_, index) => ({
    from: [{ source: { principals: Array.from({ length: 200 }, (__, one) => `td/ns/n/sa/${index}-${one}`) } }],
    to: [{ operation: { methods: ['PUT'], paths: [`/p/${index}`], hosts: ['h'] } }],
  }));
  const denied = authorizer([policy('ALLOW', rules)]).authorize(request({ path: `/${'x'.repeat(8000)}` }));
  assert.ok(!denied.allow);
  assert.ok(denied.reasons.length <= 12);
  assert.ok(JSON.stringify(denied.reasons).length < 20_000);
});
