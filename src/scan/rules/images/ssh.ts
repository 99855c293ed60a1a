import type { ImageReport } from '../../image/inspect.ts';
import type { Hit, SubjectRule } from '../../rule.ts';
import { inImage, CIS_DOCKER } from './content.ts';

export const IMAGE_SSH = {
  id: 'image.ssh',
  name: 'image offers SSH',
  severity: 'medium',
  cwe: [1125],
  why: 'A shell over the network is a way in beside every policy, with keys and passwords of its own.',
  help: 'remove the SSH server; use `kubectl exec` or `kubectl debug`, which ask the cluster who may',
  references: [CIS_DOCKER],
  tags: ['cis-docker:5.6'],
  *check(report: ImageReport): Iterable<Hit> {
    if (report.image.config.exposedPorts.some((port) => port === '22/tcp' || port === '22'))
      yield { title: 'the image exposes port 22', at: inImage(report, '') };
  },
} satisfies SubjectRule<ImageReport>;
