import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SHOP, systemOf, workload } from '../../test/fakes/shop-system.ts';
import { token } from '../../test/fakes/policy.ts';
import { evaluateRequest } from './request.ts';
import type { HopDecision, RequestQuery } from './request.ts';

const POLICIES = `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: default, namespace: shop }
spec: { mtls: { mode: STRICT } }
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: web, namespace: shop }
spec:
  selector: { matchLabels: { app: web } }
  mtls: { mode: PERMISSIVE }
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: cart, namespace: shop }
spec:
  selector: { matchLabels: { app: cart } }
  rules:
    - from: [{ source: { principals: [cluster.local/ns/shop/sa/web] } }]
      to: [{ operation: { methods: [GET], paths: ["/cart/*"], ports: ["8080"] } }]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: db, namespace: shop }
spec:
  selector: { matchLabels: { app: db } }
  rules:
    - from: [{ source: { principals: [cluster.local/ns/shop/sa/cart] } }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: shop }
spec:
  gatewayClassName: cullis
  listeners: [{ name: http, port: 80, protocol: HTTP, hostname: "*.example.com" }]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: edge, namespace: shop }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: edge }]
  action: DENY
  rules: [{ to: [{ operation: { paths: ["/admin*"] } }] }]
`;

const system = systemOf(
  SHOP,
  POLICIES,
  workload('rpc', { portName: 'grpc-api', namespace: 'other' }),
  workload('web', { namespace: 'other' }),
);

function hop(query: RequestQuery): HopDecision {
  const result = evaluateRequest(system, query);
  assert.ok(result.ok, JSON.stringify(result));
  assert.equal(result.hops.length, 1);
  return result.hops[0] as HopDecision;
}

test('who may call what, as the files say', () => {
  const rows: readonly (readonly [RequestQuery, allowed: boolean, code?: string])[] = [
    [{ from: 'shop/web', to: 'shop/cart', path: '/cart/1' }, true],
    [{ from: 'shop/web', to: 'cart', path: '/cart/1' }, true],
    [{ from: 'shop/web', to: 'cart.shop.svc.cluster.local:80', path: '/cart/1' }, true],
    [{ from: 'shop/web', to: 'shop/cart', port: 80, path: '/cart/1?x=y' }, true],
    [{ from: 'cluster.local/ns/shop/sa/web', to: 'cart', path: '/cart/1' }, true],
    [{ from: 'spiffe://cluster.local/ns/shop/sa/web', to: 'cart', path: '/cart/1' }, true],
    [{ from: 'shop/web', to: 'cart', path: '/x/../cart/1' }, true],
    [{ from: 'shop/web', to: 'cart', path: '/cart/../x' }, false, 'rbac.no-allow-match'],
    [{ from: 'shop/web', to: 'cart', path: '/cart/1', method: 'POST' }, false, 'rbac.no-allow-match'],
    [{ from: 'shop/db', to: 'cart', path: '/cart/1' }, false, 'rbac.no-allow-match'],
    [{ from: 'other/web', to: 'cart', path: '/cart/1' }, false, 'rbac.no-allow-match'],
    [{ from: 'outside', to: 'cart', path: '/cart/1' }, false, 'mtls.required'],
    [{ from: 'shop/web', to: 'cart', path: '/cart/1', plaintext: true }, false, 'mtls.required'],
    [{ from: 'shop/web', to: 'cart', path: '/%00' }, false, 'request.invalid'],
    [{ from: 'outside', to: 'shop/web' }, true],
    [{ from: 'cart', to: 'db:5432' }, true],
    [{ from: 'shop/web', to: 'db' }, false, 'rbac.no-allow-match'],
    [{ from: 'outside', to: 'edge', path: '/' }, true],
    [{ from: 'outside', to: 'shop/edge', path: '/admin/x' }, false, 'rbac.denied'],
    [{ from: 'edge', to: 'cart', path: '/cart/1' }, false, 'rbac.no-allow-match'],
    [{ from: 'shop/web', to: 'rpc', path: '/pkg.Svc/Method', method: 'POST' }, true],
  ];
  for (const [query, allowed, code] of rows) {
    const decision = hop(query);
    assert.equal(decision.allowed, allowed, JSON.stringify(query));
    assert.equal(decision.code, code, JSON.stringify(query));
    assert.equal(decision.reasons.length > 0, !allowed, JSON.stringify(query));
  }
});

test('the answer carries mode, place, rule and change', () => {
  const allowed = hop({ from: 'shop/web', to: 'cart', path: '/cart/1' });
  assert.deepEqual(
    [allowed.workload, allowed.port, allowed.protocol, allowed.policy, allowed.rule],
    ['shop/cart', 8080, 'http', 'shop/cart', 0],
  );
  assert.deepEqual(allowed.mtls, { mode: 'STRICT', at: 'm1.yaml:5:17' });
  const denied = hop({ from: 'shop/web', to: 'cart', path: '/cart/1', method: 'POST' });
  assert.match(denied.change?.text ?? '', /^add `POST`/);
  assert.equal(denied.change?.at, denied.reasons[0]?.at);
  const plain = hop({ from: 'outside', to: 'cart' });
  assert.equal(plain.reasons[0]?.at, 'm1.yaml:5:17');
  assert.match(plain.change?.text ?? '', /sidecar/);
  assert.equal(hop({ from: 'cart', to: 'db' }).protocol, 'tcp');
  assert.equal(hop({ from: 'cart', to: 'rpc' }).protocol, 'http');
});

test('a service that leads to several workloads is judged at each', () => {
  const two = workload('cart').split('---\n')[2]?.replace('name: cart,', 'name: cart-canary,') ?? '';
  const more = systemOf(SHOP, POLICIES, two);
  const result = evaluateRequest(more, { from: 'shop/web', to: 'shop/cart', path: '/cart/1' });
  assert.ok(result.ok);
  assert.deepEqual(result.hops.map(({ workload: id }) => id).toSorted(), ['shop/cart', 'shop/cart-canary']);
  assert.equal(result.target, '/cart/1');
});

test('facts of a token are taken as given', () => {
  const jwt = `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: web, namespace: shop }
spec:
  selector: { matchLabels: { app: web } }
  rules: [{ from: [{ source: { requestPrincipals: ["i/*"] } }] }]
`;
  const guarded = systemOf(SHOP, jwt);
  const ask = (auth?: RequestQuery['auth']): boolean => {
    const result = evaluateRequest(guarded, { from: 'outside', to: 'shop/web', ...(auth && { auth }) });
    return result.ok && result.allowed;
  };
  assert.equal(ask(), false);
  assert.equal(ask(token({ iss: 'i', sub: 's' })), true);
});

test('names that nothing has are refused with the nearest right one', () => {
  const rows: readonly (readonly [RequestQuery, RegExp, RegExp | undefined])[] = [
    [{ from: 'shop/wep', to: 'cart' }, /no workload, gateway or identity named `shop\/wep`/, /shop\/web/],
    [{ from: 'shop/web', to: 'shop/kart' }, /no service, workload or gateway named `shop\/kart`/, /shop\/cart/],
    // Two namespaces have a `web`.
    [{ from: 'web', to: 'cart' }, /named `web`/, undefined],
    [{ from: 'shop/web', to: 'cart', port: 81 }, /service `shop\/cart` has no port 81/, /it has 80/],
    [{ from: 'outside', to: 'edge:81' }, /no listener on port 81/, /it has 80/],
    [{ from: 'shop/web', to: '' }, /no service/, undefined],
  ];
  for (const [query, message, help] of rows) {
    const result = evaluateRequest(system, query);
    assert.ok(!result.ok, JSON.stringify(query));
    assert.match(result.message, message);
    if (help) assert.match(result.help ?? '', help);
  }
});
