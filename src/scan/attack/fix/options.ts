// The changes that would end weak facts, each with the effort it takes and the edits that make it.
import type { FindingEdit } from '#model/finding.ts';
import { originOf } from '#model/origin.ts';
import type { Location, Path } from '#model/origin.ts';
import { resourceId } from '#model/resource.ts';
import type { Resource } from '#model/resource.ts';
import type { System, Workload } from '#model/system.ts';
import { permissionsOf } from '../../rbac/permissions.ts';
import type { Grant } from '../../rbac/permissions.ts';
import { listAt, memberOf, textAt } from '#base/raw.ts';
import type { BuiltGraph } from '../build.ts';
import type { RequiredFlow } from '../model.ts';
import type { Fact, VulnerabilityInput } from '../model.ts';
import { NetworkPolicies } from '../network-policies.ts';
import { rawPod } from '../pod.ts';
import { EFFORTS, manual, set } from './option.ts';
import type { FixOption, Ground } from './option.ts';
import { metadataFixes, openFixes } from './policy-options.ts';

/** Every change that would end at least one fact of the graph. */
export function fixOptions(
  system: System,
  graph: BuiltGraph,
  vulnerabilities: readonly VulnerabilityInput[] = [],
): readonly FixOption[] {
  const ground: Ground = {
    system,
    graph,
    flows: Map.groupBy(workingFlows(graph), ({ to }) => to),
    called: new Set(graph.flows.map(({ to }) => to)),
    services: Map.groupBy(system.services, ({ namespace }) => namespace),
    workloads: new Map(system.workloads.map((workload) => [workload.id, workload])),
    policies: new NetworkPolicies(system),
    neighbours: Map.groupBy(system.workloads, ({ namespace }) => namespace),
    meshed:
      system.authorizationPolicies.length + system.peerAuthentications.length > 0 ||
      system.namespaces.some(({ labels }) => 'istio-injection' in labels),
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
  const workload = ground.workloads.get(
    kind === 'open' || kind === 'token' || kind === 'metadata' || kind === 'password' ? rest : (/^[^:]*/.exec(rest)?.[0] ?? ''),
  );
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
      return workload ? metadataFixes(ground, fact, workload) : [];
    case 'exposure':
      return workload ? [exposureFix(fact, workload)] : [];
    case 'password':
      return [
        manual(
          `password:${rest}`,
          'password',
          [fact.id],
          EFFORTS.password,
          `make ${rest} ask for a password`,
          'set a password in a Secret, and give it to the declared clients only',
        ),
      ];
    case 'vulnerability':
      return workload ? [updateFix(ground, workload, facts)] : [];
    case 'secret':
      return workload ? [secretFix(fact, workload)] : [];
    default:
      return [manual(`other:${fact.id}`, 'other', [fact.id], EFFORTS.other, `end it: ${fact.text}`, fact.text)];
  }
}

/** Offered only where the identity has no rights of its own: a role that was bound to it by name is there for a program that uses the token. */
function tokenFix({ system }: Ground, fact: Fact, workload: Workload): FixOption | undefined {
  const document = originOf(workload.resource);
  if (!document || fact.evidence.path?.includes('volumes') === true) return undefined;
  const grants = permissionsOf(system).get(`${workload.namespace}/${workload.serviceAccount}`) ?? [];
  if (workload.serviceAccount !== 'default' && grants.some((list) => list.some((grant) => isNamed(grant, workload))))
    return undefined;
  const path = [...rawPod(workload).path, 'automountServiceAccountToken'];
  return {
    id: `token:${workload.id}`,
    kind: 'token',
    ends: [fact.id],
    effort: EFFORTS.token,
    text: `give ${workload.id} no token of the cluster's API`,
    edits: [set(document, path, false)],
  };
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
  const ends = [...graph.facts.values()]
    .filter(
      ({ id, evidence }) => id.startsWith('grant:') && evidence.resource === binding && String(evidence.path) === String(path),
    )
    .map(({ id }) => id);
  const wide = textAt(subject, 'kind') !== 'ServiceAccount' || name === 'default';
  const used =
    !wide &&
    system.workloads.some(
      ({ namespace, serviceAccount }) => serviceAccount === name && namespace === (textAt(subject, 'namespace') ?? namespace),
    );
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
  if (!rawPod(workload).kubernetes)
    return manual(fact.id, 'container', [fact.id], EFFORTS.container, `end it: ${fact.text}`, fact.text);
  const [, , what] = /^escape:(.*?):([a-z]+)(?::|$)/.exec(fact.id) ?? [];
  if (what === 'privileged')
    return {
      ...base,
      effort: EFFORTS.container,
      text: `run ${workload.id} without \`privileged\``,
      edits: [set(document, path, false)],
    };
  if (what === 'pid')
    return {
      ...base,
      effort: EFFORTS.container,
      text: `run ${workload.id} without \`hostPID\``,
      edits: [set(document, path, false)],
    };
  if (what === 'capability')
    return {
      ...base,
      effort: EFFORTS.container,
      text: `take \`${fact.id.slice(fact.id.lastIndexOf(':') + 1)}\` from ${workload.id}`,
      edits: [{ op: 'remove', document, path }],
    };
  if (what === 'volume')
    return {
      ...base,
      effort: EFFORTS.hostPath,
      text: `take the machine's folder \`${fact.id.slice(fact.id.lastIndexOf(':') + 1)}\` from ${workload.id}`,
      edits: removeVolume(workload, document, Number(path.at(-1))),
    };
  return undefined;
}

/** A volume with every mount of it. */
function removeVolume(workload: Workload, document: Location, index: number): readonly FindingEdit[] {
  const pod = rawPod(workload);
  const name = textAt(listAt(pod.spec, 'volumes')[index], 'name');
  const edits: FindingEdit[] = [{ op: 'remove', document, path: [...pod.path, 'volumes', index] }];
  for (const { raw, path } of pod.containers)
    for (const [i, mount] of listAt(raw, 'volumeMounts').entries())
      if (textAt(mount, 'name') === name) edits.push({ op: 'remove', document, path: [...path, 'volumeMounts', i] });
  return edits;
}

function exposureFix(fact: Fact, workload: Workload): FixOption | undefined {
  const { resource } = fact.evidence;
  const document = resource && originOf(resource);
  const base = {
    id: fact.id,
    kind: 'exposure',
    ends: [fact.id],
    effort: EFFORTS.exposure,
    text: `take ${workload.id} off the internet`,
  } as const;
  if (resource?.kind === 'Service' && document) {
    const edits: FindingEdit[] = [set(document, ['spec', 'type'], 'ClusterIP')];
    for (const [i, port] of listAt(resource.spec, 'ports').entries())
      if (memberOf(port, 'nodePort') !== undefined)
        edits.push({ op: 'remove', document, path: ['spec', 'ports', i, 'nodePort'] });
    return { ...base, edits };
  }
  const own = originOf(workload.resource);
  const edits: FindingEdit[] = [];
  for (const { raw, path } of rawPod(workload).containers)
    for (const [i, port] of listAt(raw, 'ports').entries())
      if (own && memberOf(port, 'hostPort') !== undefined)
        edits.push({ op: 'remove', document: own, path: [...path, 'ports', i, 'hostPort'] });
  return edits.length > 0
    ? { ...base, edits }
    : { ...base, edits: [], manual: 'publish only what people outside are meant to use' };
}

function updateFix({ vulnerabilities }: Ground, workload: Workload, facts: readonly Fact[]): FixOption {
  const prefix = `vulnerability:${workload.id}:`;
  const ends = facts.filter(({ id }) => id.startsWith(prefix)).map(({ id }) => id);
  const ids = ends.map((id) => id.slice(prefix.length));
  const known = ids.map((id) => vulnerabilities.find((each) => each.id === id));
  const fixed = known.every((each) => each?.fixedIn !== undefined);
  const help = known
    .map((each, i) =>
      each?.fixedIn === undefined
        ? `${ids[i]}: no version without it is known`
        : `${each.package ?? ids[i]} ${each.fixedIn} or later`,
    )
    .join('; ');
  return manual(
    `update:${workload.id}`,
    'update',
    ends,
    fixed ? EFFORTS.update : EFFORTS.updateUnknown,
    `update ${workload.id}: ${ids.join(', ')}`,
    help,
  );
}

function secretFix(fact: Fact, workload: Workload): FixOption | undefined {
  const document = originOf(workload.resource);
  const { path } = fact.evidence;
  if (!document || !path) return undefined;
  const text = `take from ${workload.id} a credential it has no declared business with`;
  const at = path.lastIndexOf('env');
  const base = {
    id: fact.id,
    kind: 'secret',
    ends: [fact.id],
    effort: EFFORTS.secret,
    text,
    manual: 'rotate the credential: whoever was in the workload may have it',
  } as const;
  if (!rawPod(workload).kubernetes) return { ...base, edits: [], manual: `${text}, and rotate it` };
  const volume = path.indexOf('volumes');
  // Of a projected volume only the source goes: others may stand beside it.
  if (volume >= 0 && !path.includes('projected'))
    return { ...base, edits: removeVolume(workload, document, Number(path[volume + 1])) };
  return { ...base, edits: [{ op: 'remove', document, path: at >= 0 ? path.slice(0, at + 2) : path }] };
}
