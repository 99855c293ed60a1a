import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attackCaseOf } from '../../../../test/fakes/attack.ts';
import { workload } from '../../../../test/fakes/shop-system.ts';

/** A small generator with a seed, so that a failure can be seen again. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Workloads of two namespaces under policies of every kind that tells callers apart. */
function manifests(seed: number): string {
  const roll = dice(seed);
  const places = Array.from({ length: 5 }, (_, i) => ({ name: `w${i}`, namespace: roll(3) === 0 ? 'ops' : 'shop' }));
  const documents = places.map(({ name, namespace }) =>
    workload(name, { namespace, env: roll(2) === 0 ? { UP_ADDR: `w${roll(5)}.${roll(2) === 0 ? 'shop' : 'ops'}:80` } : {} }),
  );
  for (const { name, namespace } of places) {
    const other = places[roll(5)]!;
    if (roll(3) === 0)
      documents.push(`apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: ${name}, namespace: ${namespace} }
spec: { podSelector: { matchLabels: { app: ${name} } }, policyTypes: [Ingress], ingress: [{ from: [{ podSelector: { matchLabels: { app: ${other.name} } }${roll(2) === 0 ? ', namespaceSelector: {}' : ''} }] }] }`);
    if (roll(3) === 0) {
      const source = [
        `principals: ["cluster.local/ns/${other.namespace}/sa/${other.name}"]`,
        `namespaces: ["${other.namespace}"]`,
        `principals: ["*/sa/${other.name}"]`,
        'principals: ["*"]',
        `notPrincipals: ["cluster.local/ns/${other.namespace}/sa/${other.name}"]`,
      ][roll(5)]!;
      documents.push(`apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: ${name}, namespace: ${roll(6) === 0 ? 'istio-system' : namespace} }
spec: { selector: { matchLabels: { app: ${name} } }, action: ${roll(3) === 0 ? 'DENY' : 'ALLOW'}, rules: [{ from: [{ source: { ${source} } }]${roll(2) === 0 ? ', to: [{ operation: { methods: [GET] } }]' : ''} }] }`);
    }
  }
  if (roll(2) === 0)
    documents.push(
      'apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: { name: default, namespace: istio-system }\nspec: { mtls: { mode: STRICT } }',
    );
  return documents.join('\n---\n');
}

test('grouped edges say exactly what reachability says about every pair and port', () => {
  let edges = 0;
  for (let seed = 0; seed < 60; seed++) {
    const { graph, input } = attackCaseOf([manifests(seed)]);
    const { system, reach } = input;
    const drawn = new Map<string, number>();
    for (const edge of graph.edges) {
      if (!edge.kind.startsWith('REACH') || graph.nodes[edge.to]!.kind !== 'access') continue;
      const from = graph.nodes[edge.from]!;
      const sources =
        from.kind === 'group'
          ? graph.edges.filter((each) => each.to === edge.from).map((each) => graph.nodes[each.from]!)
          : [from];
      for (const source of sources) drawn.set(`${source.workload} ${graph.nodes[edge.to]!.label}`, edge.probability);
    }
    for (const { id: from } of system.workloads)
      for (const { id: to } of system.workloads) {
        if (from === to) continue;
        const { network, link, requests } = reach.explain(from, to, 8080, 'TCP');
        const open = network && link !== 'refused' && requests !== 'none';
        const probability = drawn.get(`${from} ${to}:8080`);
        assert.equal(probability !== undefined, open, `seed ${seed}: ${from} to ${to}`);
        if (open) assert.equal(probability === 1, requests === 'all', `seed ${seed}: ${from} to ${to}`);
        edges += Number(open);
      }
  }
  assert.ok(edges > 200);
});
