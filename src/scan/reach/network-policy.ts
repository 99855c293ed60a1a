// NetworkPolicy (networking.k8s.io/v1) to the common form.
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import { intervalOf, intervalsOf, subtract } from './address.ts';
import type { Transport } from './face.ts';
import type { Direction, Peer, Policy, PolicyRule, PortSpec } from './policy.ts';
import { listAt, memberOf, numberAt, textAt, textsAt } from '#base/raw.ts';
import { EVERYTHING, readSelector } from './selector.ts';

/**
 * Reads one NetworkPolicy. `policyTypes` absent or empty: Ingress, and Egress when there are egress rules (the API's defaulting).
 * A missing or empty `from`, `to` or `ports` means any.
 */
export function readNetworkPolicy(resource: Resource): Policy {
  const { spec } = resource;
  const written = textsAt(spec, 'policyTypes');
  const isolates = (direction: Direction): boolean => {
    if (written.length > 0) return written.includes(direction === 'ingress' ? 'Ingress' : 'Egress');
    return direction === 'ingress' || listAt(spec, 'egress').length > 0;
  };
  return {
    resource,
    tier: 'namespace',
    priority: 0,
    subject: { namespaces: 'own', pods: readSelector(memberOf(spec, 'podSelector')) },
    ingress: isolates('ingress')
      ? listAt(spec, 'ingress').map((rule, i) => readRule(rule, 'from', ['spec', 'ingress', i]))
      : undefined,
    egress: isolates('egress') ? listAt(spec, 'egress').map((rule, i) => readRule(rule, 'to', ['spec', 'egress', i])) : undefined,
  };
}

function readRule(raw: unknown, side: 'from' | 'to', path: Path): PolicyRule {
  const peers = listAt(raw, side);
  const ports = listAt(raw, 'ports');
  return {
    action: 'allow',
    peers: peers.length === 0 ? 'any' : peers.flatMap((peer) => readPeer(peer) ?? []),
    ports: ports.length === 0 ? 'any' : ports.map(readPort),
    path,
  };
}

function readPeer(raw: unknown): Peer | undefined {
  const block = memberOf(raw, 'ipBlock');
  if (block !== undefined && block !== null) return readBlock(textAt(block, 'cidr') ?? '', textsAt(block, 'except'));
  const pods = memberOf(raw, 'podSelector') ?? undefined;
  const namespaces = memberOf(raw, 'namespaceSelector') ?? undefined;
  if (pods === undefined && namespaces === undefined) return undefined;
  return {
    kind: 'pods',
    namespaces: namespaces === undefined ? 'own' : readSelector(namespaces),
    pods: pods === undefined ? EVERYTHING : readSelector(pods),
  };
}

function readBlock(cidr: string, except: readonly string[]): Peer {
  const whole = intervalOf(cidr);
  return {
    kind: 'block',
    ranges: whole ? subtract([whole], intervalsOf(except)) : [],
    text: except.length > 0 ? `${cidr} except ${except.join(', ')}` : cidr,
  };
}

function readPort(raw: unknown): PortSpec {
  const transport = transportOf(textAt(raw, 'protocol'));
  const name = textAt(raw, 'port');
  if (name !== undefined) return { name, transport };
  const first = numberAt(raw, 'port');
  if (first === undefined) return { transport, first: 1, last: 65_535 };
  return { transport, first, last: Math.max(first, numberAt(raw, 'endPort') ?? first) };
}

/** TCP when not written. */
export function transportOf(text: string | undefined): Transport {
  return text === 'UDP' || text === 'SCTP' ? text : 'TCP';
}
