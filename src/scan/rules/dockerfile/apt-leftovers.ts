import type { SystemRule } from '../../rule.ts';
import { baseName, commandsIn, DOCKER_PRACTICES, finalStages, hitAt } from './common.ts';

export const APT = {
  id: 'dockerfile.apt-leftovers',
  name: 'More packages than needed',
  severity: 'info',
  cwe: [1104],
  why: 'Recommended packages and package lists make the image larger and give attackers more to work with.',
  help: '`apt-get install -y --no-install-recommends … && rm -rf /var/lib/apt/lists/*` in one RUN',
  references: [DOCKER_PRACTICES],
  tags: [],
  *check({ system }) {
    for (const build of system.builds) {
      const commands = commandsIn(build);
      const runs = new Set(finalStages(build).map(({ index }) => index));
      const installs = commands.filter(
        ({ command, instruction }) =>
          runs.has(instruction.stage) &&
          /^apt(?:-get)?$/.test(baseName(command.words[0] ?? '')) &&
          command.words.includes('install'),
      );
      const recommended = installs.filter(
        ({ command }) => !command.words.some((word) => /no-install-recommends|Install-Recommends=(?:false|0)/.test(word)),
      );
      const uncleaned = installs.filter(
        ({ index, instruction }) =>
          !commands.some((one) => one.index === index && one.command.words.some((word) => word.includes('/var/lib/apt/lists'))) &&
          !instruction.flags.some(({ name, value }) => name === 'mount' && value.includes('/var')),
      );
      const first = recommended[0] ?? uncleaned[0];
      if (!first) continue;
      const parts = [
        recommended.length > 0 ? 'without `--no-install-recommends`' : '',
        uncleaned.length > 0 ? 'without removing the package lists' : '',
      ];
      yield hitAt(build, first.index, `\`apt-get install\` ${parts.filter((part) => part !== '').join(' and ')}`);
    }
  },
} satisfies SystemRule;
