import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { attackCase, attackCaseOf } from '../../../../test/fakes/attack.ts';
import type { AttackCase } from '../../../../test/fakes/attack.ts';
import { SHOP, workload } from '../../../../test/fakes/shop-system.ts';
import { fixValue } from '../json.ts';
import { buildAttackGraph } from '../build.ts';
import type { BuiltGraph } from '../build.ts';
import { smallestFix } from './fix.ts';
import type { FixRequest, SmallestFix } from './fix.ts';
import type { FixOption } from './option.ts';
import { fixOptions } from './options.ts';

const INGRESS = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: web, namespace: shop }
spec: { defaultBackend: { service: { name: web, port: { number: 80 } } } }
`;

function solve({ input, ports, graph }: AttackCase, request: FixRequest = {}): SmallestFix {
  const { fix, none } = smallestFix(input, ports, request, graph);
  assert.ok(fix, none?.text ?? '');
  return fix;
}

function attackGraphAfter({ ports }: AttackCase, edits: FixOption['edits']): BuiltGraph {
  const system = ports.reparse({ edits, changed: [], created: [] });
  return buildAttackGraph({ system, reach: ports.reachOf(system) });
}

/** The fix is proved by reading what it wrote, and costs what it should. */
function check(
  yaml: readonly string[],
  want: readonly string[],
  cost: number,
  more: Parameters<typeof attackCaseOf>[1] = {},
): SmallestFix {
  const fix = solve(attackCaseOf(yaml, more));
  assert.deepEqual(fix.fixes.map(({ id }) => id).sort(), [...want].sort());
  assert.equal(fix.cost, cost);
  assert.deepEqual(
    [fix.certificate.paths.after, fix.certificate.flows.lost, fix.certificate.holds, fix.certificate.exact],
    [0, [], true, true],
  );
  return fix;
}

test('an open database gets a policy that lets in its declared caller and nobody else', () => {
  const { edits, certificate, paths } = check([SHOP, INGRESS], ['network-policy:shop/db'], 1);
  assert.equal(edits.length, 1);
  const [edit] = edits;
  assert.ok(edit?.op === 'create');
  const { spec } = edit.value as { readonly spec: unknown };
  assert.deepEqual(spec, {
    podSelector: { matchLabels: { app: 'db' } },
    policyTypes: ['Ingress'],
    ingress: [{ from: [{ podSelector: { matchLabels: { app: 'cart' } } }], ports: [{ protocol: 'TCP', port: 5432 }] }],
  });
  assert.ok(paths.length > 0 && certificate.paths.before > 0);
  assert.ok(certificate.expectedLoss.after <= certificate.expectedLoss.before);
  assert.equal(certificate.flows.kept, certificate.flows.before);
});

test('where nothing but declared flows leads to the jewels there is nothing to fix, and that is proved too', () => {
  const dir = join(import.meta.dirname, '../../../../examples/shop/manifests');
  const fix = solve(attackCase(readdirSync(dir).map((file) => ({ file, text: readFileSync(join(dir, file)) }))));
  assert.deepEqual([fix.fixes, fix.cost, fix.certificate.holds], [[], 0, true]);
  assert.ok(fix.certificate.byDesign > 0);
});

test('a policy that is there and too wide is narrowed: another one beside it would change nothing', () => {
  const wide = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: db, namespace: shop }
spec: { podSelector: { matchLabels: { app: db } }, policyTypes: [Ingress], ingress: [{ from: [{ podSelector: {} }] }] }`;
  const { edits } = check([SHOP, INGRESS, wide], ['network-policy:shop/db'], 1.5);
  assert.deepEqual(
    edits.map(({ op }) => op),
    ['set'],
  );
});

test('a policy of several workloads is taken apart, each with its own callers', () => {
  const wide = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: all, namespace: shop }
spec: { podSelector: {}, policyTypes: [Ingress], ingress: [{}] }`;
  const { edits } = check([SHOP, INGRESS, wide], ['network-policies:NetworkPolicy shop/all'], 3);
  assert.deepEqual(
    edits.map(({ op }) => op),
    ['set', 'create', 'create', 'create'],
  );
});

const tool = (spec: string, container = ''): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: web2, namespace: shop }
spec:
  selector: { matchLabels: { app: web2 } }
  template:
    metadata: { labels: { app: web2 } }
    spec:
      ${spec}
      containers: [{ name: main, image: "x/y:1", ports: [{ containerPort: 9000 }]${container} }]
---
apiVersion: v1
kind: Service
metadata: { name: web2, namespace: shop, annotations: { cullis.dev/expose: "true" } }
spec: { type: LoadBalancer, selector: { app: web2 }, ports: [{ port: 9000 }] }
`;
const CLOSED = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: db, namespace: shop }
spec: { podSelector: { matchLabels: { app: db } }, policyTypes: [Ingress], ingress: [{ from: [{ podSelector: { matchLabels: { app: cart } } }] }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: cart, namespace: shop }
spec: { podSelector: { matchLabels: { app: cart } }, policyTypes: [Ingress], ingress: [{ from: [{ podSelector: { matchLabels: { app: web } } }] }] }`;

const ALONE = `${CLOSED}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: web, namespace: shop }
spec: { podSelector: { matchLabels: { app: web } }, policyTypes: [Ingress] }`;

test('ways out of a container are closed where they are written', () => {
  const rows: [string, string, string, number, number][] = [
    ['terminationGracePeriodSeconds: 1', ', securityContext: { privileged: true }', 'escape:shop/web2:privileged:main', 2, 1],
    [
      'terminationGracePeriodSeconds: 1',
      ', securityContext: { capabilities: { add: [NET_ADMIN, SYS_ADMIN] } }',
      'escape:shop/web2:capability:main:SYS_ADMIN',
      2,
      1,
    ],
    [
      'volumes: [{ name: a, emptyDir: {} }, { name: v, hostPath: { path: / } }]',
      ', volumeMounts: [{ name: v, mountPath: /h }]',
      'escape:shop/web2:volume:v',
      4,
      2,
    ],
  ];
  for (const [spec, container, id, cost, edits] of rows)
    assert.equal(check([SHOP, ALONE, tool(spec, container)], [id], cost).edits.length, edits);
});

test('the token of an account without a role of its own goes, the subject of a binding goes otherwise', () => {
  const bound = (subject: string): string => `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: all }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin }
subjects: [{ kind: User, name: jane }, ${subject}]`;
  const { edits } = check(
    [SHOP, ALONE, tool('serviceAccountName: default'), bound('{ kind: ServiceAccount, name: default, namespace: shop }')],
    ['token:shop/web2'],
    1,
  );
  assert.ok(edits[0]?.op === 'set' && edits[0].value === false);
  const named = check(
    [SHOP, ALONE, tool('serviceAccountName: web2'), bound('{ kind: ServiceAccount, name: web2, namespace: shop }')],
    ['role-binding:ClusterRoleBinding /all:1'],
    4,
  );
  assert.match(named.fixes[0]!.manual ?? '', /Role/);
});

test('a database on the internet comes off it; a known vulnerability has to be updated by a person, and the proof says so', () => {
  const open = SHOP.replace(/(name: db, namespace: shop \}\nspec:)/, '$1\n  type: LoadBalancer');
  check([open], ['exposure:shop/db:5432:load-balancer:Service shop/db'], 2);
  const { certificate } = check([SHOP, INGRESS, CLOSED], ['update:shop/web'], 2, {
    vulnerabilities: [
      { image: 'example.com/web:1', id: 'CVE-2026-1', severity: 'critical', kev: true, fixedIn: '2.0.0', package: 'parser' },
    ],
  });
  assert.deepEqual(certificate.assumed, ['update shop/web: CVE-2026-1']);
});

test('in a mesh an AuthorizationPolicy is the alternative, and refuses callers that prove nothing', () => {
  const mesh =
    'apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: { name: default, namespace: istio-system }\nspec: { mtls: { mode: PERMISSIVE } }';
  const world = attackCaseOf([SHOP, INGRESS, mesh]);
  const fix = solve(world, { alternatives: 3 });
  assert.deepEqual(
    fix.fixes.map(({ kind }) => kind),
    ['network-policy'],
  );
  const [other] = fix.alternatives;
  assert.deepEqual([other?.cost, other?.fixes.map(({ kind }) => kind)], [2, ['authorization-policy']]);
  // The alternative does what it says as well.
  const changed = world.ports.reparse({ edits: other!.fixes.flatMap(({ edits }) => edits), changed: [], created: [] });
  const reach = world.ports.reachOf(changed);
  assert.equal(reach.explain('shop/web', 'shop/db', 5432, 'TCP').requests, 'none');
  assert.equal(reach.explain('shop/cart', 'shop/db', 5432, 'TCP').requests, 'all');
});

test('a store that somebody must call, but nobody is known to, is not closed blindly', () => {
  const lonely = workload('orders-db', { port: 3306, portName: 'tcp-my', targetPort: 3306 });
  const { fixes, certificate } = solve(attackCaseOf([SHOP, CLOSED, INGRESS, lonely]));
  assert.deepEqual(
    fixes.map(({ id, edits }) => [id, edits.length]),
    [['network-policy:shop/orders-db', 0]],
  );
  assert.equal(certificate.assumed.length, 1);
  const called = solve(attackCaseOf([SHOP, CLOSED, INGRESS, lonely, workload('orders')]));
  assert.ok(called.fixes.some(({ id, edits }) => id === 'network-policy:shop/orders-db' && edits.length === 1));
});

test('one jewel, and a start inside', () => {
  const world = attackCaseOf([SHOP, INGRESS]);
  assert.deepEqual(solve(world, { to: 'shop/web' }).fixes, []);
  assert.deepEqual(
    solve(world, { from: 'shop/web', to: 'shop/db' }).fixes.map(({ id }) => id),
    ['network-policy:shop/db'],
  );
  assert.deepEqual(solve(world, { from: 'shop/cart', to: 'shop/db' }).fixes, []);
});

test('the value for JSON is plain data', () => {
  const value = fixValue(solve(attackCaseOf([SHOP, INGRESS])));
  assert.deepEqual(JSON.parse(JSON.stringify(value)), structuredClone(value));
});

test('the metadata of a cloud is closed for a namespace at once where that is cheaper, and nothing else is', () => {
  const cloud =
    'apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: x, namespace: shop, annotations: { eks.amazonaws.com/audience: "a" } }';
  const world = attackCaseOf([SHOP, INGRESS, CLOSED, cloud, SHOP.replaceAll('namespace: shop', 'namespace: other')]);
  const fix = solve(world, { to: 'cloud' });
  assert.deepEqual(fix.fixes.map(({ id }) => id).sort(), ['metadata-of:other', 'metadata-of:shop']);
  for (const { id, ends } of fix.fixes)
    assert.ok(ends.every((fact) => fact.startsWith(`metadata:${id.slice('metadata-of:'.length)}/`)));
  const after = world.ports.reachOf(world.ports.reparse({ edits: fix.edits, changed: [], created: [] }));
  assert.deepEqual(after.connections('shop/web', '169.254.169.254/32'), []);
  assert.ok(after.connections('shop/web', '8.8.8.8/32').length > 0);
});

test('a credential without a declared use goes from where it is written, whatever form it has', () => {
  const secret = 'apiVersion: v1\nkind: Secret\nmetadata: { name: pg, namespace: shop }\nstringData: { password: x }';
  const keeper = SHOP.replace(
    /(image: example.com\/db:1[\s\S]*?env:) \[\]/,
    '$1\n            - { name: POSTGRES_PASSWORD, valueFrom: { secretKeyRef: { name: pg, key: password } } }',
  );
  const forms: readonly (readonly [spec: string, container: string, edits: number])[] = [
    [
      'terminationGracePeriodSeconds: 1',
      ', env: [{ name: A, value: b }, { name: PW, valueFrom: { secretKeyRef: { name: pg, key: password } } }]',
      1,
    ],
    ['terminationGracePeriodSeconds: 1', ', envFrom: [{ secretRef: { name: pg } }]', 1],
    ['volumes: [{ name: v, secret: { secretName: pg } }]', ', volumeMounts: [{ name: v, mountPath: /s }]', 2],
    [
      'volumes: [{ name: v, projected: { sources: [{ secret: { name: pg } }, { configMap: { name: c } }] } }]',
      ', volumeMounts: [{ name: v, mountPath: /s }]',
      1,
    ],
  ];
  // Nothing holds the database, so that the credential can be used: closing the database is the cheaper way, taking the credential the other one.
  for (const [spec, container, edits] of forms) {
    const world = attackCaseOf([keeper, secret, tool(spec, container)]);
    const taking = [...world.graph.facts.keys()].filter((fact) => fact.startsWith('secret:shop/web2'));
    assert.equal(taking.length, 1, container);
    const option = fixOptions(world.input.system, world.graph).find(({ id }) => id === taking[0]);
    assert.equal(option?.edits.length, edits, container);
    const after = attackGraphAfter(world, option!.edits);
    assert.ok(![...after.facts.keys()].some((fact) => fact.startsWith('secret:shop/web2')), container);
  }
});
