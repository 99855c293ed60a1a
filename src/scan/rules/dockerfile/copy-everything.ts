import type { SystemRule } from '../../rule.ts';
import { hitAt, instructionsOf } from './common.ts';

export const COPY_ALL = {
  id: 'dockerfile.copy-everything',
  name: 'Whole folder copied without .dockerignore',
  severity: 'low',
  cwe: [538, 200],
  why: 'Everything that lies in the folder goes into the image: `.git` with its history, `.env` files, keys of whoever builds.',
  help: 'write a `.dockerignore` that leaves out everything but what is needed',
  references: ['https://docs.docker.com/build/concepts/context/#dockerignore-files'],
  tags: [],
  *check({ system }) {
    for (const build of system.builds) {
      if (build.ignoreFile) continue;
      const found = instructionsOf(build, 'COPY', 'ADD').find(({ instruction }) => {
        const sources = (instruction.json ?? instruction.text.split(/\s+/)).slice(0, -1);
        return (
          !instruction.flags.some(({ name }) => name === 'from' || name === 'exclude') &&
          sources.some((source) => /^(?:\.|\.\/|\/|\*|\.\/\*)$/.test(source))
        );
      });
      if (found)
        yield hitAt(build, found.index, 'the whole folder is copied and no `.dockerignore` was found', {
          fix: { text: this.help, yaml: '# .dockerignore\n.git\n.env*\n**/*.key\n**/*.pem\nnode_modules\n' },
        });
    }
  },
} satisfies SystemRule;
