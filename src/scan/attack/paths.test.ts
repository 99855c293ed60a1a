import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { attackCase, attackCaseOf } from '../../../test/fakes/attack.ts';
import { SHOP, workload } from '../../../test/fakes/shop-system.ts';
import { blastRadius } from './blast.ts';
import { packGraph } from './builder.ts';
import { blastValue, pathSummary, pathValue } from './json.ts';
import type { AttackEdge, AttackGraph, AttackNode } from './model.ts';
import { attackPaths } from './paths.ts';
import type { AttackPath } from './paths.ts';

const INGRESS = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: web, namespace: shop }
spec: { defaultBackend: { service: { name: web, port: { number: 80 } } } }
`;

function route({ hops }: AttackPath): string {
  return hops.map(({ edge, to }) => `${edge.kind} ${to.label}`).join(' > ');
}

test('the riskiest paths of a shop, first the one that needs no detour', () => {
  const { graph } = attackCaseOf([SHOP, INGRESS]);
  const paths = attackPaths(graph);
  assert.deepEqual(paths.map(route).sort(), [
    'EXPOSED shop/web:8080 > EXPLOIT shop/web > REACH_L4 shop/cart:8080 > EXPLOIT shop/cart > CLIENT shop/db',
    'EXPOSED shop/web:8080 > EXPLOIT shop/web > REACH_L4 shop/db:5432 > NO_AUTH shop/db',
  ]);
  for (const path of paths) assert.ok(Math.abs(path.risk - path.probability * 250_000) < 1e-6);
  assert.deepEqual(
    paths.map(({ risk }) => risk),
    paths.map(({ risk }) => risk).sort((a, b) => b - a),
  );
  assert.deepEqual(paths.filter(({ byDesign }) => byDesign).map(route), [
    'EXPOSED shop/web:8080 > EXPLOIT shop/web > REACH_L4 shop/cart:8080 > EXPLOIT shop/cart > CLIENT shop/db',
  ]);
});

test('ids of paths stay when lines move and change when the route does', () => {
  const ids = (yaml: readonly string[]): readonly string[] => attackPaths(attackCaseOf(yaml).graph).map(({ id }) => id);
  assert.deepEqual(ids([SHOP, INGRESS]), ids([`# a line\n\n${SHOP}`, INGRESS]));
  assert.notDeepEqual(ids([SHOP, INGRESS]), ids([SHOP.replaceAll('web', 'page'), INGRESS.replaceAll('web', 'page')]));
});

test('the example shop is reached by its declared flows only', () => {
  const dir = join(import.meta.dirname, '../../../examples/shop/manifests');
  const { graph } = attackCase(readdirSync(dir).map((file) => ({ file, text: readFileSync(join(dir, file)) })));
  const paths = attackPaths(graph);
  assert.ok(paths.length > 0);
  assert.ok(paths.every(({ byDesign }) => byDesign));
  assert.deepEqual([...new Set(paths.map(({ to }) => to.label))].sort(), [
    'ecommerce/customer-database',
    'ecommerce/payment-processing',
  ]);
});

test('a goal and a start can be named; what the System does not have gives no path', () => {
  const { graph } = attackCaseOf([SHOP, workload('db2', { port: 3306, portName: 'tcp-my', targetPort: 3306 }), INGRESS]);
  assert.ok(attackPaths(graph, { to: 'shop/db2' }).every(({ to }) => to.label === 'shop/db2'));
  assert.equal(route(attackPaths(graph, { from: 'shop/cart', to: 'shop/db' })[0]!), 'CLIENT shop/db');
  assert.deepEqual(attackPaths(graph, { from: 'shop/nobody' }), []);
  assert.deepEqual(attackPaths(attackCaseOf([SHOP]).graph), []);
  assert.equal(attackPaths(graph, { max: 1 }).length, 1);
});

test('what falls with a workload: jewels, workloads, ports of others', () => {
  const { graph } = attackCaseOf([SHOP, INGRESS]);
  const blast = blastRadius(graph, 'shop/cart')!;
  assert.deepEqual(
    blast.jewels.map(({ node, probability }) => [node.label, probability]),
    [['shop/db', 1]],
  );
  assert.deepEqual(blast.workloads.map(({ node }) => node.label).sort(), ['shop/db', 'shop/web']);
  assert.equal(blast.ports, 2);
  assert.equal(blast.expectedLoss, 250_000);
  assert.equal(blastRadius(graph, 'shop/nobody'), undefined);
});

test('values for JSON hold places and no resources', () => {
  const { graph } = attackCaseOf([SHOP, INGRESS]);
  const [path] = attackPaths(graph);
  const text = JSON.stringify([pathValue(path!), blastValue(blastRadius(graph, 'shop/web')!)]);
  assert.match(text, /"file":"m0.yaml","line":\d+,"column":\d+/);
  assert.ok(!text.includes('containerPort'));
  const summary = pathSummary(path!, 'shop');
  assert.equal(summary.hops.length, path!.hops.length);
  assert.equal(summary.hops[0]!.file, 'm1.yaml');
});

/** All simple paths with their probabilities, by trying. */
function everyPath(graph: AttackGraph, to: number): number[] {
  const found: number[] = [];
  const walk = (node: number, seen: ReadonlySet<number>, product: number): void => {
    if (node === to) found.push(product);
    else
      for (const edge of graph.edges)
        if (edge.from === node && !seen.has(edge.to)) walk(edge.to, new Set(seen).add(edge.to), product * edge.probability);
  };
  walk(0, new Set([0]), 1);
  return found;
}

test('the first path is the likeliest of all simple ones, and no path repeats', () => {
  const edge = fc.record({ from: fc.nat(4), to: fc.integer({ min: 1, max: 5 }), probability: fc.constantFrom(1, 0.9, 0.5, 0.2) });
  fc.assert(
    fc.property(fc.array(edge, { minLength: 4, maxLength: 14 }), (drafts) => {
      const asset = { holder: 'x', kind: 'database', value: 1, declared: true, reason: '', evidence: { text: '' } } as const;
      const nodes = Array.from({ length: 6 }, (_, n): AttackNode => ({
        id: n === 0 ? 'internet' : `n${n}`,
        kind: n === 0 ? 'internet' : n === 5 ? 'asset' : 'workload',
        label: `n${n}`,
        ...(n === 5 && { asset }),
      }));
      const edges = drafts
        .filter(({ from, to }) => from !== to)
        .map((draft): AttackEdge => ({ ...draft, kind: 'REACH_L4', text: '', evidence: [], facts: ['f'], required: false }));
      const graph = packGraph(nodes, edges);
      const all = everyPath(graph, 5);
      const paths = attackPaths(graph, { max: 5 });
      assert.equal(paths.length > 0, all.length > 0);
      if (all.length > 0) assert.ok(Math.abs(paths[0]!.probability - Math.max(...all)) < 1e-12);
      assert.equal(new Set(paths.map(({ id }) => id)).size, paths.length);
    }),
    { numRuns: 200 },
  );
});
