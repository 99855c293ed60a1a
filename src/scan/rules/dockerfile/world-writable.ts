import type { SystemRule } from '../../rule.ts';
import { commandsIn, DOCKER_PRACTICES, hitAt, modeOf } from './common.ts';

export const OPEN_MODE = {
  id: 'dockerfile.world-writable',
  name: 'Files that everybody may change',
  severity: 'low',
  cwe: [732],
  why: 'Every process of the container may replace these files, also one that was broken into.',
  help: 'give files to the one user that writes them (`COPY --chown`)',
  references: [DOCKER_PRACTICES],
  tags: [],
  *check({ system }) {
    for (const build of system.builds)
      for (const { command, index } of commandsIn(build)) {
        const mode = modeOf(command.words);
        // /tmp is so by design, with the sticky bit.
        if (mode !== undefined && /^0?[0-7]?777$|^(?:a|ugo|o)?\+(?:rwx?|w)$/.test(mode) && !/^1777$/.test(mode)) {
          const targets = command.words.slice(1).filter((word) => !word.startsWith('-') && word !== mode);
          if (mode.startsWith('+') || targets.every((word) => /^\/tmp\/?$/.test(word))) continue;
          yield hitAt(
            build,
            index,
            `\`chmod ${mode}\` on ${targets
              .slice(0, 3)
              .map((word) => `\`${word.slice(0, 60)}\``)
              .join(', ')}`,
            { detail: targets.join(' ').slice(0, 200) },
          );
        }
      }
  },
} satisfies SystemRule;
