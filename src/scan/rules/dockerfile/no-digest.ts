import { listText } from '#policy/lint/context.ts';
import type { SystemRule } from '../../rule.ts';
import { foreignStages, imageName } from './base.ts';
import { DOCKER_PRACTICES, hitAt } from './common.ts';

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
