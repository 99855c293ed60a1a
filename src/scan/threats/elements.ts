// The data-flow diagram of a System: actors, processes, stores, flows and the boundaries that they cross.
import type { System } from '#model/system.ts';
import type { BuiltGraph } from '../attack/build.ts';
import { evidenceAt, evidenceIn } from '../attack/evidence.ts';
import { exposureText } from '../attack/flows.ts';
import type { Access, Reach } from '../reach/face.ts';
import type { Element } from './model.ts';

export const INTERNET_ELEMENT = 'internet';

export interface Drawn {
  readonly boundaries: readonly string[];
  readonly elements: readonly Element[];
  /** How the mesh and the network take each flow between workloads, by the flow's id. */
  readonly accesses: ReadonlyMap<string, Access>;
}

const STORES = new Set(['database', 'cache', 'broker', 'vault']);

/** Elements in a stable order: the internet, workloads as declared, flows as declared. */
export function drawElements(system: System, reach: Reach, graph: BuiltGraph): Drawn {
  const elements: Element[] = [
    { id: INTERNET_ELEMENT, kind: 'actor', name: 'internet', boundary: 'internet', evidence: { text: 'anybody' } },
  ];
  const boundaries = new Set<string>(['internet']);
  for (const workload of system.workloads) {
    boundaries.add(workload.namespace);
    const node = graph.index.get(`asset:${workload.id}`);
    const asset = node === undefined ? undefined : graph.nodes[node]!.asset;
    elements.push({
      id: `workload:${workload.id}`,
      kind: asset && STORES.has(asset.kind) ? 'store' : 'process',
      name: workload.id,
      boundary: workload.namespace,
      ...(asset && { value: asset.value }),
      evidence: asset?.evidence ?? evidenceAt(`${workload.kind} ${workload.id}`, workload.resource),
    });
  }
  const namespaces = new Map(system.workloads.map(({ id, namespace }) => [id, namespace]));
  const accesses = new Map<string, Access>();
  const seen = new Set<string>();
  for (const exposure of reach.exposures()) {
    const boundary = namespaces.get(exposure.to);
    const id = `flow:internet>${exposure.to}:${exposure.port}`;
    if (boundary === undefined || seen.has(id)) continue;
    seen.add(id);
    const text = exposureText(exposure);
    const [by] = exposure.by;
    const evidence = by
      ? { ...evidenceAt(text, by), ...(exposure.location && { location: exposure.location }) }
      : evidenceIn(text, exposure.location);
    elements.push({
      id,
      kind: 'flow',
      name: `internet to ${exposure.to}:${exposure.port}`,
      boundary,
      from: INTERNET_ELEMENT,
      to: `workload:${exposure.to}`,
      port: exposure.port,
      encrypted: exposure.tls,
      evidence,
    });
  }
  for (const { from, to, port, transport, evidence } of graph.flows) {
    const boundary = namespaces.get(to);
    const id = `flow:${from}>${to}:${port}`;
    if (from === 'internet' || boundary === undefined || seen.has(id)) continue;
    seen.add(id);
    const access = reach.explain(from, to, port, transport);
    accesses.set(id, access);
    elements.push({
      id,
      kind: 'flow',
      name: `${from} to ${to}:${port}`,
      boundary,
      from: `workload:${from}`,
      to: `workload:${to}`,
      port,
      encrypted: access.link === 'mtls',
      evidence,
    });
  }
  return { boundaries: [...boundaries], elements, accesses };
}
