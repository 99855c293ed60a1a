import type { SystemRule } from '../../rule.ts';
import { CIS_DOCKER, hitAt, instructionsOf, isSecretName, pairsOf } from './common.ts';

/** Not the value itself: a variable, a placeholder, a switch. */
function isNoValue(value: string): boolean {
  return (
    value === '' ||
    value.includes('$') ||
    /^(?:true|false|yes|no|on|off|null|none|\d{1,3}|<[^>]*>|x{3,}|\*+|change[-_ ]?me|todo|dummy|placeholder|your[-_].*|example.*|not[-_]?set|unset|empty|fake|test|notused|build[-_]?time.*)$/i.test(
      value,
    ) ||
    /^(?:https?:\/\/|\/)/.test(value)
  );
}

export const SECRET_IN_IMAGE = {
  id: 'dockerfile.secret-in-image',
  name: 'Secret written into the image',
  severity: 'high',
  cwe: [798, 522],
  why: 'ENV and ARG values are kept in the history and configuration of the image. Whoever can pull it reads them, also after a later layer removed them.',
  help: 'give secrets at run time (a Secret, a vault), or during the build by `RUN --mount=type=secret`',
  references: ['https://docs.docker.com/build/building/secrets/', `${CIS_DOCKER} 4.10`],
  tags: ['cis-docker:4.10', 'pci-dss:8.6.2'],
  *check({ system }) {
    for (const build of system.builds)
      for (const { instruction, index } of instructionsOf(build, 'ENV', 'ARG', 'LABEL'))
        for (const [name, value] of pairsOf(instruction.text))
          if (isSecretName(name) && !isNoValue(value))
            yield hitAt(build, index, `\`${instruction.keyword} ${name}\` holds a value that stays in the image's history`, {
              detail: name,
            });
  },
} satisfies SystemRule;
