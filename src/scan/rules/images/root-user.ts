import type { ImageReport } from '../../image/inspect.ts';
import type { Hit, SubjectRule } from '../../rule.ts';
import { inImage, CIS_DOCKER, OCI } from './content.ts';

export const IMAGE_ROOT = {
  id: 'image.root-user',
  name: 'image runs as root',
  severity: 'medium',
  cwe: [250],
  why: 'A process that is broken into as root owns every file of its container, and one flaw of the runtime away the node.',
  help: 'end the Dockerfile with `USER 65532`, or any other number that is not 0',
  references: [OCI, CIS_DOCKER],
  tags: ['cis-docker:4.1'],
  *check(report: ImageReport): Iterable<Hit> {
    const user = report.image.config.user.split(':')[0]!;
    if (user !== '' && user !== '0' && user !== 'root') return;
    yield {
      title: user === '' ? 'the image names no user and runs as root' : `the image runs as \`${user}\``,
      at: inImage(report, ''),
    };
  },
} satisfies SubjectRule<ImageReport>;
