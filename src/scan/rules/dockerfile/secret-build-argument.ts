import type { SystemRule } from '../../rule.ts';
import { hitAt, instructionsOf, isSecretName } from './common.ts';

export const BUILD_ARGUMENT = {
  id: 'dockerfile.secret-build-argument',
  name: 'Secret as a build argument',
  severity: 'medium',
  cwe: [522],
  why: 'The values of build arguments are kept in the history of the image (`docker history`), and in caches and logs of the builder.',
  help: 'use `RUN --mount=type=secret,id=…`',
  references: ['https://docs.docker.com/build/building/secrets/'],
  tags: ['cis-docker:4.10'],
  *check({ system }) {
    for (const build of system.builds)
      for (const { instruction, index } of instructionsOf(build, 'ARG'))
        for (const name of instruction.text.split(/\s+/).filter((word) => !word.includes('=')))
          if (isSecretName(name))
            yield hitAt(build, index, `\`ARG ${name}\` takes a secret into the image's history`, {
              detail: name,
              fix: { text: this.help, yaml: `RUN --mount=type=secret,id=${name.toLowerCase()},env=${name} …\n` },
            });
  },
} satisfies SystemRule;
