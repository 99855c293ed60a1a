import type { SystemRule } from '../../rule.ts';
import { finalStages, hitAt, instructionsOf } from './common.ts';

export const SHELL_FORM = {
  id: 'dockerfile.shell-entrypoint',
  name: 'Entry point in shell form',
  severity: 'info',
  cwe: [705],
  why: 'A shell is process 1 and does not pass signals on: the service is killed instead of stopping, and arguments can be read as shell.',
  help: 'write the JSON form: `ENTRYPOINT ["/app"]`',
  references: ['https://docs.docker.com/reference/dockerfile/#shell-form-entrypoint-example'],
  tags: [],
  *check({ system }) {
    for (const build of system.builds) {
      const stages = new Set(finalStages(build).map(({ index }) => index));
      const found = instructionsOf(build, 'ENTRYPOINT').findLast(({ instruction }) => stages.has(instruction.stage));
      if (found && !found.instruction.json && !/^exec\s/.test(found.instruction.text))
        yield hitAt(build, found.index, '`ENTRYPOINT` is in shell form');
    }
  },
} satisfies SystemRule;
