// Fixes that are policies: who may call a workload, and who may ask for the machine's credentials.
import type { FindingEdit } from '#model/finding.ts';
import { originOf } from '#model/origin.ts';
import { labelsMatch, resourceId } from '#model/resource.ts';
import type { Resource } from '#model/resource.ts';
import type { Workload } from '#model/system.ts';
import type { Fact, FactId, RequiredFlow } from '../model.ts';
import { rawPod } from '../pod.ts';
import { EFFORTS, manual, set } from './option.ts';
import type { FixOption, Ground } from './option.ts';
import { denyPolicy, ingressRules, metadataPolicy, nameFor, networkPolicy, onHostNetwork, ownLabels } from './policies.ts';

/** Where new policies go: beside the file of what they protect. */
function policyFile(resource: Resource): string {
  const file = originOf(resource)?.file ?? 'manifests.yaml';
  const slash = file.lastIndexOf('/');
  return `${file.slice(0, slash + 1)}cullis-policies.yaml`;
}

function flowsTo(ground: Ground, target: Workload): readonly RequiredFlow[] {
  return ground.flows.get(target.id) ?? [];
}

function callersText(ground: Ground, target: Workload): string {
  const callers = [
    ...new Set(flowsTo(ground, target).map(({ from }) => (from === 'internet' ? 'the world, where it is open to it' : from))),
  ];
  return callers.length === 0
    ? 'nobody'
    : callers.length > 3
      ? `its ${callers.length} declared callers`
      : `only ${callers.join(', ')}`;
}

/** Policies that hold a workload to its declared callers. */
export function openFixes(ground: Ground, fact: FactId, target: Workload): readonly (FixOption | undefined)[] {
  const { spec, kubernetes } = rawPod(target);
  if (!kubernetes) return [];
  if (unknownCallers(ground, target)) {
    const help = `nobody is declared to call ${target.id}: write \`cullis.dev/calls\` on those that do, and the policy can be made`;
    return [
      manual(
        `network-policy:${target.id}`,
        'network-policy',
        [fact],
        EFFORTS.unknownCallers,
        `let only its callers call ${target.id}, once they are known`,
        help,
      ),
    ];
  }
  return [
    onHostNetwork(spec) ? undefined : networkFix(ground, fact, target),
    ground.meshed ? meshFix(ground, fact, target) : undefined,
  ];
}

/** A Service stands in front of it, so somebody calls it; who, nothing says. A policy that lets nobody in would break it. */
function unknownCallers({ services, called }: Ground, target: Workload): boolean {
  if (called.has(target.id)) return false;
  return (services.get(target.namespace) ?? []).some(
    ({ selector }) => selector !== undefined && labelsMatch(selector, target.labels),
  );
}

/** Policies add up: one that is there and too wide has to be narrowed, a new one beside it would change nothing. */
function networkFix(ground: Ground, fact: FactId, target: Workload): FixOption | undefined {
  const { graph, workloads } = ground;
  const holding = ground.policies.holding(target, 'ingress');
  const text = `let ${callersText(ground, target)} call ${target.id} (NetworkPolicy)`;
  const id = `network-policy:${target.id}`;
  if (holding.length === 0) {
    const value = networkPolicy(workloads, target, flowsTo(ground, target));
    return {
      id,
      kind: 'network-policy',
      ends: [fact],
      effort: EFFORTS.networkPolicy,
      text,
      edits: [{ op: 'create', file: policyFile(target.resource), value }],
    };
  }
  const subjects = (ground.neighbours.get(target.namespace) ?? []).filter((each) =>
    ground.policies.holding(each, 'ingress').some((policy) => holding.includes(policy)),
  );
  const documents = holding.flatMap((policy) => {
    const document = originOf(policy);
    return document ? [{ policy, document }] : [];
  });
  if (documents.length !== holding.length || subjects.length > 50) return undefined;
  if (subjects.length === 1) {
    const [first, ...others] = documents;
    const edits: FindingEdit[] = [
      set(first!.document, ['spec', 'ingress'], ingressRules(workloads, target, flowsTo(ground, target))),
    ];
    for (const { document } of others) edits.push(set(document, ['spec', 'ingress'], []));
    return { id, kind: 'network-policy', ends: [fact], effort: EFFORTS.narrowPolicy, text, edits };
  }
  // One policy holds several workloads: it comes down to "nothing", and each of them gets its own.
  const ends = subjects.map((each) => `open:${each.id}`).filter((each) => graph.facts.has(each));
  const edits: FindingEdit[] = documents.map(({ document }) => set(document, ['spec', 'ingress'], []));
  for (const each of subjects) {
    const value = networkPolicy(workloads, each, flowsTo(ground, each));
    if (ingressRules(workloads, each, flowsTo(ground, each)).length > 0)
      edits.push({ op: 'create', file: policyFile(each.resource), value });
  }
  const names = holding.map(({ metadata }) => metadata.name).join(', ');
  return {
    id: `network-policies:${holding.map((policy) => resourceId(policy)).join(',')}`,
    kind: 'network-policy',
    ends,
    effort: EFFORTS.narrowPolicy + 0.5 * subjects.length,
    text: `narrow NetworkPolicy ${names} to the declared callers of ${subjects.length} workloads`,
    edits,
  };
}

function meshFix(ground: Ground, fact: FactId, target: Workload): FixOption | undefined {
  const { graph, workloads } = ground;
  const open = new Set(flowsTo(ground, target).flatMap(({ from, port }) => (from === 'internet' ? [port] : [])));
  const ports = [
    ...new Set(graph.edges.flatMap((edge) => (edge.facts.includes(fact) ? [portOf(graph.nodes[edge.to]!.id)] : []))),
  ].filter((port) => port > 0 && !open.has(port));
  if (ports.length === 0) return undefined;
  const value = denyPolicy(workloads, target, flowsTo(ground, target), ports);
  const text = `refuse all but ${callersText(ground, target).replace(/^only /, '')} at ${target.id} (AuthorizationPolicy)`;
  return {
    id: `authorization-policy:${target.id}`,
    kind: 'authorization-policy',
    ends: [fact],
    effort: EFFORTS.authorizationPolicy,
    text,
    edits: [{ op: 'create', file: policyFile(target.resource), value }],
  };
}

function portOf(access: string): number {
  return Number(/:(\d+)$/.exec(access)?.[1] ?? 0);
}

/** One policy for a workload, and one for its whole namespace, where no policy holds its egress yet. */
export function metadataFixes(ground: Ground, fact: Fact, workload: Workload): readonly (FixOption | undefined)[] {
  const { spec } = rawPod(workload);
  const held = ground.policies.holding(workload, 'egress').length > 0;
  if (held || onHostNetwork(spec)) return [];
  const file = policyFile(workload.resource);
  const value = metadataPolicy(workload.namespace, nameFor(workload, 'no-metadata'), { matchLabels: { ...ownLabels(workload) } });
  const text = `keep ${workload.id} from the cloud's metadata (NetworkPolicy)`;
  const one: FixOption = {
    id: `metadata:${workload.id}`,
    kind: 'metadata',
    ends: [fact.id],
    effort: EFFORTS.metadata,
    text,
    edits: [{ op: 'create', file, value }],
  };
  const neighbours = (ground.neighbours.get(workload.namespace) ?? []).flatMap((other) => {
    const id = `metadata:${other.id}`;
    const free = !onHostNetwork(rawPod(other).spec) && ground.policies.holding(other, 'egress').length === 0;
    return free && ground.graph.facts.has(id) ? [id] : [];
  });
  if (neighbours.length < 2) return [one];
  const all = metadataPolicy(workload.namespace, 'no-metadata', {});
  const wide: FixOption = {
    id: `metadata-of:${workload.namespace}`,
    kind: 'metadata',
    ends: neighbours,
    effort: EFFORTS.metadata * 1.5,
    text: `keep every pod of namespace ${workload.namespace} from the cloud's metadata (NetworkPolicy)`,
    edits: [{ op: 'create', file, value: all }],
  };
  return [one, wide];
}
