import type { SystemRule } from '../../rule.ts';
import { CIS_DOCKER, commandsIn, hitAt, modeOf } from './common.ts';

export const SETUID = {
  id: 'dockerfile.setuid',
  name: 'Program that runs as its owner',
  severity: 'medium',
  cwe: [250, 732],
  why: 'A setuid program of root is a way from any user of the container to root.',
  help: 'take the bit away, and run with `allowPrivilegeEscalation: false`',
  references: [`${CIS_DOCKER} 4.8`],
  tags: ['cis-docker:4.8'],
  *check({ system }) {
    for (const build of system.builds)
      for (const { command, index } of commandsIn(build)) {
        const mode = modeOf(command.words);
        if (mode !== undefined && /^[0]?[2467][0-7]{3}$|^[ugoa]*\+[rwx]*s/.test(mode))
          yield hitAt(build, index, `\`chmod ${mode}\` sets setuid or setgid`, { detail: command.words.join(' ').slice(0, 200) });
      }
  },
} satisfies SystemRule;
