import type { SystemRule } from '../../rule.ts';
import { commandsIn, DOCKER_PRACTICES, hitAt, isInstall } from './common.ts';

export const SUDO = {
  id: 'dockerfile.sudo',
  name: 'sudo in an image',
  severity: 'low',
  cwe: [250],
  why: 'During the build sudo is not needed, and left in the image it is a way from the process back to root.',
  help: 'switch with `USER root` and back, and do not install sudo',
  references: [DOCKER_PRACTICES],
  tags: [],
  *check({ system }) {
    for (const build of system.builds) {
      const found = commandsIn(build).find(
        ({ command }) => command.sudo || (isInstall(command.words) && command.words.includes('sudo')),
      );
      if (found) yield hitAt(build, found.index, found.command.sudo ? 'the build calls `sudo`' : 'the image gets `sudo`');
    }
  },
} satisfies SystemRule;
