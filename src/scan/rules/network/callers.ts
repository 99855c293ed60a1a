// Who calls a workload by what environments declare, as peers of a NetworkPolicy.
import type { Workload } from '#model/system.ts';
import type { WantedFlow } from '../../reach/flows.ts';
import { podSelectorOf } from '../../reach/pod-selector.ts';
import type { NetworkFacts } from './facts.ts';

const PEERS_MAX = 20;

/** Declared calls to some workloads. */
export function callsTo(facts: NetworkFacts, targets: readonly Workload[]): readonly WantedFlow[] {
  const ids = new Set(targets.map(({ id }) => id));
  return facts.flows.filter(({ to }) => ids.has(to));
}

/** Peers for `from`, seen from the namespace of the targets. */
export function callersOf(facts: NetworkFacts, targets: readonly Workload[]): readonly unknown[] {
  const home = targets[0]?.namespace;
  const callers = new Set(callsTo(facts, targets).map(({ from }) => from));
  return facts.pods
    .filter(({ id }) => callers.has(id))
    .slice(0, PEERS_MAX)
    .map((workload) => peerOf(facts, workload, home));
}

export function peerOf(facts: NetworkFacts, workload: Workload, home: string | undefined): unknown {
  const podSelector = { matchLabels: podSelectorOf(facts.system, workload) };
  if (workload.namespace === home) return { podSelector };
  return { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': workload.namespace } }, podSelector };
}
