import type { SystemRule } from '../../rule.ts';
import { DOCKER_PRACTICES, hitAt, instructionsOf } from './common.ts';

export const ADD_URL = {
  id: 'dockerfile.add-url',
  name: 'ADD from the network without a checksum',
  severity: 'medium',
  cwe: [494, 829],
  why: 'Whatever the address serves on the day of the build ends up in the image; nothing compares it with what was meant.',
  help: 'give `--checksum=sha256:…`, or fetch and verify in a RUN',
  references: [DOCKER_PRACTICES],
  tags: ['slsa:pinned'],
  *check({ system }) {
    for (const build of system.builds)
      for (const { instruction, index } of instructionsOf(build, 'ADD')) {
        const url = (instruction.json ?? instruction.text.split(/\s+/))
          .slice(0, -1)
          .find((word) => /^(?:https?|ftp):\/\//i.test(word));
        if (url === undefined || instruction.flags.some(({ name }) => name === 'checksum') || /\.git(?:#|$)/.test(url)) continue;
        yield hitAt(build, index, `\`ADD ${url.slice(0, 100)}\` without a checksum`, {
          severity: /^https:/i.test(url) ? 'medium' : 'high',
          detail: url,
        });
      }
  },
} satisfies SystemRule;
