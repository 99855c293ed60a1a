// The attack graph at size: building it for a thousand workloads, finding paths and the smallest fix, and the minimum cut of a large random graph.
// `node bench/attack/run.ts [--workloads 1000] [--nodes 10000] [--edges 300000]`
import { parseArgs } from 'node:util';
import { readSystem } from '#ingest/read.ts';
import { buildAttackGraph } from '#scan/attack/build.ts';
import { minCut, minVertexCut } from '#scan/attack/fix/flow.ts';
import { fixOptions } from '#scan/attack/fix/options.ts';
import { cutProblem } from '#scan/attack/fix/problem.ts';
import { smallestCut } from '#scan/attack/fix/solve.ts';
import { riskOf } from '#scan/attack/loss.ts';
import { attackPaths } from '#scan/attack/paths.ts';
import { reachOf } from '#scan/reach/reach.ts';
import { threatModel } from '#scan/threats/threats.ts';

const { values } = parseArgs({
  options: {
    workloads: { type: 'string', default: '1000' },
    nodes: { type: 'string', default: '10000' },
    edges: { type: 'string', default: '300000' },
  },
});
const [workloads, nodes, edges] = [Number(values.workloads), Number(values.nodes), Number(values.edges)];

function timed<T>(name: string, work: () => T): T {
  const start = performance.now();
  const result = work();
  console.log(`  ${name.padEnd(44)} ${(performance.now() - start).toFixed(0).padStart(6)} ms`);
  return result;
}

/** Services in namespaces of fifty, each calling three others, one in fifty a database; every second namespace holds its pods to declared callers. */
function manifests(count: number): string {
  const documents: string[] = [];
  for (let i = 0; i < count; i++) {
    const [namespace, name] = [`team-${Math.floor(i / 50)}`, `svc-${i}`];
    const base = Math.floor(i / 50) * 50;
    const store = i % 50 === 49;
    const port = store ? 5432 : 8080;
    const calls = store
      ? []
      : [base + ((i * 7 + 3) % 49), base + ((i * 11 + 5) % 49), ...(i % 10 === 0 ? [base + 49] : [])].filter(
          (to) => to !== i && to < count,
        );
    const env = calls.map((to, n) => `{ name: UPSTREAM_${n}_ADDR, value: "svc-${to}:${to % 50 === 49 ? 5432 : 8080}" }`);
    documents.push(
      `apiVersion: v1\nkind: Service\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec: { type: ${i % 50 === 0 ? 'LoadBalancer' : 'ClusterIP'}, selector: { app: ${name} }, ports: [{ port: ${port}, targetPort: ${port} }] }`,
      `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec:\n  selector: { matchLabels: { app: ${name} } }\n  template:\n    metadata: { labels: { app: ${name} } }\n    spec:\n      containers:\n        - name: main\n          image: ${store ? 'postgres:18' : `example.com/${name}:1`}\n          ports: [{ containerPort: ${port} }]\n          securityContext: { privileged: ${i % 97 === 0} }\n          env: [${env.join(', ')}]`,
    );
    if (Math.floor(i / 50) % 2 === 1)
      documents.push(
        `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec:\n  podSelector: { matchLabels: { app: ${name} } }\n  policyTypes: [Ingress]\n  ingress: [{ from: [{ podSelector: {} }], ports: [{ port: ${port} }] }]`,
      );
  }
  return documents.join('\n---\n');
}

console.log(`${workloads} workloads`);
const { system } = readSystem([{ file: 'bench.yaml', text: manifests(workloads) }]);
const reach = reachOf(system);
reach.exposures();
let graph = timed('attack graph, cold', () => buildAttackGraph({ system, reach }));
for (let i = 0; i < 3; i++) graph = timed('attack graph, warm', () => buildAttackGraph({ system, reach: reachOf(system) }));
console.log(
  `  ${graph.nodes.length} nodes, ${graph.edges.length} edges, ${graph.facts.size} facts, ${graph.jewels.length} jewels`,
);
const paths = timed('ten riskiest paths', () => attackPaths(graph));
console.log(`  ${paths.length} paths`);
const options = timed('options of fixes', () => fixOptions(system, graph));
const problem = cutProblem(graph, graph.index.get('internet')!, options);
const { cut, unbreakable } = timed('smallest fix', () => smallestCut(problem));
console.log(
  cut
    ? `  ${cut.chosen.length} of ${options.length} fixes, cost ${cut.cost}, bound ${cut.bound}, ${cut.method}`
    : `  unbreakable: ${unbreakable?.length} hops`,
);

const model = timed('threat model', () => threatModel({ system, reach }, graph));
console.log(`  ${model.threats.length} threats`);
const findings = Array.from(
  { length: workloads },
  (_, i) =>
    ({
      id: String(i),
      code: 'network.no-policy',
      severity: 'medium',
      title: '',
      message: '',
      subject: `Deployment team-${Math.floor(i / 50)}/svc-${i}`,
      references: [],
    }) as const,
);
timed('risk of a finding for each workload', () => riskOf(findings, graph));

console.log(`random graph, ${nodes} nodes, ${edges} edges`);
let seed = 42;
const random = (below: number): number => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
};
const [from, to, capacity] = [new Int32Array(edges), new Int32Array(edges), new Float64Array(edges)];
for (let e = 0; e < edges; e++) {
  from[e] = random(nodes);
  // Mostly near, as in systems of many small parts: far cuts are the hard ones.
  to[e] = random(4) === 0 ? random(nodes) : (from[e]! + 1 + random(50)) % nodes;
  capacity[e] = random(20) === 0 ? Infinity : 1 + random(9);
}
const cutEdges = timed('minimum cut', () => minCut(nodes, { from, to, capacity }, 0, nodes >> 1));
const weights = Float64Array.from({ length: nodes }, () => 1 + random(9));
const cutNodes = timed('minimum vertex cut', () => minVertexCut(nodes, { from, to }, weights, 0, nodes >> 1));
console.log(`  values ${cutEdges.value} and ${cutNodes.value}`);
