import type { Service, System, Workload } from '#model/system.ts';
import { labelsMatch } from '#model/resource.ts';
import { targetPort } from '#plan/services.ts';
import type { Policy, PolicyRule } from '../../reach/policy.ts';
import { listAt } from '#base/raw.ts';
import { declaredPorts } from '../../reach/reach.ts';
import { resourceName } from '../../reach/reasons.ts';
import { selects } from '../../reach/selector.ts';
import type { Hit, SystemRule } from '../../rule.ts';
import { editOf, factsOf, NETWORK_POLICIES } from './facts.ts';
import type { NetworkFacts } from './facts.ts';
import { SEGMENTATION } from './info.ts';

export const servicePort = {
  id: 'network.service-port',
  name: 'Policy with the port of the Service',
  severity: 'low',
  cwe: [684],
  why: 'Policies see packets at the pod, after the Service has put the port of the pod in. A rule with the Service port lets nobody through, and what usually follows is a rule without ports.',
  help: 'write the port that the container listens on, or its name',
  references: [NETWORK_POLICIES],
  tags: SEGMENTATION,
  *check(context): Iterable<Hit> {
    const facts = factsOf(context);
    for (const { policy, subjects } of facts.policies) {
      for (const rule of policy.ingress ?? []) yield* judge(facts.system, policy, rule, subjects);
      for (const rule of policy.egress ?? []) yield* judge(facts.system, policy, rule, peersOf(facts, policy, rule));
    }
  },
} satisfies SystemRule;

function* judge(system: System, policy: Policy, rule: PolicyRule, targets: readonly Workload[]): Iterable<Hit> {
  if (rule.ports === 'any' || targets.length === 0) return;
  for (const [i, port] of rule.ports.entries()) {
    if (!('first' in port) || port.first !== port.last || port.transport !== 'TCP') continue;
    const listening = targets.some((target) => declaredPorts(system, target).some((each) => each.port === port.first));
    if (listening) continue;
    const found = targets.flatMap((target) => serviceWith(system, target, port.first) ?? [])[0];
    if (!found) continue;
    const { resource } = policy;
    const path = [...rule.path, 'ports', i, 'port'];
    yield {
      title: `${resourceName(resource)} names port ${port.first} of Service \`${found.service.id}\`; its pods listen on ${found.target}`,
      at: { resource, path },
      fix: { text: `write ${found.target}`, yaml: `port: ${found.target}`, edits: editOf(resource, path, found.target) },
    };
  }
}

/** The Service of a workload with this port, when it leads to another port of the pods. */
function serviceWith(
  system: System,
  target: Workload,
  port: number,
): { readonly service: Service; readonly target: number } | undefined {
  for (const service of system.services) {
    if (service.namespace !== target.namespace || !service.selector || !labelsMatch(service.selector, target.labels)) continue;
    const found = service.ports.find((each) => each.port === port);
    const at = found && targetPort(target, found);
    if (at !== undefined && at !== port && listAt(service.resource.spec, 'ports').length > 0) return { service, target: at };
  }
  return undefined;
}

function peersOf({ pods, system }: NetworkFacts, policy: Policy, { peers }: PolicyRule): readonly Workload[] {
  if (peers === 'any') return [];
  const labels = new Map(system.namespaces.map((namespace) => [namespace.name, namespace.labels]));
  return pods.filter((pod) =>
    peers.some(
      (peer) =>
        peer.kind === 'pods' &&
        selects(peer.pods, pod.labels) &&
        (peer.namespaces === 'own'
          ? pod.namespace === policy.resource.metadata.namespace
          : selects(peer.namespaces, labels.get(pod.namespace) ?? {})),
    ),
  );
}
