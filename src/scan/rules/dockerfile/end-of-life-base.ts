import type { BuildStage, ImageBuild } from '#model/image-build.ts';
import type { SystemRule } from '../../rule.ts';
import { foreignStages } from './base.ts';
import { CIS_DOCKER, hitAt } from './common.ts';
import { endOfLife } from './end-of-life.ts';

const DAY_MS = 86_400_000;

export const END_OF_LIFE = {
  id: 'dockerfile.end-of-life-base',
  name: 'Base image that gets no security updates',
  severity: 'medium',
  cwe: [1104],
  why: 'Holes that are found in it from now on stay open in every image built on it.',
  help: 'move to a version that is looked after',
  references: ['https://endoflife.date', CIS_DOCKER],
  tags: ['pci-dss:6.3.3'],
  *check({ system, now }) {
    for (const build of system.builds) {
      const last = build.stages.at(-1);
      for (const stage of foreignStages(build)) {
        const end = endOfLife(stage.base);
        if (!end || end.ended > now) continue;
        const years = (now - end.ended) / (365 * DAY_MS);
        // Of a stage that only builds, the compiler's holes matter less than those of what runs.
        const runs = stage.index === last?.index || reaches(build, last, stage.index);
        yield hitAt(
          build,
          stage.at,
          `\`${stage.base}\`: ${end.product} ${end.version} has had no security updates since ${new Date(end.ended).toISOString().slice(0, 10)}`,
          {
            severity: runs ? (years > 2 ? 'high' : 'medium') : 'low',
            detail: stage.base,
          },
        );
      }
    }
  },
} satisfies SystemRule;

function reaches(build: ImageBuild, from: BuildStage | undefined, index: number): boolean {
  for (let at = from; at; at = at.parent === undefined ? undefined : build.stages[at.parent]) if (at.index === index) return true;
  return false;
}
