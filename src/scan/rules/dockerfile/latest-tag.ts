import type { SystemRule } from '../../rule.ts';
import { foreignStages, imageName } from './base.ts';
import { DOCKER_PRACTICES, hitAt } from './common.ts';

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
