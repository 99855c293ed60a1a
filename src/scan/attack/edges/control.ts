// CONTROL: systems that deploy. Who has one of them has what it deploys.
import { objectAt, textAt, listAt } from '#base/raw.ts';
import type { Workload } from '#model/system.ts';
import { verbsOn } from '../../rbac/permits.ts';
import type { Grant } from '../../rbac/permissions.ts';
import type { PlacedRule } from '../../rbac/roles.ts';
import { resourceId } from '#model/resource.ts';
import { identityNode, workloadNode } from '../context.ts';
import type { Build } from '../context.ts';
import { evidenceAt } from '../evidence.ts';
import { PROBABILITIES as P } from '../probabilities.ts';
import { wordsOf } from '../stores.ts';

const CI = new Set([
  'jenkins',
  'runner',
  'tekton',
  'drone',
  'concourse',
  'buildkite',
  'teamcity',
  'woodpecker',
  'argocd',
  'flux',
]);
const TARGETS_MAX = 500;
/** Of accounts that hold one power, and of steps that they take by it, in a whole system. */
const HOLDERS_MAX = 50_000;

export function controlEdges(build: Build): void {
  applications(build);
  pipelines(build);
  pullSecrets(build);
}

/** Argo CD: whoever may change an Application decides what runs where it deploys to. */
function applications(build: Build): void {
  const { builder, system } = build;
  let changers: ReturnType<typeof changersOf> | undefined;
  let drawn = 0;
  for (const resource of system.resources) {
    if (resource.kind !== 'Application' || !resource.apiVersion.startsWith('argoproj.io/')) continue;
    const namespace = textAt(objectAt(resource.spec, 'destination'), 'namespace');
    const targets = system.workloads
      .filter((workload) => namespace === undefined || namespace === '' || workload.namespace === namespace)
      .slice(0, TARGETS_MAX);
    if (targets.length === 0) continue;
    const source =
      textAt(objectAt(resource.spec, 'source'), 'repoURL') ??
      textAt(listAt(resource.spec, 'sources')[0], 'repoURL') ??
      'its repository';
    const { name } = resource.metadata;
    const key = `control:${resource.metadata.namespace}/${name}`;
    changers ??= changersOf(build);
    for (const [account, grant] of changers) {
      if (grant.namespace !== undefined && grant.namespace !== resource.metadata.namespace) continue;
      if (drawn++ >= HOLDERS_MAX) {
        builder.leave();
        return;
      }
      const fresh = !builder.has(key);
      const control = builder.node(key, 'control', `Argo CD application ${name}`);
      const given = evidenceAt(`${resourceId(grant.binding)} gives it ${grant.role}`, grant.binding, grant.subjectPath);
      const fact = builder.fact(
        `grant:${account}:${resourceId(grant.binding)}`,
        `${resourceId(grant.binding)} gives ${account} ${grant.role}`,
        given,
      );
      builder.edge(identityNode(build, account), control, {
        kind: 'CONTROL',
        probability: P.control,
        text: `points Argo CD application ${name} at a repository of its own, away from ${source}`,
        evidence: [given],
        facts: [fact],
      });
      if (fresh) deploys(build, control, targets, name);
    }
  }
}

type Holder = readonly [account: string, grant: Grant];

/** Accounts that may do something, and by which binding; a role is asked once, however many have it. */
function holdersOf(build: Build, may: (rule: PlacedRule) => boolean): readonly Holder[] {
  const known = new Map<readonly PlacedRule[], boolean>();
  const found: Holder[] = [];
  for (const [account, lists] of build.permissions)
    for (const grant of lists.flat()) {
      let gives = known.get(grant.rules);
      if (gives === undefined) known.set(grant.rules, (gives = grant.rules.some(may)));
      if (!gives) continue;
      if (found.length >= HOLDERS_MAX) {
        build.builder.leave();
        return found;
      }
      found.push([account, grant]);
    }
  return found;
}

function changersOf(build: Build): readonly Holder[] {
  return holdersOf(build, (rule) => verbsOn(rule, 'argoproj.io', 'applications', ['create', 'update', 'patch']).length > 0);
}

function deploys(build: Build, control: number, targets: readonly Workload[], by: string): void {
  for (const target of targets)
    build.builder.edge(control, workloadNode(build, target.id), {
      kind: 'CONTROL',
      probability: P.control,
      text: `${by} deploys ${target.id}`,
      evidence: [evidenceAt(`${target.id} is deployed by it`, target.resource)],
    });
}

/** CI runners and deployers that run in the System itself. */
function pipelines(build: Build): void {
  const { builder, system } = build;
  let drawn = 0;
  for (const workload of system.workloads) {
    const image = workload.containers.find(({ init, image: each }) => !init && wordsOf(each).some((word) => CI.has(word)));
    if (!image) continue;
    const targets: Workload[] = [];
    for (const each of system.workloads) {
      if (each.namespace !== workload.namespace) targets.push(each);
      if (targets.length >= TARGETS_MAX) break;
    }
    if (targets.length === 0) continue;
    drawn += targets.length;
    if (drawn > HOLDERS_MAX) {
      builder.leave();
      return;
    }
    const control = builder.node(`control:${workload.id}`, 'control', `deployments by ${workload.id}`);
    const why = evidenceAt(`its image \`${image.image}\` builds or deploys`, workload.resource);
    builder.edge(workloadNode(build, workload.id), control, {
      kind: 'CONTROL',
      probability: P.ci,
      text: `changes what ${workload.id} builds and deploys`,
      evidence: [why],
    });
    deploys(build, control, targets, workload.id);
  }
}

/** A pull secret that may also push decides what every image of that registry holds. Read with RBAC only: no pod sees it. */
function pullSecrets(build: Build): void {
  const { builder, system } = build;
  const users = new Map<string, Workload[]>();
  for (const workload of system.workloads) {
    const pod = build.pods.get(workload.id)!;
    for (const each of listAt(pod.spec, 'imagePullSecrets')) {
      const name = textAt(each, 'name');
      if (name === undefined) continue;
      const id = `${workload.namespace}/${name}`;
      const known = users.get(id);
      if (known) known.push(workload);
      else users.set(id, [workload]);
    }
  }
  if (users.size === 0) return;
  const readers = holdersOf(build, (rule) => verbsOn(rule, '', 'secrets', ['get', 'list']).length > 0);
  const readable = new Map<readonly PlacedRule[], ReturnType<typeof secretNames>>();
  let drawn = 0;
  for (const [id, workloads] of users) {
    const slash = id.indexOf('/');
    const [namespace, name] = [id.slice(0, slash), id.slice(slash + 1)];
    for (const [account, grant] of readers) {
      if (grant.namespace !== undefined && grant.namespace !== namespace) continue;
      if (drawn++ >= HOLDERS_MAX) {
        builder.leave();
        return;
      }
      let names = readable.get(grant.rules);
      if (!names) readable.set(grant.rules, (names = secretNames(grant.rules)));
      if (names !== 'all' && !names.has(name)) continue;
      const key = `secret:${id}@pull`;
      const fresh = !builder.has(key);
      const node = builder.node(key, 'secret', `pull secret ${id}`);
      const given = evidenceAt(`${resourceId(grant.binding)} gives it ${grant.role}`, grant.binding, grant.subjectPath);
      const fact = builder.fact(
        `grant:${account}:${resourceId(grant.binding)}`,
        `${resourceId(grant.binding)} gives ${account} ${grant.role}`,
        given,
      );
      builder.edge(identityNode(build, account), node, {
        kind: 'RBAC_SECRETS',
        probability: P.rbac,
        text: `reads pull secret ${id} (${grant.role})`,
        evidence: [given],
        facts: [fact],
      });
      if (!fresh) continue;
      for (const target of workloads.slice(0, TARGETS_MAX))
        builder.edge(node, workloadNode(build, target.id), {
          kind: 'CONTROL',
          probability: P.registryPush,
          text: `pushes another image of ${target.id}, if the credential may push`,
          evidence: [evidenceAt(`${target.id} pulls with it`, target.resource, build.pods.get(target.id)!.path)],
        });
    }
  }
}

/** By the rules of a role, the secrets that they let it read: all, or those of these names. */
function secretNames(rules: readonly PlacedRule[]): 'all' | ReadonlySet<string> {
  const names = new Set<string>();
  for (const rule of rules) {
    if (verbsOn(rule, '', 'secrets', ['get', 'list']).length === 0) continue;
    if (rule.resourceNames.length === 0) return 'all';
    for (const name of rule.resourceNames) names.add(name);
  }
  return names;
}
