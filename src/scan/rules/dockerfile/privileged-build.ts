import type { SystemRule } from '../../rule.ts';
import { hitAt, instructionsOf } from './common.ts';

export const PRIVILEGED_RUN = {
  id: 'dockerfile.privileged-build',
  name: 'Build step with the rights of the host',
  severity: 'medium',
  cwe: [250],
  why: "The step runs outside the builder's sandbox: whatever it downloads can change the machine that builds everything else.",
  help: 'take `--security=insecure` and `--network=host` out',
  references: ['https://docs.docker.com/reference/dockerfile/#run---security'],
  tags: [],
  *check({ system }) {
    for (const build of system.builds)
      for (const { instruction, index } of instructionsOf(build, 'RUN'))
        for (const { name, value } of instruction.flags)
          if ((name === 'security' && value === 'insecure') || (name === 'network' && value === 'host'))
            yield hitAt(build, index, `\`RUN --${name}=${value}\``, {
              severity: name === 'security' ? 'medium' : 'low',
              detail: name,
            });
  },
} satisfies SystemRule;
