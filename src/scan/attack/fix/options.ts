// The changes that would end weak facts, each with the effort it takes and the edits that make it.
import type { FindingEdit } from '#model/finding.ts';
import { originOf } from '#model/origin.ts';
import type { Location, Path } from '#model/origin.ts';
import { labelsMatch, resourceId } from '#model/resource.ts';
import type { Resource } from '#model/resource.ts';
import type { System, Workload } from '#model/system.ts';
import { permissionsOf } from '../../rbac/permissions.ts';
import type { Grant } from '../../rbac/permissions.ts';
import { listAt, memberOf, objectAt, textAt, textsAt } from '../../reach/raw.ts';
import { readSelector, selects } from '../../reach/selector.ts';
import type { BuiltGraph } from '../build.ts';
import type { RequiredFlow } from '../flows.ts';
import type { Fact, FactId, VulnerabilityInput } from '../model.ts';
import { rawPod } from '../pod.ts';
import type { LabelledFix } from './problem.ts';
import { denyPolicy, ingressRules, metadataPolicy, nameFor, networkPolicy, onHostNetwork, ownLabels } from './policies.ts';

export const FIX_KINDS = [
  'network-policy',
  'authorization-policy',
  'token',
  'role-binding',
  'container',
  'metadata',
  'exposure',
  'password',
  'update',
  'secret',
  'other',
] as const;

export interface FixOption extends LabelledFix {
  /** Stable: `network-policy:shop/db`. */
  readonly id: string;
  readonly kind: (typeof FIX_KINDS)[number];
  /** One line, lower-case, what is done: `let only shop/api call shop/db (NetworkPolicy)`. */
  readonly text: string;
  /** Changes of the files; empty when only a person can make it. */
  readonly edits: readonly FindingEdit[];
  /** For a person: what to do that no edit can. */
  readonly manual?: string;
}

/** How much work and risk a change is, against a new NetworkPolicy. */
export const EFFORTS = {
  networkPolicy: 1,
  narrowPolicy: 1.5,
  authorizationPolicy: 2,
  unknownCallers: 3,
  token: 1,
  bindingOfDefault: 2,
  binding: 4,
  container: 2,
  hostPath: 4,
  metadata: 1,
  exposure: 2,
  password: 5,
  update: 2,
  updateUnknown: 5,
  secret: 3,
  other: 3,
} as const;

/** What the fixes of one graph are made from. */
interface Ground {
  readonly system: System;
  readonly graph: BuiltGraph;
  /** Declared flows that work today: a fix keeps these, and opens none that policies close. */
  readonly flows: readonly RequiredFlow[];
  readonly workloads: ReadonlyMap<string, Workload>;
  readonly policies: readonly Resource[];
  readonly meshed: boolean;
  readonly vulnerabilities: readonly VulnerabilityInput[];
}

/** Every change that would end at least one fact of the graph. */
export function fixOptions(system: System, graph: BuiltGraph, vulnerabilities: readonly VulnerabilityInput[] = []): readonly FixOption[] {
  const ground: Ground = {
    system,
    graph,
    flows: workingFlows(graph),
    workloads: new Map(system.workloads.map((workload) => [workload.id, workload])),
    policies: system.resources.filter(({ kind, apiVersion }) => kind === 'NetworkPolicy' && apiVersion.startsWith('networking.k8s.io/')),
    meshed: system.authorizationPolicies.length + system.peerAuthentications.length > 0 || system.namespaces.some(({ labels }) => 'istio-injection' in labels),
    vulnerabilities,
  };
  const options = new Map<string, FixOption>();
  const add = (option: FixOption | undefined): void => {
    if (option && option.ends.length > 0 && !options.has(option.id)) options.set(option.id, option);
  };
  const facts = [...graph.facts.values()];
  for (const fact of facts) for (const option of optionsFor(ground, fact, facts)) add(option);
  return [...options.values()];
}

function workingFlows({ flows, edges, nodes }: BuiltGraph): readonly RequiredFlow[] {
  const working = new Set(edges.flatMap(({ required, from, to }) => (required ? [`${nodes[from]!.id} ${nodes[to]!.id}`] : [])));
  return flows.filter(({ from, to, port, transport }) => {
    const access = `access:${to}:${port}${transport === 'TCP' ? '' : `/${transport.toLowerCase()}`}`;
    return working.has(`${from === 'internet' ? from : `workload:${from}`} ${access}`);
  });
}

function optionsFor(ground: Ground, fact: Fact, facts: readonly Fact[]): readonly (FixOption | undefined)[] {
  const colon = fact.id.indexOf(':');
  const [kind, rest] = [fact.id.slice(0, colon), fact.id.slice(colon + 1)];
  const workload = ground.workloads.get(kind === 'open' || kind === 'token' || kind === 'metadata' || kind === 'password' ? rest : (/^[^:]*/.exec(rest)?.[0] ?? ''));
  switch (kind) {
    case 'open':
      return workload ? openFixes(ground, fact.id, workload) : [];
    case 'token':
      return workload ? [tokenFix(ground, fact, workload)] : [];
    case 'grant':
      return [grantFix(ground, fact)];
    case 'escape':
      return workload ? [escapeFix(fact, workload)] : [];
    case 'metadata':
      return workload ? metadataFixes(ground, fact, workload, facts) : [];
    case 'exposure':
      return workload ? [exposureFix(fact, workload)] : [];
    case 'password':
      return [manual(`password:${rest}`, 'password', [fact.id], EFFORTS.password, `make ${rest} ask for a password`, 'set a password in a Secret, and give it to the declared clients only')];
    case 'vulnerability':
      return workload ? [updateFix(ground, workload, facts)] : [];
    case 'secret':
      return workload ? [secretFix(fact, workload)] : [];
    default:
      return [manual(`other:${fact.id}`, 'other', [fact.id], EFFORTS.other, `end it: ${fact.text}`, fact.text)];
  }
}

function manual(id: string, kind: FixOption['kind'], ends: readonly FactId[], effort: number, text: string, help: string): FixOption {
  return { id, kind, ends, effort, text, edits: [], manual: help };
}

/** Where new policies go: beside the file of what they protect. */
function policyFile(resource: Resource): string {
  const file = originOf(resource)?.file ?? 'manifests.yaml';
  const slash = file.lastIndexOf('/');
  return `${file.slice(0, slash + 1)}cullis-policies.yaml`;
}

function callersText(ground: Ground, target: Workload): string {
  const callers = [...new Set(ground.flows.filter(({ to }) => to === target.id).map(({ from }) => (from === 'internet' ? 'the world, where it is open to it' : from)))];
  return callers.length === 0 ? 'nobody' : callers.length > 3 ? `its ${callers.length} declared callers` : `only ${callers.join(', ')}`;
}

function openFixes(ground: Ground, fact: FactId, target: Workload): readonly (FixOption | undefined)[] {
  const { spec, containers } = rawPod(target);
  if (containers.length === 0) return [];
  if (unknownCallers(ground, target)) {
    const help = `nobody is declared to call ${target.id}: write \`cullis.dev/calls\` on those that do, and the policy can be made`;
    return [manual(`network-policy:${target.id}`, 'network-policy', [fact], EFFORTS.unknownCallers, `let only its callers call ${target.id}, once they are known`, help)];
  }
  return [onHostNetwork(spec) ? undefined : networkFix(ground, fact, target), ground.meshed ? meshFix(ground, fact, target) : undefined];
}

/** A Service stands in front of it, so somebody calls it; who, nothing says. A policy that lets nobody in would break it. */
function unknownCallers({ graph: { flows }, system }: Ground, target: Workload): boolean {
  if (flows.some(({ to }) => to === target.id)) return false;
  return system.services.some(({ namespace, selector }) => namespace === target.namespace && selector !== undefined && labelsMatch(selector, target.labels));
}

/** Policies add up: one that is there and too wide has to be narrowed, a new one beside it would change nothing. */
function networkFix(ground: Ground, fact: FactId, target: Workload): FixOption | undefined {
  const { system, graph, flows } = ground;
  const holding = ground.policies.filter((policy) => holds(policy, target, 'Ingress'));
  const text = `let ${callersText(ground, target)} call ${target.id} (NetworkPolicy)`;
  const id = `network-policy:${target.id}`;
  if (holding.length === 0) {
    const value = networkPolicy(system, target, flows);
    return { id, kind: 'network-policy', ends: [fact], effort: EFFORTS.networkPolicy, text, edits: [{ op: 'create', file: policyFile(target.resource), value }] };
  }
  const subjects = system.workloads.filter((each) => holding.some((policy) => holds(policy, each, 'Ingress')));
  const documents = holding.flatMap((policy) => {
    const document = originOf(policy);
    return document ? [{ policy, document }] : [];
  });
  if (documents.length !== holding.length || subjects.length > 50) return undefined;
  if (subjects.length === 1) {
    const [first, ...others] = documents;
    const edits: FindingEdit[] = [set(first!.document, ['spec', 'ingress'], ingressRules(system, target, flows))];
    for (const { document } of others) edits.push(set(document, ['spec', 'ingress'], []));
    return { id, kind: 'network-policy', ends: [fact], effort: EFFORTS.narrowPolicy, text, edits };
  }
  // One policy holds several workloads: it comes down to "nothing", and each of them gets its own.
  const ends = subjects.map((each) => `open:${each.id}`).filter((each) => graph.facts.has(each));
  const edits: FindingEdit[] = documents.map(({ document }) => set(document, ['spec', 'ingress'], []));
  for (const each of subjects) {
    const value = networkPolicy(system, each, flows);
    if (ingressRules(system, each, flows).length > 0) edits.push({ op: 'create', file: policyFile(each.resource), value });
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

/** Whether a NetworkPolicy isolates a workload in one direction. */
function holds(policy: Resource, { namespace, labels, resource }: Workload, direction: 'Ingress' | 'Egress'): boolean {
  if (policy.metadata.namespace !== namespace || resource.kind === '') return false;
  const types = textsAt(policy.spec, 'policyTypes');
  const isolates = types.length > 0 ? types.includes(direction) : direction === 'Ingress' || memberOf(policy.spec, 'egress') !== undefined;
  return isolates && selects(readSelector(objectAt(policy.spec, 'podSelector')), labels);
}

function meshFix(ground: Ground, fact: FactId, target: Workload): FixOption | undefined {
  const { system, graph, flows } = ground;
  const open = new Set(flows.flatMap(({ to, from, port }) => (to === target.id && from === 'internet' ? [port] : [])));
  const ports = [...new Set(graph.edges.flatMap((edge) => (edge.facts.includes(fact) ? [portOf(graph.nodes[edge.to]!.id)] : [])))].filter((port) => port > 0 && !open.has(port));
  if (ports.length === 0) return undefined;
  const value = denyPolicy(system, target, flows, ports);
  const text = `refuse all but ${callersText(ground, target).replace(/^only /, '')} at ${target.id} (AuthorizationPolicy)`;
  return { id: `authorization-policy:${target.id}`, kind: 'authorization-policy', ends: [fact], effort: EFFORTS.authorizationPolicy, text, edits: [{ op: 'create', file: policyFile(target.resource), value }] };
}

function portOf(access: string): number {
  return Number(/:(\d+)$/.exec(access)?.[1] ?? 0);
}

function set(document: Location, path: Path, value: unknown): FindingEdit {
  return { op: 'set', document, path, value };
}

/** Offered only where the identity has no rights of its own: a role that was bound to it by name is there for a program that uses the token. */
function tokenFix({ system }: Ground, fact: Fact, workload: Workload): FixOption | undefined {
  const document = originOf(workload.resource);
  if (!document || fact.evidence.path?.includes('volumes') === true) return undefined;
  const grants = permissionsOf(system).get(`${workload.namespace}/${workload.serviceAccount}`) ?? [];
  if (workload.serviceAccount !== 'default' && grants.some((grant) => isNamed(grant, workload))) return undefined;
  const path = [...rawPod(workload).path, 'automountServiceAccountToken'];
  return { id: `token:${workload.id}`, kind: 'token', ends: [fact.id], effort: EFFORTS.token, text: `give ${workload.id} no token of the cluster's API`, edits: [set(document, path, false)] };
}

function isNamed({ binding, subjectPath }: Grant, workload: Workload): boolean {
  const subject = subjectAt(binding, subjectPath);
  return textAt(subject, 'kind') === 'ServiceAccount' && textAt(subject, 'name') === workload.serviceAccount;
}

function subjectAt(binding: Resource, path: Path): unknown {
  return listAt(binding.body, 'subjects')[Number(path.at(-1))];
}

/** Takes the subject out of the binding. Groups of the cluster hold every service account, so one change ends the facts of all. */
function grantFix({ system, graph }: Ground, fact: Fact): FixOption | undefined {
  const { resource: binding, path } = fact.evidence;
  const document = binding && originOf(binding);
  if (!binding || !path || !document) return undefined;
  const subject = subjectAt(binding, path);
  const name = textAt(subject, 'name') ?? '';
  const ends = [...graph.facts.values()].filter(({ id, evidence }) => id.startsWith('grant:') && evidence.resource === binding && String(evidence.path) === String(path)).map(({ id }) => id);
  const wide = textAt(subject, 'kind') !== 'ServiceAccount' || name === 'default';
  const used = !wide && system.workloads.some(({ namespace, serviceAccount }) => serviceAccount === name && namespace === (textAt(subject, 'namespace') ?? namespace));
  return {
    id: `role-binding:${resourceId(binding)}:${path.at(-1)}`,
    kind: 'role-binding',
    ends,
    effort: used ? EFFORTS.binding : EFFORTS.bindingOfDefault,
    text: `take ${textAt(subject, 'kind') ?? 'subject'} ${name} out of ${resourceId(binding)}`,
    edits: [{ op: 'remove', document, path }],
    ...(used && { manual: 'give it a Role with the verbs and objects that it really uses instead' }),
  };
}

function escapeFix(fact: Fact, workload: Workload): FixOption | undefined {
  const document = originOf(workload.resource);
  const { path } = fact.evidence;
  if (!document || !path) return undefined;
  const base = { id: fact.id, kind: 'container', ends: [fact.id] } as const;
  const [, , what] = /^escape:(.*?):([a-z]+)(?::|$)/.exec(fact.id) ?? [];
  if (what === 'privileged') return { ...base, effort: EFFORTS.container, text: `run ${workload.id} without \`privileged\``, edits: [set(document, path, false)] };
  if (what === 'pid') return { ...base, effort: EFFORTS.container, text: `run ${workload.id} without \`hostPID\``, edits: [set(document, path, false)] };
  if (what === 'capability') return { ...base, effort: EFFORTS.container, text: `take \`${fact.id.slice(fact.id.lastIndexOf(':') + 1)}\` from ${workload.id}`, edits: [{ op: 'remove', document, path }] };
  if (what === 'volume') return { ...base, effort: EFFORTS.hostPath, text: `take the machine's folder \`${fact.id.slice(fact.id.lastIndexOf(':') + 1)}\` from ${workload.id}`, edits: removeVolume(workload, document, Number(path.at(-1))) };
  return undefined;
}

/** A volume with every mount of it. */
function removeVolume(workload: Workload, document: Location, index: number): readonly FindingEdit[] {
  const pod = rawPod(workload);
  const name = textAt(listAt(pod.spec, 'volumes')[index], 'name');
  const edits: FindingEdit[] = [{ op: 'remove', document, path: [...pod.path, 'volumes', index] }];
  for (const { raw, path } of pod.containers)
    for (const [i, mount] of listAt(raw, 'volumeMounts').entries()) if (textAt(mount, 'name') === name) edits.push({ op: 'remove', document, path: [...path, 'volumeMounts', i] });
  return edits;
}

/** One policy for a workload, and one for its whole namespace, where no policy holds its egress yet. */
function metadataFixes(ground: Ground, fact: Fact, workload: Workload, facts: readonly Fact[]): readonly (FixOption | undefined)[] {
  const { spec } = rawPod(workload);
  const held = ground.policies.some((policy) => holds(policy, workload, 'Egress'));
  if (held || onHostNetwork(spec)) return [];
  const file = policyFile(workload.resource);
  const value = metadataPolicy(workload.namespace, nameFor(workload, 'no-metadata'), { matchLabels: { ...ownLabels(workload) } });
  const text = `keep ${workload.id} from the cloud's metadata (NetworkPolicy)`;
  const one: FixOption = { id: `metadata:${workload.id}`, kind: 'metadata', ends: [fact.id], effort: EFFORTS.metadata, text, edits: [{ op: 'create', file, value }] };
  const neighbours = facts.flatMap(({ id }) => {
    const other = id.startsWith('metadata:') ? ground.workloads.get(id.slice(9)) : undefined;
    const free = other && !onHostNetwork(rawPod(other).spec) && !ground.policies.some((policy) => holds(policy, other, 'Egress'));
    return free && other.namespace === workload.namespace ? [id] : [];
  });
  if (neighbours.length < 2) return [one];
  const all = metadataPolicy(workload.namespace, 'no-metadata', {});
  const wide: FixOption = { id: `metadata-of:${workload.namespace}`, kind: 'metadata', ends: neighbours, effort: EFFORTS.metadata * 1.5, text: `keep every pod of namespace ${workload.namespace} from the cloud's metadata (NetworkPolicy)`, edits: [{ op: 'create', file, value: all }] };
  return [one, wide];
}

function exposureFix(fact: Fact, workload: Workload): FixOption | undefined {
  const { resource } = fact.evidence;
  const document = resource && originOf(resource);
  const base = { id: fact.id, kind: 'exposure', ends: [fact.id], effort: EFFORTS.exposure, text: `take ${workload.id} off the internet` } as const;
  if (resource?.kind === 'Service' && document) {
    const edits: FindingEdit[] = [set(document, ['spec', 'type'], 'ClusterIP')];
    for (const [i, port] of listAt(resource.spec, 'ports').entries()) if (memberOf(port, 'nodePort') !== undefined) edits.push({ op: 'remove', document, path: ['spec', 'ports', i, 'nodePort'] });
    return { ...base, edits };
  }
  const own = originOf(workload.resource);
  const edits: FindingEdit[] = [];
  for (const { raw, path } of rawPod(workload).containers)
    for (const [i, port] of listAt(raw, 'ports').entries()) if (own && memberOf(port, 'hostPort') !== undefined) edits.push({ op: 'remove', document: own, path: [...path, 'ports', i, 'hostPort'] });
  return edits.length > 0 ? { ...base, edits } : { ...base, edits: [], manual: 'publish only what people outside are meant to use' };
}

function updateFix({ vulnerabilities }: Ground, workload: Workload, facts: readonly Fact[]): FixOption {
  const prefix = `vulnerability:${workload.id}:`;
  const ends = facts.filter(({ id }) => id.startsWith(prefix)).map(({ id }) => id);
  const ids = ends.map((id) => id.slice(prefix.length));
  const known = ids.map((id) => vulnerabilities.find((each) => each.id === id));
  const fixed = known.every((each) => each?.fixedIn !== undefined);
  const help = known.map((each, i) => (each?.fixedIn === undefined ? `${ids[i]}: no version without it is known` : `${each.package ?? ids[i]} ${each.fixedIn} or later`)).join('; ');
  return manual(`update:${workload.id}`, 'update', ends, fixed ? EFFORTS.update : EFFORTS.updateUnknown, `update ${workload.id}: ${ids.join(', ')}`, help);
}

function secretFix(fact: Fact, workload: Workload): FixOption | undefined {
  const document = originOf(workload.resource);
  const { path } = fact.evidence;
  if (!document || !path) return undefined;
  const text = `take from ${workload.id} a credential it has no declared business with`;
  const at = path.lastIndexOf('env');
  const base = { id: fact.id, kind: 'secret', ends: [fact.id], effort: EFFORTS.secret, text, manual: 'rotate the credential: whoever was in the workload may have it' } as const;
  const volume = path.indexOf('volumes');
  if (volume >= 0) return { ...base, edits: removeVolume(workload, document, Number(path[volume + 1])) };
  return { ...base, edits: [{ op: 'remove', document, path: at >= 0 ? path.slice(0, at + 2) : path }] };
}
