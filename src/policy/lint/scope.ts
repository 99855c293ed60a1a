// How far a policy reaches: the whole namespace by omission, or nothing at all.
import { didYouMean } from '#base/nearest.ts';
import type { AuthorizationPolicy, TargetRef } from '#model/istio.ts';
import type { Finding } from '#model/finding.ts';
import { labelsMatch } from '#model/resource.ts';
import type { LabelSelector, Resource } from '#model/resource.ts';
import { workloadsMatching } from '#plan/matching.ts';
import { toYaml } from '../yaml.ts';
import { findingAt, ISTIO_PEER, ISTIO_POLICY, ISTIO_REQUEST, listText, nameOf, selected } from './context.ts';
import type { Check, LintContext } from './context.ts';

/** A policy that speaks of one service's paths but has no selector holds on every workload of its namespace. */
export const noSelector: Check = (context) =>
  context.system.authorizationPolicies.flatMap((policy) => {
    const { selector, targetRefs, action, rules } = policy.spec;
    if (selector !== undefined || (targetRefs ?? []).length > 0 || !rules || rules.length === 0) return [];
    if (action === 'DENY' && rules.some((rule) => !rule.from && !rule.to && !rule.when)) return [];
    const workloads = selected(context, policy);
    if (workloads.length < 2) return [];
    const specific = rules.some((rule) =>
      (rule.to ?? []).some(({ operation }) => operation.paths ?? operation.hosts ?? operation.methods),
    );
    const root = policy.metadata.namespace === context.system.mesh.rootNamespace;
    const where = root ? 'the mesh' : `namespace \`${policy.metadata.namespace}\``;
    return [
      findingAt(policy, ['spec'], {
        code: 'policy.no-selector',
        severity: specific && action === 'ALLOW' ? 'medium' : 'low',
        title: `\`${nameOf(policy)}\` has no selector, so it holds on all ${workloads.length} workloads of ${where}`,
        message: `what its rules ${action === 'ALLOW' ? 'allow' : action === 'DENY' ? 'deny' : 'match'} holds on ${listText(workloads.map(({ id }) => id))}, whatever service they were written for`,
        fix: {
          text: 'select the workload it is meant for',
          yaml: toYaml({ selector: { matchLabels: suggestLabels(context, policy) } }),
        },
      }),
    ];
  });

/** The workload whose name the policy's own name resembles most, else a placeholder to fill in. */
function suggestLabels(context: LintContext, policy: AuthorizationPolicy): Readonly<Record<string, string>> {
  const likely = selected(context, policy)
    .filter(({ workload }) => policy.metadata.name.includes(workload.name) || sharesWord(policy.metadata.name, workload.name))
    .sort((a, b) => b.workload.name.length - a.workload.name.length)[0];
  const labels = likely?.labels ?? {};
  for (const key of ['app.kubernetes.io/name', 'app']) if (labels[key] !== undefined) return { [key]: labels[key] };
  return Object.keys(labels).length > 0 ? labels : { app: 'NAME' };
}

function sharesWord(policyName: string, workloadName: string): boolean {
  const words = new Set(policyName.split('-').filter((word) => word.length > 3 && word !== 'policy'));
  return workloadName.split('-').some((word) => words.has(word));
}

const REFERENCES: Readonly<Record<string, string>> = {
  AuthorizationPolicy: ISTIO_POLICY,
  RequestAuthentication: ISTIO_REQUEST,
  PeerAuthentication: ISTIO_PEER,
};

type Selecting = Resource<string, { readonly selector?: LabelSelector; readonly targetRefs?: readonly TargetRef[] }>;

/** A selector that fits no pod, or a target that does not exist: the policy guards nothing. */
export const selectsNothing: Check = (context) => {
  const { system } = context;
  const all: readonly Selecting[] = [
    ...system.authorizationPolicies,
    ...system.requestAuthentications,
    ...system.peerAuthentications,
  ];
  return all.flatMap((policy) => {
    if ((policy.spec.targetRefs ?? []).length > 0) return missingTargets(context, policy);
    const labels = policy.spec.selector?.matchLabels ?? {};
    if (Object.keys(labels).length === 0) return [];
    const root = policy.metadata.namespace === system.mesh.rootNamespace;
    if (!root && workloadsMatching(system, policy.metadata.namespace, labels).length > 0) return [];
    const reachable = [...context.workloads, ...context.gateways].filter(
      (one) => root || one.namespace === policy.metadata.namespace,
    );
    // Nothing of this namespace was given: the files do not say what runs there.
    if (reachable.length === 0 || reachable.some((one) => labelsMatch(labels, one.labels))) return [];
    const help = nearestLabel(
      labels,
      reachable.map((one) => one.labels),
    );
    return [
      findingAt(policy, ['spec', 'selector'], {
        code: 'policy.selects-nothing',
        severity: 'medium',
        title: `\`${nameOf(policy)}\` selects no workload`,
        message: `no pod ${root ? 'of the mesh' : `in namespace \`${policy.metadata.namespace}\``} carries ${listText(Object.entries(labels).map(([key, value]) => `${key}: ${value}`))}, so the ${policy.kind} guards nothing`,
        ...(help !== undefined && { fix: { text: help } }),
        references: [REFERENCES[policy.kind] ?? ISTIO_POLICY],
      }),
    ];
  });
};

function nearestLabel(
  labels: Readonly<Record<string, string>>,
  present: readonly Readonly<Record<string, string>>[],
): string | undefined {
  for (const [key, value] of Object.entries(labels)) {
    const values = present.flatMap((one) => (one[key] === undefined ? [] : [one[key]]));
    if (values.includes(value)) continue;
    if (values.length === 0) return didYouMean(key, new Set(present.flatMap((one) => Object.keys(one))));
    return didYouMean(value, new Set(values));
  }
  return undefined;
}

function missingTargets(context: LintContext, policy: Selecting): Finding[] {
  return (policy.spec.targetRefs ?? []).flatMap((ref, index) => {
    const namespace = ref.namespace ?? policy.metadata.namespace;
    const known =
      ref.kind === 'Gateway'
        ? context.gateways.filter((one) => one.namespace === namespace).map(({ name }) => name)
        : ref.kind === 'Service'
          ? context.system.services.filter((one) => one.namespace === namespace).map(({ name }) => name)
          : [ref.name];
    if (known.includes(ref.name)) return [];
    const help = didYouMean(ref.name, known);
    return [
      findingAt(policy, ['spec', 'targetRefs', index], {
        code: 'policy.selects-nothing',
        severity: 'medium',
        title: `\`${nameOf(policy)}\` targets ${ref.kind} \`${ref.name}\`, which does not exist`,
        message: `no ${ref.kind} \`${namespace}/${ref.name}\` was found, so this target guards nothing`,
        ...(help !== undefined && { fix: { text: help } }),
        references: [REFERENCES[policy.kind] ?? ISTIO_POLICY],
      }),
    ];
  });
}
