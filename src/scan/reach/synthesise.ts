// The smallest NetworkPolicies and AuthorizationPolicies that leave exactly the wanted flows: default deny, one policy a workload, DNS.
import type { System, Workload } from '#model/system.ts';
import { intervalOf } from './address.ts';

import { INTERNET } from './face.ts';
import type { Transport } from './face.ts';
import type { WantedFlow } from './flows.ts';
import type { Membership } from './membership.ts';
import { Memberships } from './membership.ts';
import { podSelectorOf } from './pod-selector.ts';
import { isHostNetwork } from './endpoints.ts';
import { isCompose } from './compose.ts';
import { isNetworkPolicy } from './policies.ts';
import { resourceName } from './reasons.ts';
import { edgePeer, edgeProxies } from './edge-peer.ts';
import { synthesiseAuthorization } from './synthesise-authorization.ts';

export interface Synthesis {
  /** Whole resources, plain data, in the order to apply them. */
  readonly networkPolicies: readonly unknown[];
  readonly authorizationPolicies: readonly unknown[];
  /** What could not be narrowed, in words. */
  readonly notes: readonly string[];
}

type RawPeer = Readonly<Record<string, unknown>>;

interface Side {
  /** Peers by their text, each with its ports. */
  readonly peers: Map<
    string,
    { readonly peer: RawPeer; readonly ports: Map<string, { readonly transport: Transport; readonly port: number }> }
  >;
}

const DEFAULT_DENY = 'default-deny';
const ALLOW_DNS = 'allow-dns';
/** Every IPv4 and IPv6 address. */
const EVERYWHERE: readonly string[] = ['0.0.0.0/0', '::/0'];

/** The NetworkPolicies of `synthesise` alone. */
export function synthesiseNetwork(system: System, flows: readonly WantedFlow[]): readonly unknown[] {
  return networkOf(system, flows, new Memberships(system), []);
}

/**
 * Makes policies from flows, declared (declaredFlows) or observed. Namespaces of all workloads that a flow names are closed by default.
 * @param flows ends that are neither a workload, `internet` nor a range are told in `notes` and left out
 * @example synthesise(system, declaredFlows(reachOf(system))).networkPolicies
 */
export function synthesise(system: System, flows: readonly WantedFlow[]): Synthesis {
  const notes: string[] = [];
  const memberships = new Memberships(system);
  const networkPolicies = networkOf(system, flows, memberships, notes);
  const ids = new Set(system.workloads.map(({ id }) => id));
  const inward = flows.filter(({ to }) => ids.has(to));
  return {
    networkPolicies,
    authorizationPolicies: synthesiseAuthorization(system, memberships, inward, notes),
    notes: [...new Set(notes)],
  };
}

function networkOf(system: System, flows: readonly WantedFlow[], memberships: Memberships, notes: string[]): readonly unknown[] {
  const byId = new Map(system.workloads.map((workload) => [workload.id, workload]));
  const sides = new Map<string, { readonly ingress: Side; readonly egress: Side }>();
  const sidesOf = (workload: Workload): { readonly ingress: Side; readonly egress: Side } => {
    const present = sides.get(workload.id) ?? { ingress: { peers: new Map() }, egress: { peers: new Map() } };
    sides.set(workload.id, present);
    return present;
  };
  for (const flow of flows) {
    const [from, to] = [byId.get(flow.from), byId.get(flow.to)];
    const transport = flow.transport ?? 'TCP';
    const problem = problemOf(flow, from, to);
    if (problem !== undefined) {
      notes.push(problem);
      continue;
    }
    if (to && isPod(to)) {
      const peers = from ? [workloadPeer(system, from, to.namespace, notes)] : edgePeer(system, flow, to.namespace, notes);
      for (const peer of peers) add(sidesOf(to).ingress, peer, transport, flow.port);
    }
    for (const proxy of to ? edgeProxies(system, flow) : []) {
      if (isPod(proxy)) add(sidesOf(proxy).egress, workloadPeer(system, to!, proxy.namespace, notes), transport, flow.port);
    }
    if (from && isPod(from)) {
      const peers = to ? [workloadPeer(system, to, from.namespace, notes)] : rangesOf(flow.to).map(block);
      for (const peer of peers) add(sidesOf(from).egress, peer, transport, flow.port);
    }
  }
  const standing = system.resources.find((resource) => isNetworkPolicy(resource));
  if (standing)
    notes.push(
      `policies that stand already, such as ${resourceName(standing)}, stay in force: rules add up, so what they allow stays open`,
    );
  const named = new Set([...sides.keys()].map((id) => byId.get(id)!.namespace));
  return [...named].sort().flatMap((namespace) => {
    const own = system.workloads.filter((workload) => workload.namespace === namespace && sides.has(workload.id));
    return [
      defaultDeny(namespace),
      allowDns(namespace),
      ...own.map((workload) => policyFor(system, workload, sides.get(workload.id)!, memberships.of(workload), notes)),
    ];
  });
}

function problemOf(flow: WantedFlow, from: Workload | undefined, to: Workload | undefined): string | undefined {
  if (!from && flow.from !== INTERNET && !intervalOf(flow.from)) return `left out: \`${flow.from}\` is no workload and no range`;
  if (!to && flow.to !== INTERNET && !intervalOf(flow.to)) return `left out: \`${flow.to}\` is no workload and no range`;
  if (!from && !to) return `left out: neither \`${flow.from}\` nor \`${flow.to}\` is a workload`;
  if (!Number.isInteger(flow.port) || flow.port < 1 || flow.port > 65_535) return `left out: ${flow.port} is no port`;
  return undefined;
}

/** What NetworkPolicy can hold. */
function isPod(workload: Workload): boolean {
  return !isCompose(workload) && !isHostNetwork(workload);
}

function rangesOf(peer: string): readonly string[] {
  return peer === INTERNET ? EVERYWHERE : [peer.includes('/') ? peer : `${peer}/${peer.includes(':') ? 128 : 32}`];
}

function block(cidr: string): RawPeer {
  return { ipBlock: { cidr } };
}

/** Selectors never find pods of the host network: their node's address is all there is. */
function workloadPeer(system: System, workload: Workload, home: string, notes: string[]): RawPeer {
  if (isHostNetwork(workload)) {
    notes.push(`${workload.id} uses the host network: no policy can name it, and none holds it`);
  }
  const podSelector = { matchLabels: podSelectorOf(system, workload, notes) };
  if (workload.namespace === home) return { podSelector };
  return { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': workload.namespace } }, podSelector };
}

function add(side: Side, peer: RawPeer, transport: Transport, port: number): void {
  const key = JSON.stringify(peer);
  const present = side.peers.get(key) ?? { peer, ports: new Map() };
  present.ports.set(`${transport} ${port}`, { transport, port });
  side.peers.set(key, present);
}

/** Peers with the same ports share a rule. */
function rulesOf({ peers }: Side, direction: 'from' | 'to'): readonly unknown[] {
  const groups = new Map<string, { ports: readonly unknown[]; peers: RawPeer[] }>();
  for (const { peer, ports } of peers.values()) {
    const sorted = [...ports.values()].sort((a, b) => a.port - b.port || (a.transport < b.transport ? -1 : 1));
    const written = sorted.map(({ transport, port }) => ({ protocol: transport, port }));
    const key = JSON.stringify(written);
    const group = groups.get(key) ?? { ports: written, peers: [] };
    group.peers.push(peer);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ ports, peers: own }) => ({ [direction]: own, ports }));
}

function networkPolicy(name: string, namespace: string, spec: Readonly<Record<string, unknown>>): unknown {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, namespace }, spec };
}

/** Nothing in, nothing out, for every pod of a namespace. */
export function defaultDeny(namespace: string): unknown {
  return networkPolicy(DEFAULT_DENY, namespace, { podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
}

/** Without names nothing is found: every pod may ask the cluster's DNS. */
export function allowDns(namespace: string): unknown {
  return networkPolicy(ALLOW_DNS, namespace, {
    podSelector: {},
    policyTypes: ['Egress'],
    egress: [
      {
        to: [
          {
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
            podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
          },
        ],
        ports: [
          { protocol: 'UDP', port: 53 },
          { protocol: 'TCP', port: 53 },
        ],
      },
    ],
  });
}

function policyFor(
  system: System,
  workload: Workload,
  { ingress, egress }: { readonly ingress: Side; readonly egress: Side },
  membership: Membership,
  notes: string[],
): unknown {
  const out = [...rulesOf(egress, 'to')];
  // A sidecar gets its certificate and configuration from istiod (Istio, ports used).
  if (membership.kind === 'sidecar' && system.runs.length === 0 && !membership.assumed) {
    const istiod = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': system.mesh.rootNamespace } } };
    out.push({ to: [istiod], ports: [{ protocol: 'TCP', port: 15_012 }] });
  }
  return networkPolicy(policyName(workload), workload.namespace, {
    podSelector: { matchLabels: podSelectorOf(system, workload, notes) },
    policyTypes: ['Ingress', 'Egress'],
    ...(ingress.peers.size > 0 && { ingress: rulesOf(ingress, 'from') }),
    ...(out.length > 0 && { egress: out }),
  });
}

/** The workload's own name, or with its kind where another workload has it; never one of the two above. */
function policyName(workload: Workload): string {
  const name = workload.id.slice(workload.id.indexOf('/') + 1);
  return name === DEFAULT_DENY || name === ALLOW_DNS ? `${name}-pods` : name;
}
