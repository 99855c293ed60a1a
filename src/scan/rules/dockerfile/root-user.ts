import type { ImageBuild } from '#model/image-build.ts';
import type { System, Workload } from '#model/system.ts';
import type { SystemRule } from '../../rule.ts';
import { imageName } from './base.ts';
import { CIS_DOCKER, DOCKER_PRACTICES, finalStages, hitAt, instructionsOf } from './common.ts';

/** Base images that set a user of their own. */
function hasOwnUser(base: string): boolean {
  const { name, tag = '' } = imageName(base);
  return (
    /nonroot|unprivileged|rootless/.test(`${name}:${tag}`) ||
    /^(?:docker\.io\/)?bitnami\/|^cgr\.dev\/chainguard\/|^registry\.access\.redhat\.com\/ubi\d+\/(?:nodejs|openjdk|python)|^(?:jenkins\/jenkins|grafana\/grafana|prom\/|quay\.io\/keycloak\/|docker\.elastic\.co\/|curlimages\/)/.test(
      name,
    )
  );
}

export const ROOT_USER = {
  id: 'dockerfile.root-user',
  name: 'Image that runs as root',
  severity: 'medium',
  cwe: [250],
  why: 'Who breaks into the process is root in the container: every file of it can be changed, and holes in kernel and runtime that need root are open.',
  help: 'make a user, and end the last stage with `USER`, as a number so that Kubernetes can check it',
  references: [DOCKER_PRACTICES, `${CIS_DOCKER} 4.1`],
  tags: ['cis-docker:4.1', 'nsa-k8s:pod-security'],
  *check({ system }) {
    for (const build of system.builds) {
      if (isOverruled(build, system)) continue;
      const stages = finalStages(build);
      const users = instructionsOf(build, 'USER');
      const last = stages
        .map(({ index }) => users.findLast(({ instruction }) => instruction.stage === index))
        .find((one) => one !== undefined);
      const base = stages.at(-1);
      const fix = { text: this.help, yaml: 'RUN adduser --system --uid 10001 app\nUSER 10001\n' };
      if (last) {
        const user = last.instruction.text.split(':', 1)[0]!.trim().toLowerCase();
        if (user === 'root' || /^0+$/.test(user)) yield hitAt(build, last.index, 'the last `USER` is root', { fix });
      } else if (base?.base !== undefined && !hasOwnUser(base.base))
        yield hitAt(build, stages[0]!.at, 'no `USER`: the image runs as root unless its base says otherwise', { fix });
    }
  },
} satisfies SystemRule;

/** Whether every workload that runs the image sets a user itself. */
function isOverruled(build: ImageBuild, system: System): boolean {
  const workloads = system.workloads.filter(({ id }) => build.workloads.includes(id));
  return workloads.length > 0 && workloads.every(setsUser);
}

function setsUser({ resource }: Workload): boolean {
  const text = resource.spec as Readonly<Record<string, unknown>> | undefined;
  const template = member(member(member(text, 'jobTemplate'), 'spec') ?? text, 'template');
  const pod = resource.kind === 'Pod' ? text : member(template, 'spec');
  const context = member(pod, 'securityContext');
  const containers = Array.isArray(pod?.['containers']) ? (pod['containers'] as Readonly<Record<string, unknown>>[]) : [];
  return (
    containers.length > 0 &&
    containers.every((container) => isUser(member(container, 'securityContext')) ?? isUser(context) ?? false)
  );
}

function isUser(context: Readonly<Record<string, unknown>> | undefined): boolean | undefined {
  if (context?.['runAsNonRoot'] === true) return true;
  const user = context?.['runAsUser'];
  return typeof user === 'number' ? user !== 0 : undefined;
}

function member(
  value: Readonly<Record<string, unknown>> | undefined,
  name: string,
): Readonly<Record<string, unknown>> | undefined {
  const found = value?.[name];
  return typeof found === 'object' && found !== null && !Array.isArray(found)
    ? (found as Readonly<Record<string, unknown>>)
    : undefined;
}
