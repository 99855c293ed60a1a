// REACH_L4 and REACH_L7: who can send to which port, from the exact answer of reachability.
import type { Workload } from '#model/system.ts';
import { servicesOf, targetPort } from '#plan/services.ts';
import type { Access, PortRange, Reach, Transport } from '../../reach/face.ts';
import { accessNode, assetNode, forwardNode, workloadNode } from '../context.ts';
import type { Build } from '../context.ts';
import { evidenceAt } from '../evidence.ts';
import { LIMITS } from '../model.ts';
import type { RequiredFlow } from '../model.ts';
import type { EdgeKind, Evidence, FactId } from '../model.ts';
import { NetworkPolicies } from '../network-policies.ts';
import { PROBABILITIES as P } from '../probabilities.ts';
import { Callers } from './callers.ts';
import { classesOf } from './classes.ts';

interface Port {
  readonly port: number;
  readonly transport: Transport;
}

interface Quality {
  readonly kind: Extract<EdgeKind, 'REACH_L4' | 'REACH_L7'>;
  readonly probability: number;
}

/** Few enough sources to draw each edge by itself. */
const DIRECT_MAX = 3;
const L4: Quality = { kind: 'REACH_L4', probability: P.reach };
const L7: Quality = { kind: 'REACH_L7', probability: P.reach };
const L7_SOME: Quality = { kind: 'REACH_L7', probability: P.reachSome };

export function reachEdges(build: Build): void {
  const { system, reach } = build;
  const services = Map.groupBy(system.services, ({ namespace }) => namespace);
  const portsById = new Map(
    system.workloads.map((workload) => [workload.id, portsOf({ services: services.get(workload.namespace) ?? [] }, workload)]),
  );
  const members = classesOf(system, ({ id }) =>
    portsById
      .get(id)!
      .map(({ port, transport }) => `${transport}${port}`)
      .join(),
  );
  const meshed =
    system.authorizationPolicies.length + system.peerAuthentications.length + system.requestAuthentications.length > 0 ||
    system.runs.length > 0;
  const contained = portTest();
  const callers = meshed ? new Callers(system) : undefined;
  const groups = new Groups(build);
  const flows = Map.groupBy(build.flows, ({ to }) => to);
  let pairs = 0;
  for (const [at, targets] of members.entries()) {
    const first = system.workloads[targets[0]!]!;
    const ports = portsById.get(first.id)!;
    if (ports.length === 0) continue;
    pairs += members.length;
    if (pairs > LIMITS.pairs) {
      build.builder.leave();
      break;
    }
    const keyOf = callers?.keysFor(first);
    const answers = new Map<string, Quality | undefined>();
    // Sources of each port by how they reach it.
    const found = ports.map(() => new Map<Quality, number[]>());
    for (let c = 0; c < members.length; c++) {
      const source = system.workloads[members[c]![0]!]!;
      // Of a class that talks to itself another member stands for the source. A workload alone in its class is left out here: it needs no way to itself.
      const other = source.id === first.id ? targets[1] : undefined;
      if (source.id === first.id && other === undefined) continue;
      const index = other ?? members[c]![0]!;
      const from = system.workloads[index]!.id;
      const ranges = reach.connections(from, first.id);
      if (ranges.length === 0) continue;
      ports.forEach((port, p) => {
        if (!contained(ranges, port)) return;
        let quality: Quality | undefined = L4;
        if (keyOf) {
          const key = `${p} ${keyOf(index)}`;
          if (!answers.has(key)) answers.set(key, qualityOf(reach.explain(from, first.id, port.port, port.transport)));
          quality = answers.get(key);
        }
        if (!quality) return;
        const list = found[p]!.get(quality);
        if (list) list.push(c);
        else found[p]!.set(quality, [c]);
      });
    }
    // Its own class counts as a source, so that workloads that are reached by the same others share one group.
    if (targets.length === 1) for (const byQuality of found) for (const classes of byQuality.values()) insert(classes, at);
    for (const t of targets) {
      const target = system.workloads[t]!;
      const own = flows.get(target.id) ?? [];
      ports.forEach((port, p) => {
        for (const [quality, classes] of found[p]!) groups.add(target, port, quality, classes, members, own);
        requiredEdges(build, target, port, own);
      });
    }
  }
}

/** Keeps an ascending list ascending. */
function insert(list: number[], value: number): void {
  let i = list.length;
  while (i > 0 && list[i - 1]! > value) i--;
  list.splice(i, 0, value);
}

/** How an access is used; undefined when nothing comes of it. */
function qualityOf(access: Access): Quality | undefined {
  if (!access.network || access.link === 'refused' || access.requests === 'none') return undefined;
  if (access.requests === 'some') return L7_SOME;
  return access.link === 'mtls' ? L7 : L4;
}

/** The edges of declared calls stand by themselves: no fix may take them. */
function requiredEdges(build: Build, target: Workload, { port, transport }: Port, flows: readonly RequiredFlow[]): void {
  const { builder, reach } = build;
  for (const flow of flows) {
    if (flow.port !== port || flow.transport !== transport || flow.from === 'internet') continue;
    const quality = qualityOf(reach.explain(flow.from, target.id, port, transport));
    if (!quality) continue;
    const from = workloadNode(build, flow.from);
    const text = `declared: ${flow.why}`;
    const evidence = [flow.evidence];
    builder.edge(from, accessNode(build, target.id, port, transport), { ...quality, text, evidence, required: true });
    const asset = build.assets.get(target.id);
    if (!asset) continue;
    const store = asset.kind === 'database' || asset.kind === 'cache' || asset.kind === 'broker';
    const asked = store ? 'as its own client' : 'whatever its own clients may ask';
    const probability = (store ? P.client : P.clientApi) * quality.probability;
    builder.edge(from, assetNode(build, asset), {
      kind: 'CLIENT',
      probability,
      text: `${asked}: ${flow.why}`,
      evidence,
      required: true,
    });
  }
}

/** Equal sets of sources become one node between them and the ports that they reach. */
class Groups {
  readonly #build: Build;
  readonly #policies: NetworkPolicies;
  readonly #nodes = new Map<string, number>();
  readonly #open = new Map<string, readonly FactId[]>();

  constructor(build: Build) {
    this.#build = build;
    this.#policies = new NetworkPolicies(build.system);
  }

  add(
    target: Workload,
    port: Port,
    quality: Quality,
    classes: readonly number[],
    members: readonly (readonly number[])[],
    flows: readonly RequiredFlow[],
  ): void {
    const { builder, system } = this.#build;
    const onPort = flows.filter((flow) => flow.port === port.port && flow.transport === port.transport);
    const wanted = new Set(onPort.map(({ from }) => from));
    let size = 0;
    for (const c of classes) size += members[c]!.length;
    // One after the other: most callers only need the first.
    function* sources(): Generator<string> {
      for (const c of classes) for (const i of members[c]!) yield system.workloads[i]!.id;
    }
    // Declared callers have their own edges; when nobody else comes, there is nothing more.
    if (size <= wanted.size + DIRECT_MAX) {
      const others = [...sources()].filter((id) => id !== target.id && !wanted.has(id));
      for (const id of others) this.#edge(workloadNode(this.#build, id), id, target, port, quality, wanted.has('internet'));
      for (const id of others)
        if (this.#build.forwarders.has(id))
          this.#edge(forwardNode(this.#build, id), id, target, port, quality, wanted.has('internet'));
      return;
    }
    let sample: string | undefined;
    for (const id of sources())
      if (id !== target.id && !wanted.has(id)) {
        sample = id;
        break;
      }
    if (sample === undefined) return;
    const key = classes.join();
    let group = this.#nodes.get(key);
    if (group === undefined) {
      group = builder.node(`group:${this.#nodes.size}`, 'group', `${size} workloads`);
      this.#nodes.set(key, group);
      for (const id of sources()) {
        const draft = { kind: 'REACH_L4', probability: P.reach, text: 'sends packets', evidence: [] } as const;
        builder.edge(workloadNode(this.#build, id), group, draft);
        if (this.#build.forwarders.has(id)) builder.edge(forwardNode(this.#build, id), group, draft);
      }
    }
    this.#edge(group, sample, target, port, quality, wanted.has('internet'));
  }

  #edge(from: number, source: string, target: Workload, port: Port, quality: Quality, exposed: boolean): void {
    const { builder } = this.#build;
    const to = accessNode(this.#build, target.id, port.port, port.transport);
    const { reach } = this.#build;
    builder.edge(from, to, {
      ...quality,
      text:
        quality.kind === 'REACH_L4'
          ? this.#policies.holding(target, 'ingress').length > 0
            ? 'a NetworkPolicy lets it through'
            : 'no policy stands in between'
          : quality.probability < 1
            ? 'policy lets some requests through'
            : 'policy lets it through',
      evidence: () => reasons(reach, source, target, port),
      // The world sends there anyway: closing it to the neighbours takes nothing away.
      facts: exposed ? [] : this.#fact(target),
    });
  }

  #fact(target: Workload): readonly FactId[] {
    let fact = this.#open.get(target.id);
    if (!fact) {
      const text = `${target.id} takes connections from workloads that have no declared business with it`;
      fact = [this.#build.builder.fact(`open:${target.id}`, text, evidenceAt(text, target.resource))];
      this.#open.set(target.id, fact);
    }
    return fact;
  }
}

function reasons(reach: Reach, source: string, target: Workload, { port, transport }: Port): readonly Evidence[] {
  const told = reach.explain(source, target.id, port, transport).reasons.filter(({ allows }) => allows);
  const evidence = told.map(({ text, resource, location }) => ({
    text,
    ...(resource && { resource }),
    ...(location && { location }),
  }));
  const placed = evidence.filter(({ resource, location }) => resource ?? location);
  return placed.length > 0 ? placed : [evidenceAt(evidence[0]?.text ?? 'no policy stands in between', target.resource)];
}

/** Whether a port lies in a list of ranges; lists are shared, so each is looked through once a port. */
function portTest(): (ranges: readonly PortRange[], port: Port) => boolean {
  const known = new WeakMap<object, Map<number, boolean>>();
  return (ranges, { port, transport }) => {
    const key = port * 4 + (transport === 'TCP' ? 0 : transport === 'UDP' ? 1 : 2);
    let answers = known.get(ranges);
    if (!answers) known.set(ranges, (answers = new Map()));
    let answer = answers.get(key);
    if (answer === undefined) {
      answer = ranges.some((range) => range.transport === transport && range.first <= port && port <= range.last);
      answers.set(key, answer);
    }
    return answer;
  };
}

/** Ports that containers declare and Services aim at. */
function portsOf(system: Parameters<typeof servicesOf>[0], workload: Workload): readonly Port[] {
  const found = new Map<string, Port>();
  for (const { ports, init } of workload.containers)
    if (!init) for (const { port, transport } of ports) found.set(`${transport}${port}`, { port, transport });
  for (const service of servicesOf(system, workload))
    for (const each of service.ports) {
      const port = targetPort(workload, each);
      if (port === undefined) continue;
      const transport = each.protocol === 'udp' ? 'UDP' : 'TCP';
      found.set(`${transport}${port}`, { port, transport });
    }
  return [...found.values()];
}
