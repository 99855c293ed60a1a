import type { SystemRule } from '../../rule.ts';
import { CIS_DOCKER, finalStages, hitAt, instructionsOf } from './common.ts';

export const NO_HEALTHCHECK = {
  id: 'dockerfile.no-healthcheck',
  name: 'No health check',
  severity: 'info',
  cwe: [703],
  why: 'Docker and Compose do not notice that the process hangs. Kubernetes has probes of its own and does not use this one.',
  help: 'add `HEALTHCHECK CMD …`',
  references: [`${CIS_DOCKER} 4.6`],
  tags: ['cis-docker:4.6'],
  *check({ system }) {
    // Where Kubernetes runs the images its probes count.
    if (system.workloads.some(({ resource }) => resource.apiVersion !== '' && /^(?:v1|apps\/|batch\/)/.test(resource.apiVersion)))
      return;
    for (const build of system.builds) {
      const stages = new Set(finalStages(build).map(({ index }) => index));
      const serves = instructionsOf(build, 'EXPOSE').some(({ instruction }) => stages.has(instruction.stage));
      if (serves && !instructionsOf(build, 'HEALTHCHECK').some(({ instruction }) => stages.has(instruction.stage)))
        yield hitAt(build, build.stages.at(-1)!.at, 'the image serves a port and has no `HEALTHCHECK`');
    }
  },
} satisfies SystemRule;
