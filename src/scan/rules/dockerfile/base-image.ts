import type { BuildStage, ImageBuild } from '#model/image-build.ts';
import type { SystemRule } from '../../rule.ts';
import { listText } from '#policy/lint/context.ts';
import { CIS_DOCKER, DOCKER_PRACTICES, hitAt } from './common.ts';
import { endOfLife } from './end-of-life.ts';

export interface ImageName {
  /** With registry and folders. */
  readonly name: string;
  readonly tag?: string;
  readonly digest?: string;
}

/** `registry:5000/a/b:1@sha256:…` */
export function imageName(image: string): ImageName {
  const at = image.indexOf('@');
  const bare = at < 0 ? image : image.slice(0, at);
  const colon = bare.lastIndexOf(':');
  const tagged = colon > bare.lastIndexOf('/');
  return {
    name: tagged ? bare.slice(0, colon) : bare,
    ...(tagged && { tag: bare.slice(colon + 1) }),
    ...(at >= 0 && { digest: image.slice(at + 1) }),
  };
}

/** Stages that begin from an image of a registry whose name is known. */
function foreignStages(build: ImageBuild): readonly (BuildStage & { readonly base: string })[] {
  return build.stages.flatMap((stage) =>
    stage.base !== undefined && stage.parent === undefined && stage.base !== 'scratch' ? [{ ...stage, base: stage.base }] : [],
  );
}

export const LATEST = {
  id: 'dockerfile.latest-tag',
  name: 'Base image without a version',
  severity: 'medium',
  cwe: [1357, 829],
  why: 'Every build takes whatever the tag means on that day. Two builds of one commit differ, a bad release of the base arrives unseen, and nobody can say what an old image held.',
  help: 'name a version, and its digest',
  references: [DOCKER_PRACTICES],
  tags: [],
  *check({ system }) {
    for (const build of system.builds)
      for (const { base, at } of foreignStages(build)) {
        const { name, tag, digest } = imageName(base);
        if (digest === undefined && (tag === undefined || tag === 'latest'))
          yield hitAt(
            build,
            at,
            tag === undefined ? `\`${name}\` has no tag, which means \`latest\`` : `\`${base}\` can be another image tomorrow`,
            { detail: base },
          );
      }
  },
} satisfies SystemRule;

export const NO_DIGEST = {
  id: 'dockerfile.no-digest',
  name: 'Base image without a digest',
  severity: 'low',
  cwe: [1357],
  why: 'A tag can be moved by whoever holds the registry account; a digest always means the same bytes.',
  help: 'write `name:tag@sha256:…`, and let a bot raise it',
  references: [DOCKER_PRACTICES],
  tags: ['slsa:pinned'],
  *check({ system }) {
    for (const build of system.builds) {
      const found = foreignStages(build).filter(({ base }) => {
        const { tag, digest } = imageName(base);
        return digest === undefined && tag !== undefined && tag !== 'latest';
      });
      if (found.length > 0)
        yield hitAt(build, found[0]!.at, `not held by a digest: ${listText([...new Set(found.map(({ base }) => base))])}`);
    }
  },
} satisfies SystemRule;

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
