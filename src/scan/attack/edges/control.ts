// CONTROL: systems that deploy. Who has one of them has what it deploys.
import { objectAt, textAt, listAt } from '../../reach/raw.ts';
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
/** Of accounts at Applications, in a whole system. */
const CHANGERS_MAX = 50_000;

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
    for (const [account, grant] of (changers ??= changersOf(build))) {
      if (grant.namespace !== undefined && grant.namespace !== resource.metadata.namespace) continue;
      if (drawn++ >= CHANGERS_MAX) {
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

/** Accounts that may change Applications, and by which binding. */
function changersOf(build: Build): readonly (readonly [account: string, grant: Grant])[] {
  const known = new Map<readonly PlacedRule[], boolean>();
  const may = (rules: readonly PlacedRule[]): boolean => {
    let answer = known.get(rules);
    if (answer === undefined) {
      answer = rules.some((rule) => verbsOn(rule, 'argoproj.io', 'applications', ['create', 'update', 'patch']).length > 0);
      known.set(rules, answer);
    }
    return answer;
  };
  const found: (readonly [string, Grant])[] = [];
  for (const [account, lists] of build.permissions)
    for (const list of lists)
      for (const grant of list) if (found.length < CHANGERS_MAX && may(grant.rules)) found.push([account, grant]);
  return found;
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
  for (const workload of system.workloads) {
    const image = workload.containers.find(({ init, image: each }) => !init && wordsOf(each).some((word) => CI.has(word)));
    if (!image) continue;
    const targets = system.workloads
      .filter(({ id, namespace }) => id !== workload.id && namespace !== workload.namespace)
      .slice(0, TARGETS_MAX);
    if (targets.length === 0) continue;
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
      users.set(id, [...(users.get(id) ?? []), workload]);
    }
  }
  for (const [id, workloads] of users) {
    const slash = id.indexOf('/');
    const [namespace, name] = [id.slice(0, slash), id.slice(slash + 1)];
    for (const [account, grants] of build.permissions)
      for (const grant of grants) {
        if (grant.namespace !== undefined && grant.namespace !== namespace) continue;
        if (grant.resourceNames.length > 0 && !grant.resourceNames.includes(name)) continue;
        if (verbsOn(grant, '', 'secrets', ['get', 'list']).length === 0) continue;
        const node = builder.node(`secret:${id}@pull`, 'secret', `pull secret ${id}`);
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
