import type { SystemRule } from '../../rule.ts';
import { CIS_DOCKER, hitAt, instructionsOf } from './common.ts';

export const SSH_PORT = {
  id: 'dockerfile.ssh-port',
  name: 'SSH in a container',
  severity: 'low',
  cwe: [1188],
  why: "A shell for remote users passes by the cluster's access control and audit, and needs keys or passwords in the image.",
  help: 'use `kubectl exec` or `kubectl debug`, and leave sshd out',
  references: [CIS_DOCKER],
  tags: ['cis-docker:5.6'],
  *check({ system }) {
    for (const build of system.builds)
      for (const { instruction, index } of instructionsOf(build, 'EXPOSE'))
        if (instruction.text.split(/\s+/).some((word) => /^22(?:\/tcp)?$/i.test(word)))
          yield hitAt(build, index, 'the image exposes port 22 (SSH)');
  },
} satisfies SystemRule;
