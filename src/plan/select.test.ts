import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_MESH } from '#model/istio.ts';
import type { AuthorizationPolicy, RequestAuthentication, TargetRef } from '#model/istio.ts';
import { setOrigin } from '#model/origin.ts';
import { place, policiesFor } from './select.ts';
import type { PolicyPoint } from './select.ts';

interface Where {
  readonly namespace: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly refs?: readonly TargetRef[];
}

function policyAt({ namespace, labels, refs }: Where, name = 'p'): AuthorizationPolicy {
  const spec = {
    action: 'ALLOW' as const,
    ...(labels && { selector: { matchLabels: labels } }),
    ...(refs && { targetRefs: refs }),
  };
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name, namespace, labels: {}, annotations: {} },
    spec,
    body: {},
  };
}

function applies(where: Where, point: PolicyPoint): boolean {
  const system = { mesh: DEFAULT_MESH, authorizationPolicies: [policyAt(where)], requestAuthentications: [] };
  return policiesFor(system, point).authorization.length === 1;
}

const CART: PolicyPoint = { namespace: 'shop', labels: { app: 'cart', version: 'v1' }, services: ['shop/cart'] };
const GATEWAY: PolicyPoint = { namespace: 'edge', labels: { tier: 'edge' }, gateway: { name: 'public', className: 'cullis' } };
const WAYPOINT: PolicyPoint = {
  namespace: 'shop',
  labels: { app: 'cart' },
  gateway: { name: 'wp', className: 'istio-waypoint' },
  services: ['shop/cart'],
};
const API = 'gateway.networking.k8s.io';

test('a policy is in force where its namespace, selector and targets say so', () => {
  const rows: readonly (readonly [Where, PolicyPoint, boolean])[] = [
    [{ namespace: 'shop' }, CART, true],
    [{ namespace: 'other' }, CART, false],
    [{ namespace: 'istio-system' }, CART, true],
    [{ namespace: 'shop', labels: {} }, CART, true],
    [{ namespace: 'shop', labels: { app: 'cart' } }, CART, true],
    [{ namespace: 'shop', labels: { app: 'cart', version: 'v1' } }, CART, true],
    [{ namespace: 'shop', labels: { app: 'cart', version: 'v2' } }, CART, false],
    [{ namespace: 'shop', labels: { app: 'cart', team: 'x' } }, CART, false],
    [{ namespace: 'istio-system', labels: { app: 'cart' } }, CART, true],
    [{ namespace: 'istio-system', labels: { app: 'web' } }, CART, false],
    [{ namespace: 'shop', labels: { toString: 'x' } }, CART, false],
    // targetRefs: a workload takes none that names a gateway, and those of services it stands behind.
    [{ namespace: 'shop', refs: [{ group: API, kind: 'Gateway', name: 'public' }] }, CART, false],
    [{ namespace: 'shop', refs: [{ group: '', kind: 'Service', name: 'cart' }] }, CART, true],
    [{ namespace: 'shop', refs: [{ group: 'core', kind: 'Service', name: 'cart' }] }, CART, true],
    [{ namespace: 'shop', refs: [{ group: '', kind: 'Service', name: 'web' }] }, CART, false],
    [{ namespace: 'other', refs: [{ group: '', kind: 'Service', name: 'cart' }] }, CART, false],
    [{ namespace: 'istio-system', refs: [{ group: '', kind: 'Service', name: 'cart', namespace: 'shop' }] }, CART, false],
    [{ namespace: 'shop', refs: [{ group: '', kind: 'Service', name: 'cart' }] }, { namespace: 'shop', labels: {} }, false],
    [{ namespace: 'shop', refs: [{ group: '', kind: 'Service', name: 'cart' }] }, { ...CART, services: ['cart'] }, true],
    [{ namespace: 'edge', refs: [{ group: API, kind: 'Gateway', name: 'public' }] }, GATEWAY, true],
    [{ namespace: 'edge', refs: [{ group: API, kind: 'Gateway', name: 'public', namespace: 'edge' }] }, GATEWAY, true],
    [{ namespace: 'edge', refs: [{ group: API, kind: 'Gateway', name: 'public', namespace: 'shop' }] }, GATEWAY, false],
    [{ namespace: 'edge', refs: [{ group: API, kind: 'Gateway', name: 'private' }] }, GATEWAY, false],
    [{ namespace: 'edge', refs: [{ group: 'other', kind: 'Gateway', name: 'public' }] }, GATEWAY, false],
    [{ namespace: 'shop', refs: [{ group: API, kind: 'Gateway', name: 'public', namespace: 'edge' }] }, GATEWAY, false],
    [
      {
        namespace: 'edge',
        refs: [
          { group: API, kind: 'Gateway', name: 'x' },
          { group: API, kind: 'Gateway', name: 'public' },
        ],
      },
      GATEWAY,
      true,
    ],
    [{ namespace: 'istio-system', refs: [{ group: API, kind: 'GatewayClass', name: 'cullis' }] }, GATEWAY, true],
    [{ namespace: 'edge', refs: [{ group: API, kind: 'GatewayClass', name: 'cullis' }] }, GATEWAY, false],
    [{ namespace: 'istio-system', refs: [{ group: API, kind: 'GatewayClass', name: 'istio' }] }, GATEWAY, false],
    [{ namespace: 'edge', labels: { tier: 'edge' } }, GATEWAY, true],
    [{ namespace: 'edge', labels: { tier: 'x' } }, GATEWAY, false],
    [{ namespace: 'shop' }, WAYPOINT, false],
    [{ namespace: 'shop', labels: { app: 'cart' } }, WAYPOINT, false],
    [{ namespace: 'istio-system' }, WAYPOINT, false],
    [{ namespace: 'shop', refs: [{ group: '', kind: 'Service', name: 'cart' }] }, WAYPOINT, true],
    [{ namespace: 'istio-system', refs: [{ group: API, kind: 'GatewayClass', name: 'istio-waypoint' }] }, WAYPOINT, true],
    [{ namespace: 'shop', refs: [{ group: API, kind: 'HTTPRoute', name: 'cart' }] }, WAYPOINT, false],
  ];
  for (const [where, point, want] of rows) assert.equal(applies(where, point), want, JSON.stringify([where, point]));
});

test('a root namespace of another name is honoured, and its policies come first', () => {
  const all = [
    policyAt({ namespace: 'shop' }, 'own'),
    policyAt({ namespace: 'mesh-root' }, 'root'),
    policyAt({ namespace: 'istio-system' }, 'not-root'),
  ];
  const system = {
    mesh: { ...DEFAULT_MESH, rootNamespace: 'mesh-root' },
    authorizationPolicies: all,
    requestAuthentications: [],
  };
  assert.deepEqual(
    policiesFor(system, CART).authorization.map(({ resource }) => resource.metadata.name),
    ['root', 'own'],
  );
});

test('a policy of the root namespace counts once for a workload that runs there', () => {
  const system = {
    mesh: DEFAULT_MESH,
    authorizationPolicies: [policyAt({ namespace: 'istio-system' })],
    requestAuthentications: [],
  };
  assert.equal(policiesFor(system, { namespace: 'istio-system', labels: {} }).authorization.length, 1);
});

test('RequestAuthentication is chosen by the same rules', () => {
  const one: RequestAuthentication = {
    apiVersion: 'security.istio.io/v1',
    kind: 'RequestAuthentication',
    metadata: { name: 'r', namespace: 'shop', labels: {}, annotations: {} },
    spec: { selector: { matchLabels: { app: 'cart' } } },
    body: {},
  };
  const system = { mesh: DEFAULT_MESH, authorizationPolicies: [], requestAuthentications: [one] };
  assert.equal(policiesFor(system, CART).requestAuthentication.length, 1);
  assert.equal(policiesFor(system, { ...CART, labels: {} }).requestAuthentication.length, 0);
});

test('a placed policy knows where each of its values is written', () => {
  const resource: AuthorizationPolicy = {
    ...policyAt({ namespace: 'shop' }),
    spec: { action: 'DENY', rules: [{ from: [{ source: { principals: ['a', 'b'] } }] }] },
  };
  assert.deepEqual(place(resource).at, { '': '(no source)' });
  setOrigin(resource, {
    locate: (path) => ({ file: 'p.yaml', line: path.length + 1, column: path.filter((part) => part === 1).length + 1 }),
  });
  const { at } = place(resource);
  assert.equal(at[''], 'p.yaml:1:1');
  assert.equal(at['spec.action'], 'p.yaml:3:1');
  assert.equal(at['spec.rules[0].from[0].source.principals'], 'p.yaml:8:1');
  assert.equal(at['spec.rules[0].from[0].source.principals[1]'], 'p.yaml:9:2');
});
