// AdminNetworkPolicy, BaselineAdminNetworkPolicy (policy.networking.k8s.io/v1alpha1) and ClusterNetworkPolicy (v1alpha2, v1beta1) to
// the common form.
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import { intervalsOf } from './address.ts';
import type { Transport } from './face.ts';
import { transportOf } from './network-policy.ts';
import type { Peer, Policy, PolicyRule, PortSpec } from './policy.ts';
import { listAt, memberOf, numberAt, textAt, textsAt } from '#base/raw.ts';
import { EVERYTHING, readSelector } from './selector.ts';

/** Reads one policy of the administrators of the cluster. */
export function readAdminPolicy(resource: Resource): Policy {
  const { kind, spec } = resource;
  const baseline =
    kind === 'BaselineAdminNetworkPolicy' || (kind === 'ClusterNetworkPolicy' && textAt(spec, 'tier') === 'Baseline');
  const rules = (side: 'ingress' | 'egress'): readonly PolicyRule[] | undefined => {
    const raw = listAt(spec, side);
    return raw.length === 0
      ? undefined
      : raw.map((rule, i) => readRule(rule, side === 'ingress' ? 'from' : 'to', ['spec', side, i]));
  };
  return {
    resource,
    tier: baseline ? 'baseline' : 'admin',
    priority: numberAt(spec, 'priority') ?? 0,
    subject: readNamespacedPods(memberOf(spec, 'subject')) ?? {
      namespaces: { requirements: NOTHING, key: 'none' },
      pods: EVERYTHING,
    },
    ingress: rules('ingress'),
    egress: rules('egress'),
  };
}

const NOTHING = [{ key: '', operator: 'In', values: [] }] as const;

const ACTIONS: Readonly<Record<string, PolicyRule['action']>> = { Allow: 'allow', Accept: 'allow', Deny: 'deny', Pass: 'pass' };

function readRule(raw: unknown, side: 'from' | 'to', path: Path): PolicyRule {
  const peers = listAt(raw, side).flatMap((peer) => readPeer(peer) ?? []);
  const ports = memberOf(raw, 'ports') ?? undefined;
  const protocols = memberOf(raw, 'protocols') ?? undefined;
  const action = ACTIONS[textAt(raw, 'action') ?? ''] ?? 'deny';
  const read = [
    ...listAt(raw, 'ports').flatMap((port) => readPort(port) ?? []),
    ...listAt(raw, 'protocols').flatMap((port) => readProtocol(port) ?? []),
  ];
  return { action, peers, ports: ports === undefined && protocols === undefined ? 'any' : read, path };
}

function readNamespacedPods(raw: unknown): Policy['subject'] | undefined {
  const namespaces = memberOf(raw, 'namespaces') ?? undefined;
  if (namespaces !== undefined) return { namespaces: readSelector(namespaces), pods: EVERYTHING };
  const pods = memberOf(raw, 'pods') ?? undefined;
  if (pods === undefined) return undefined;
  return { namespaces: readSelector(memberOf(pods, 'namespaceSelector')), pods: readSelector(memberOf(pods, 'podSelector')) };
}

function readPeer(raw: unknown): Peer | undefined {
  const pods = readNamespacedPods(raw);
  if (pods) return { kind: 'pods', ...pods };
  const networks = textsAt(raw, 'networks');
  if (networks.length > 0) return { kind: 'block', ranges: intervalsOf(networks), text: networks.join(', ') };
  const nodes = memberOf(raw, 'nodes') ?? undefined;
  if (nodes !== undefined) return { kind: 'nodes', nodes: readSelector(nodes) };
  const names = textsAt(raw, 'domainNames');
  return names.length > 0 ? { kind: 'names', names } : undefined;
}

/** v1alpha1: `portNumber`, `portRange`, `namedPort`. */
function readPort(raw: unknown): PortSpec | undefined {
  const name = textAt(raw, 'namedPort');
  if (name !== undefined) return { name };
  const number = memberOf(raw, 'portNumber');
  const port = numberAt(number, 'port');
  if (port !== undefined) return { transport: transportOf(textAt(number, 'protocol')), first: port, last: port };
  const range = memberOf(raw, 'portRange');
  const [first, last] = [numberAt(range, 'start'), numberAt(range, 'end')];
  if (first === undefined || last === undefined) return undefined;
  return { transport: transportOf(textAt(range, 'protocol')), first, last };
}

const PROTOCOLS: readonly (readonly [string, Transport])[] = [
  ['tcp', 'TCP'],
  ['udp', 'UDP'],
  ['sctp', 'SCTP'],
];

/** v1alpha2 and later: `tcp.destinationPort.number`, `.range`, `destinationNamedPort`. */
function readProtocol(raw: unknown): PortSpec | undefined {
  const name = textAt(raw, 'destinationNamedPort');
  if (name !== undefined) return { name };
  for (const [member, transport] of PROTOCOLS) {
    const protocol = memberOf(raw, member) ?? undefined;
    if (protocol === undefined) continue;
    const port = memberOf(protocol, 'destinationPort') ?? undefined;
    if (port === undefined) return { transport, first: 1, last: 65_535 };
    const number = numberAt(port, 'number');
    if (number !== undefined) return { transport, first: number, last: number };
    const range = memberOf(port, 'range');
    const [first, last] = [numberAt(range, 'start'), numberAt(range, 'end')];
    return first === undefined || last === undefined ? undefined : { transport, first, last };
  }
  return undefined;
}
