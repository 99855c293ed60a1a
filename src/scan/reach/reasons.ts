// Why the network lets something through, in words.
import { originOf } from '#model/origin.ts';
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import { formatRanges } from './connections.ts';
import type { PortRange, Reason, Transport } from './face.ts';
import type { Step } from './kernel.ts';
import type { CompiledRule } from './matching.ts';
import type { Direction, Peer, PolicyRule } from './policy.ts';
import { formatSelector } from './selector.ts';
import type { Selector } from './selector.ts';

/** `NetworkPolicy shop/cart`; kinds of the cluster have no namespace. */
export function resourceName({ kind, metadata }: Resource): string {
  return metadata.namespace === '' ? `${kind} ${metadata.name}` : `${kind} ${metadata.namespace}/${metadata.name}`;
}

export function reasonOf(allows: boolean, text: string, resource?: Resource, path?: Path): Reason {
  const location = resource && (originOf(resource, path ?? []) ?? originOf(resource));
  return { allows, text, ...(resource && { resource }), ...(location && { location }) };
}

/** The steps of one side (Kernel.trace) about one port. @param subject the workload whose policies these are */
export function stepReasons(
  steps: readonly Step[],
  direction: Direction,
  subject: string,
  peer: string,
  transport: Transport,
  port: number,
): readonly Reason[] {
  const side = direction === 'ingress' ? 'from' : 'to';
  return steps.map((step) => {
    switch (step.step) {
      case 'rule':
        return ruleReason(step.rule, direction);
      case 'isolated': {
        const names = step.by.map(({ resource }) => resourceName(resource));
        const shown = names.slice(0, 3).join(', ') + (names.length > 3 ? ` and ${names.length - 3} more` : '');
        return reasonOf(false, `no rule of ${shown} allows ${transport} ${port} ${side} ${peer}`, step.by[0]?.resource, [
          'spec',
          direction,
        ]);
      }
      case 'default':
        return reasonOf(true, `no policy speaks of ${direction} of ${subject} here: Kubernetes allows`);
      default:
        return step satisfies never;
    }
  });
}

const DOES = { allow: 'allows', deny: 'denies', pass: 'passes on' } as const;

function ruleReason({ policy, rule }: CompiledRule, direction: Direction): Reason {
  const side = direction === 'ingress' ? 'from' : 'to';
  const text = `${resourceName(policy.resource)} ${DOES[rule.action]} ${portsText(rule)} ${side} ${peersText(rule)}`;
  return reasonOf(rule.action !== 'deny', text, policy.resource, rule.path);
}

/** `TCP 80,443`, `port http`, `all ports`. */
export function portsText({ ports }: PolicyRule): string {
  if (ports === 'any') return 'all ports';
  const fixed: PortRange[] = ports.flatMap((port) => ('first' in port ? [port] : []));
  const named = ports.flatMap((port) => ('name' in port ? [`${port.transport ?? ''} port \`${port.name}\``.trim()] : []));
  return [...(fixed.length > 0 ? [formatRanges(fixed)] : []), ...named].join(', ') || 'no port';
}

export function peersText({ peers }: PolicyRule, max = 3): string {
  if (peers === 'any') return 'everyone';
  if (peers.length === 0) return 'nobody';
  const shown = peers.slice(0, max).map(peerText);
  return peers.length > max ? `${shown.join('; ')} and ${peers.length - max} more` : shown.join('; ');
}

function peerText(peer: Peer): string {
  switch (peer.kind) {
    case 'pods': {
      const pods = peer.pods.requirements.length === 0 ? 'all pods' : `pods with ${formatSelector(peer.pods)}`;
      return peer.namespaces === 'own' ? pods : `${pods} of ${namespacesText(peer.namespaces)}`;
    }
    case 'block':
      return peer.text;
    case 'nodes':
      return peer.nodes.requirements.length === 0 ? 'all nodes' : `nodes with ${formatSelector(peer.nodes)}`;
    case 'names':
      return peer.names.join(', ');
    default:
      return peer satisfies never;
  }
}

function namespacesText(selector: Selector): string {
  const [only, ...more] = selector.requirements;
  if (!only) return 'all namespaces';
  const byName =
    more.length === 0 && only.key === 'kubernetes.io/metadata.name' && only.operator === 'In' && only.values.length === 1;
  return byName ? `namespace ${only.values[0]}` : `namespaces with ${formatSelector(selector)}`;
}
