// Which peers of the System each policy speaks of: selectors over endpoints, blocks over addresses. Equal peers are matched once.
import type { ContainerPort } from '#model/system.ts';
import { covers, merge, overlaps, partition, PRIVATE } from './address.ts';
import type { Interval } from './address.ts';
import { ConnectionTable } from './connections.ts';
import type { Connections } from './connections.ts';
import type { Transport } from './face.ts';
import type { Peer, Policy, PolicyRule } from './policy.ts';
import { labelsOf, selects } from './selector.ts';
import type { Selector } from './selector.ts';

/** What policies see of a workload's pods. */
export interface Endpoint {
  readonly id: string;
  readonly namespace: string;
  readonly namespaceLabels: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: readonly ContainerPort[];
  /** Its packets carry the node's address: no selector finds it, no policy holds it. */
  readonly hostNetwork: boolean;
  /** Where its pods' addresses lie, merged; a block speaks of the pod when it covers all of this. Empty: no block does. */
  readonly addresses: readonly Interval[];
  /** Nothing states them: any private address is possible. */
  readonly guessed?: boolean;
}

/** A rule with what it matches: by index, endpoints first, then the intervals of addresses. */
export interface CompiledRule {
  readonly policy: Policy;
  readonly rule: PolicyRule;
  /** Undefined: everyone. */
  readonly matches: Uint8Array | undefined;
  readonly ports: Ports;
}

/** Ports that are written as numbers, and names that the destination answers for. */
export interface Ports {
  readonly fixed: Connections;
  readonly named: readonly { readonly name: string; readonly transport?: Transport }[];
}

/** As many endpoints are looked through one by one. */
const FEW = 16;

export class Matcher {
  readonly endpoints: readonly Endpoint[];
  /** Cut so that no policy tells two addresses of one interval apart. */
  readonly atoms: readonly Interval[];
  readonly table = new ConnectionTable();
  readonly #byNamespace: ReadonlyMap<string, readonly number[]>;
  readonly #namespaceLabels: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly #peers = new Map<string, Uint8Array>();
  /** By namespace, then by `key` and `value`: endpoints, made for the namespaces that are asked for. */
  readonly #byLabel = new Map<string, ReadonlyMap<string, readonly number[]>>();

  readonly #cautious: boolean;

  /** @param cautious whether a wide block that allows may speak of pods whose address nothing states */
  constructor(endpoints: readonly Endpoint[], policies: readonly Policy[], cautious = false) {
    this.#cautious = cautious;
    this.endpoints = endpoints;
    this.atoms = partition(blocksOf(policies));
    const byNamespace = new Map<string, number[]>();
    const labels = new Map<string, Readonly<Record<string, string>>>();
    endpoints.forEach(({ namespace, namespaceLabels }, i) => {
      const present = byNamespace.get(namespace);
      if (present) present.push(i);
      else byNamespace.set(namespace, [i]);
      labels.set(namespace, namespaceLabels);
    });
    this.#byNamespace = byNamespace;
    this.#namespaceLabels = labels;
  }

  /** Number of endpoints and intervals. */
  get size(): number {
    return this.endpoints.length + this.atoms.length;
  }

  /** Indexes of the endpoints that a policy holds. Host-network pods are held by none. */
  subjects({ subject, resource }: Policy): readonly number[] {
    const found: number[] = [];
    this.#eachPod(subject.namespaces, subject.pods, resource.metadata.namespace, (i) => found.push(i));
    return found;
  }

  compile(policy: Policy, rule: PolicyRule): CompiledRule {
    return { policy, rule, matches: this.#matches(policy, rule), ports: this.#ports(rule) };
  }

  #matches(policy: Policy, { peers, action }: PolicyRule): Uint8Array | undefined {
    if (peers === 'any') return undefined;
    // Blocks of one rule are one set of addresses, however many are written.
    const blocks = peers.filter((peer) => peer.kind === 'block');
    const others = peers.filter((peer) => peer.kind !== 'block');
    const home = policy.resource.metadata.namespace;
    const parts = [
      ...others.map((peer) => this.#cached(keyOf(peer, home, action), (into) => this.#fill(into, peer, home, action))),
      ...(blocks.length === 0 ? [] : [this.#blocks(blocks, this.#cautious && action === 'allow')]),
    ];
    const [only, ...more] = parts;
    if (only && more.length === 0) return only;
    const all = new Uint8Array(this.size);
    for (const part of parts) for (let i = 0; i < all.length; i++) all[i]! |= part[i]!;
    return all;
  }

  #cached(key: string, fill: (into: Uint8Array) => void): Uint8Array {
    let found = this.#peers.get(key);
    if (found === undefined) {
      found = new Uint8Array(this.size);
      fill(found);
      this.#peers.set(key, found);
    }
    return found;
  }

  #blocks(blocks: readonly Extract<Peer, { readonly kind: 'block' }>[], cautious: boolean): Uint8Array {
    return this.#cached(`block ${cautious} ${blocks.map(({ text }) => text).join(' ')}`, (into) => {
      const ranges = merge(blocks.flatMap((block) => block.ranges));
      const known = new Map<readonly Interval[], boolean>();
      const wide = cautious && isWidePrivate(ranges);
      this.endpoints.forEach(({ addresses, guessed }, i) => {
        let covered = known.get(addresses);
        if (covered === undefined) {
          covered = addresses.length > 0 && coversOneFamily(ranges, addresses);
          known.set(addresses, covered);
        }
        if (covered || (wide && guessed)) into[i] = 1;
      });
      // Both are sorted, and an interval is in a range as a whole or not at all.
      let at = 0;
      this.atoms.forEach((atom, i) => {
        while (at < ranges.length && ranges[at]!.last < atom.first) at++;
        if (at < ranges.length && ranges[at]!.first <= atom.first) into[this.endpoints.length + i] = 1;
      });
    });
  }

  #fill(into: Uint8Array, peer: Exclude<Peer, { readonly kind: 'block' }>, home: string, action: PolicyRule['action']): void {
    switch (peer.kind) {
      case 'pods':
        this.#eachPod(peer.namespaces, peer.pods, home, (i) => (into[i] = 1));
        break;
      // Addresses of nodes and names are not in the System. To allow them reaches the pods on the nodes' own network; to deny or pass
      // them takes nothing away that is certain.
      case 'nodes':
        if (action === 'allow') {
          this.endpoints.forEach(({ hostNetwork }, i) => {
            if (hostNetwork) into[i] = 1;
          });
        }
        break;
      case 'names':
        break;
      default:
        peer satisfies never;
    }
  }

  #eachPod(namespaces: Selector | 'own', pods: Selector, home: string, take: (index: number) => void): void {
    for (const [namespace, indexes] of this.#byNamespace) {
      if (namespaces === 'own' ? namespace !== home : !selects(namespaces, this.#namespaceLabels.get(namespace)!)) continue;
      for (const i of this.#near(namespace, indexes, pods)) {
        const { labels, hostNetwork } = this.endpoints[i]!;
        if (!hostNetwork && selects(pods, labels)) take(i);
      }
    }
  }

  /** Those of a namespace that carry one label of a selector; all of them where it names none. */
  #near(namespace: string, all: readonly number[], pods: Selector): readonly number[] {
    const [label] = Object.entries(labelsOf(pods));
    if (!label || all.length <= FEW) return all;
    let index = this.#byLabel.get(namespace);
    if (!index) {
      const made = new Map<string, number[]>();
      for (const i of all)
        for (const [key, value] of Object.entries(this.endpoints[i]!.labels)) {
          const present = made.get(`${key}\n${value}`);
          if (present) present.push(i);
          else made.set(`${key}\n${value}`, [i]);
        }
      this.#byLabel.set(namespace, (index = made));
    }
    return index.get(label.join('\n')) ?? [];
  }

  #ports({ ports }: PolicyRule): Ports {
    if (ports === 'any') return { fixed: this.table.everything, named: [] };
    return {
      fixed: this.table.of(ports.flatMap((port) => ('first' in port ? [port] : []))),
      named: ports.flatMap((port) => ('name' in port ? [port] : [])),
    };
  }
}

function keyOf(peer: Exclude<Peer, { readonly kind: 'block' }>, home: string, action: PolicyRule['action']): string {
  switch (peer.kind) {
    case 'pods':
      return `pods ${peer.namespaces === 'own' ? `own ${home}` : `in ${peer.namespaces.key}`} ${peer.pods.key}`;
    case 'nodes':
      return `nodes ${action === 'allow'}`;
    case 'names':
      return 'names';
    default:
      return peer satisfies never;
  }
}

function blocksOf(policies: readonly Policy[]): readonly Interval[] {
  return policies.flatMap(({ ingress, egress }) =>
    [...(ingress ?? []), ...(egress ?? [])].flatMap(({ peers }) =>
      peers === 'any' ? [] : peers.flatMap((peer) => (peer.kind === 'block' ? peer.ranges : [])),
    ),
  );
}

/** As many private addresses as a cluster gives to its pods (a `/16`), so that theirs may well be among them. */
const WIDE = 1n << 16n;

export function isWidePrivate(ranges: readonly Interval[]): boolean {
  let inside = 0n;
  for (const range of ranges)
    for (const net of PRIVATE) {
      const [first, last] = [range.first > net.first ? range.first : net.first, range.last < net.last ? range.last : net.last];
      if (first <= last) inside += last - first + 1n;
    }
  return inside >= WIDE;
}

/** A pod that may have addresses of both families is spoken of by a block that covers those of one. */
function coversOneFamily(ranges: readonly Interval[], addresses: readonly Interval[]): boolean {
  const same = addresses.filter((address) => overlaps(ranges, [address]));
  if (same.length === 0) return false;
  const v4 = addresses.filter(({ last }) => last < 1n << 32n);
  const v6 = addresses.filter(({ first }) => first >= 1n << 32n);
  return (v4.length > 0 && covers(ranges, v4)) || (v6.length > 0 && covers(ranges, v6));
}
