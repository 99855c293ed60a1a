// Reachability of one System: the network's answer, the mesh's answer, and the ways in from outside.
import type { Resource } from '#model/resource.ts';
import type { System, Workload } from '#model/system.ts';
import { servicesOf, targetPort } from '#plan/services.ts';
import { intervalOf, overlaps, PUBLIC } from './address.ts';
import type { Interval } from './address.ts';
import { attachmentsOf, sharedNetwork } from './compose.ts';
import type { Attachment } from './compose.ts';
import { hasPort, rangesOf } from './connections.ts';
import type { Connections } from './connections.ts';
import { endpointsOf, listeningPorts } from './endpoints.ts';
import { exposuresOf } from './exposures/exposures.ts';
import { INTERNET } from './face.ts';
import type { Access, Exposure, PeerId, PortRange, Reach, Reason, Transport } from './face.ts';
import { Kernel } from './kernel.ts';
import { Mesh } from './mesh.ts';
import { notEvaluatedOf, policiesOf } from './policies.ts';
import type { Policy, PolicyRule } from './policy.ts';
import { isWidePrivate } from './matching.ts';
import { listAt, textAt } from '#base/raw.ts';
import { reasonOf, stepReasons } from './reasons.ts';

/** What the commands and rules of this folder ask beyond `Reach`. */
export interface SystemReach extends Reach {
  readonly system: System;
  readonly kernel: Kernel;
  readonly mesh: Mesh;
  readonly policies: readonly Policy[];
  /** Policies of kinds that are not evaluated (Cilium, Calico, Linkerd, …): their effect is in no answer. */
  readonly notEvaluated: readonly Resource[];
  cautious(): SystemReach;
}

export interface PortOf {
  readonly port: number;
  readonly transport: Transport;
}

/**
 * Who reaches whom in a System.
 * @example reachOf(system).explain('shop/frontend', 'shop/cart', 7070, 'TCP').network
 */
export function reachOf(system: System): SystemReach {
  return new Reachability(system, false);
}

/** Ports of a workload: what its containers declare and what Services aim at, ascending. */
export function declaredPorts(system: Pick<System, 'services'>, workload: Workload): readonly PortOf[] {
  const found = new Map<string, PortOf>();
  const add = (port: number, transport: Transport): void => {
    found.set(`${transport} ${port}`, { port, transport });
  };
  for (const { port, transport } of listeningPorts(workload)) add(port, transport);
  for (const service of servicesOf(system, workload)) {
    const raw = listAt(service.resource.spec, 'ports');
    service.ports.forEach((each, i) => {
      const port = targetPort(workload, each);
      const protocol = textAt(raw[i], 'protocol');
      if (port !== undefined) add(port, protocol === 'UDP' || protocol === 'SCTP' ? protocol : 'TCP');
    });
  }
  return [...found.values()].sort((a, b) => a.port - b.port || (a.transport < b.transport ? -1 : 1));
}

class Reachability implements SystemReach {
  readonly system: System;
  readonly kernel: Kernel;
  readonly mesh: Mesh;
  readonly policies: readonly Policy[];
  readonly notEvaluated: readonly Resource[];
  readonly workloads: readonly string[];
  readonly #index: ReadonlyMap<string, number>;
  readonly #attachments: ReadonlyMap<string, Attachment>;
  readonly #atoms = new Map<string, readonly number[]>();
  readonly #ports = new Map<string, readonly PortOf[]>();
  readonly #ranges = new Map<number, readonly PortRange[]>();
  #exposures: readonly Exposure[] | undefined;

  readonly #isCautious: boolean;

  constructor(system: System, cautious: boolean) {
    this.#isCautious = cautious;
    this.system = system;
    this.policies = policiesOf(system);
    this.notEvaluated = notEvaluatedOf(system);
    this.kernel = new Kernel(endpointsOf(system), this.policies, cautious);
    this.mesh = new Mesh(system);
    this.workloads = system.workloads.map(({ id }) => id);
    this.#index = new Map(this.workloads.map((id, i) => [id, i]));
    this.#attachments = attachmentsOf(system);
  }

  cautious(): SystemReach {
    const unsure = this.kernel.endpoints.some(({ guessed }) => guessed === true);
    const matters =
      unsure && this.policies.some(({ ingress, egress }) => [...(ingress ?? []), ...(egress ?? [])].some(allowsWide));
    return matters && !this.#isCautious ? new Reachability(this.system, true) : this;
  }

  connections(from: PeerId, to: PeerId): readonly PortRange[] {
    const set = this.#connections(from, to);
    let ranges = this.#ranges.get(set.id);
    if (!ranges) {
      ranges = rangesOf(set);
      this.#ranges.set(set.id, ranges);
    }
    return ranges;
  }

  access(from: PeerId, to: string): readonly Access[] {
    const target = this.#workload(to);
    if (!target) return [];
    let ports = this.#ports.get(to);
    if (!ports) {
      ports = declaredPorts(this.system, target);
      this.#ports.set(to, ports);
    }
    const set = this.#connections(from, to);
    return ports.map(({ port, transport }) => this.#access(from, target, port, transport, hasPort(set, transport, port)));
  }

  explain(from: PeerId, to: string, port: number, transport: Transport): Access {
    const target = this.#workload(to);
    if (!target) {
      const reasons = [reasonOf(false, `there is no workload \`${to}\``)];
      return { from, to, port, transport, network: false, link: 'refused', requests: 'none', reasons };
    }
    return this.#access(from, target, port, transport, hasPort(this.#connections(from, to), transport, port));
  }

  exposures(): readonly Exposure[] {
    return (this.#exposures ??= exposuresOf(this));
  }

  #access(from: PeerId, target: Workload, port: number, transport: Transport, network: boolean): Access {
    const caller = this.#workload(from);
    const addresses = this.#addresses(from);
    const mesh = this.mesh.answer(
      caller ? { workload: caller, addresses, token: 'any' } : { addresses, token: 'any' },
      target,
      port,
      transport,
    );
    const networkReasons = (): readonly Reason[] => this.#networkReasons(from, target, port, transport);
    // Reasons are worked out when read: most answers are only looked at for what they allow.
    let reasons: readonly Reason[] | undefined;
    return {
      from,
      to: target.id,
      port,
      transport,
      network,
      link: mesh.link,
      requests: mesh.requests,
      get reasons() {
        return (reasons ??= network ? [...networkReasons(), ...mesh.reasons] : networkReasons());
      },
    };
  }

  #connections(from: PeerId, to: PeerId): Connections {
    const { table } = this.kernel;
    const source = this.#index.get(from);
    const target = this.#index.get(to);
    if (source !== undefined && target !== undefined) return this.#between(source, target);
    if (source === undefined && target === undefined) return table.none;
    let all = table.none;
    const inner = source ?? target;
    if (this.#attachments.has(this.workloads[inner!]!))
      return this.#composeOutside(source !== undefined, this.workloads[inner!]!);
    for (const atom of this.#atomsOf(source === undefined ? from : to)) {
      all = table.union(all, this.kernel.connections(source ?? atom, target ?? atom));
      if (all === table.everything) break;
    }
    return all;
  }

  #between(source: number, target: number): Connections {
    const { table, endpoints } = this.kernel;
    if (source === target) return table.everything;
    const [a, b] = [this.#attachments.get(this.workloads[source]!), this.#attachments.get(this.workloads[target]!)];
    if (a !== undefined || b !== undefined) {
      return a !== undefined && b !== undefined && sharedNetwork(a, b) !== undefined ? table.everything : table.none;
    }
    // Traffic between a node and its pods passes whatever policies say (Kubernetes, Network Policies).
    if (endpoints[source]!.hostNetwork || endpoints[target]!.hostNetwork) return table.everything;
    return this.kernel.connections(source, target);
  }

  /** Compose services reach outward; inward only what is published, which is an exposure, or the host's own network. */
  #composeOutside(outward: boolean, id: string): Connections {
    const { table } = this.kernel;
    const attachment = this.#attachments.get(id)!;
    if (attachment.kind === 'host') return table.everything;
    return outward && attachment.kind !== 'none' && !attachment.internal ? table.everything : table.none;
  }

  #networkReasons(from: PeerId, target: Workload, port: number, transport: Transport): readonly Reason[] {
    const { kernel } = this;
    const source = this.#index.get(from);
    const to = this.#index.get(target.id)!;
    if (source === to) return [reasonOf(true, 'a pod always reaches itself')];
    const [a, b] = [this.#attachments.get(from), this.#attachments.get(target.id)];
    if (b !== undefined || (a !== undefined && source !== undefined)) return composeReasons(from, target.id, a, b);
    const host =
      source !== undefined && kernel.endpoints[source]!.hostNetwork ? source : kernel.endpoints[to]!.hostNetwork ? to : undefined;
    if (host !== undefined) {
      const workload = this.system.workloads[host]!;
      const text =
        host === to
          ? `${workload.id} uses the host network: no NetworkPolicy holds it`
          : `${workload.id} uses the host network: a node always reaches the pods on it`;
      return [reasonOf(true, text, workload.resource)];
    }
    const peers = source === undefined ? this.#atomsOf(from) : [source];
    if (peers.length === 0) return [reasonOf(false, `\`${from}\` is no workload, range or \`internet\``)];
    const open = peers.find((peer) => hasPort(kernel.connections(peer, to), transport, port));
    const peer = open ?? peers[0]!;
    const out = source === undefined ? [] : kernel.trace('egress', source, to, transport, port);
    return [
      ...stepReasons(out, 'egress', from, target.id, transport, port),
      ...stepReasons(kernel.trace('ingress', to, peer, transport, port), 'ingress', target.id, from, transport, port),
    ];
  }

  /** Intervals of addresses that a range, or the internet, has a part in. */
  #atomsOf(peer: PeerId): readonly number[] {
    let found = this.#atoms.get(peer);
    if (!found) {
      const ranges = this.#addresses(peer);
      const { atoms, endpoints } = this.kernel;
      found = atoms.flatMap((atom, i) => (overlaps(ranges, [atom]) ? [endpoints.length + i] : []));
      this.#atoms.set(peer, found);
    }
    return found;
  }

  #addresses(peer: PeerId): readonly Interval[] {
    const index = this.#index.get(peer);
    if (index !== undefined) return this.kernel.endpoints[index]!.addresses;
    if (peer === INTERNET) return PUBLIC;
    const interval = intervalOf(peer);
    return interval ? [interval] : [];
  }

  #workload(id: string): Workload | undefined {
    const index = this.#index.get(id);
    return index === undefined ? undefined : this.system.workloads[index];
  }
}

function composeReasons(from: string, to: string, a: Attachment | undefined, b: Attachment | undefined): readonly Reason[] {
  if (a && b) {
    const shared = sharedNetwork(a, b);
    return [
      shared === undefined
        ? reasonOf(false, `${from} and ${to} share no network`)
        : reasonOf(true, `${from} and ${to} share the network \`${shared}\``),
    ];
  }
  if (b?.kind === 'host') return [reasonOf(true, `${to} uses the host's network`)];
  return [reasonOf(false, `${to} is in networks of Compose that ${from} is not in`)];
}

function allowsWide({ action, peers }: PolicyRule): boolean {
  return action === 'allow' && peers !== 'any' && peers.some((peer) => peer.kind === 'block' && isWidePrivate(peer.ranges));
}
