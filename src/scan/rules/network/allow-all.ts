import type { Workload } from '#model/system.ts';
import { portsText, resourceName } from '../../reach/reasons.ts';
import type { Policy, PolicyRule } from '../../reach/policy.ts';
import { selects } from '../../reach/selector.ts';
import type { Hit, SystemRule } from '../../rule.ts';
import { indented } from '../fix-text.ts';
import { factsOf, isFromEveryone, isFromNamespace, names, NETWORK_POLICIES } from './facts.ts';
import type { NetworkFacts } from './facts.ts';
import { SEGMENTATION } from './info.ts';
import { callersOf } from './callers.ts';

export const allowAll = {
  id: 'network.allow-all',
  name: 'NetworkPolicy that allows everyone in',
  severity: 'medium',
  cwe: [284, 923],
  why: 'A rule without `from`, or with an empty `namespaceSelector`, lets in every pod of every namespace. Since rules add up, it makes every narrower policy for the same pods meaningless.',
  help: 'name who may call in `from`',
  references: [NETWORK_POLICIES],
  tags: SEGMENTATION,
  *check(context): Iterable<Hit> {
    const facts = factsOf(context);
    for (const { policy, subjects } of facts.policies) {
      for (const rule of policy.ingress ?? []) {
        if (!isFromEveryone(rule)) {
          if (isFromNamespace(rule)) yield* wholeNamespace(facts, policy, rule, subjects);
          continue;
        }
        const open = subjects.filter((workload) => !facts.needed.has(workload.id));
        if (open.length > 0) yield hitOf(facts, policy, rule, open);
      }
    }
    yield* administrators(facts);
  },
} satisfies SystemRule;

/**
 * Every pod of the namespace let in to a store whose callers are declared and fewer. A policy for all pods that keeps a namespace to
 * itself is a design; one that is written for a store names its clients.
 */
function* wholeNamespace(facts: NetworkFacts, policy: Policy, rule: PolicyRule, subjects: readonly Workload[]): Iterable<Hit> {
  if (policy.subject.pods.requirements.length === 0) return;
  const stores = subjects.filter(({ id }) => facts.stores.has(id));
  const callers = callersOf(facts, stores);
  const home = policy.resource.metadata.namespace;
  const others = facts.pods.filter((pod) => pod.namespace === home && !subjects.includes(pod)).length;
  if (stores.length === 0 || callers.length === 0 || callers.length >= others) return;
  yield {
    title: `${resourceName(policy.resource)} lets every pod of \`${home}\` reach ${names(stores.map(({ id }) => id))}, which ${callers.length} of ${others} call`,
    severity: 'medium',
    at: { resource: policy.resource, path: rule.path },
    fix: { text: 'let in the callers that the System declares', yaml: indented({ from: callers }) },
  };
}

/** A rule of administrators decides before every NetworkPolicy: what it allows to everyone no team can take back. */
function* administrators(facts: NetworkFacts): Iterable<Hit> {
  const labels = new Map(facts.system.namespaces.map(({ name, labels: own }) => [name, own]));
  for (const policy of facts.reach.policies) {
    if (policy.tier !== 'admin') continue;
    const { namespaces, pods } = policy.subject;
    const open = facts.pods.filter(
      ({ id, namespace, labels: own }) =>
        !facts.needed.has(id) && namespaces !== 'own' && selects(namespaces, labels.get(namespace) ?? {}) && selects(pods, own),
    );
    for (const rule of policy.ingress ?? []) {
      if (rule.action !== 'allow' || rule.ports !== 'any' || !isFromEveryone(rule) || open.length === 0) continue;
      yield {
        title: `${resourceName(policy.resource)} lets every pod of the cluster reach all ports of ${names(open.map(({ id }) => id))}, whatever NetworkPolicies say`,
        severity: open.some(({ id }) => facts.stores.has(id)) ? 'high' : 'medium',
        at: { resource: policy.resource, path: rule.path },
        fix: { text: 'name the namespaces that need it, or use the action `Pass` and leave the decision to NetworkPolicies' },
      };
    }
  }
}

function hitOf(facts: NetworkFacts, policy: Policy, rule: PolicyRule, open: readonly Workload[]): Hit {
  const wide = policy.subject.pods.requirements.length === 0;
  const stores = open.filter(({ id }) => facts.stores.has(id));
  const who = rule.peers === 'any' ? 'everyone, inside the cluster and outside,' : 'every pod of every namespace';
  const callers = callersOf(facts, open);
  return {
    title: `${resourceName(policy.resource)} lets ${who} reach ${portsText(rule)} of ${wide ? `all pods of \`${policy.resource.metadata.namespace}\`` : names(open.map(({ id }) => id))}`,
    severity: stores.length > 0 ? 'high' : wide || rule.ports === 'any' ? 'medium' : 'low',
    at: { resource: policy.resource, path: rule.path },
    ...(stores.length > 0 && {
      message: `${names(stores.map(({ id }) => id))} holds data, and this rule opens it to ${who.replace(/,$/, '')}. Since rules add up, narrower policies for the same pods have no effect beside it.`,
    }),
    fix: {
      text:
        callers.length > 0
          ? 'let in the callers that the System declares'
          : 'name the callers in `from`; without callers remove the rule',
      ...(callers.length > 0 && { yaml: indented({ from: callers }) }),
    },
  };
}
