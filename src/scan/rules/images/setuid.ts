import type { ImageReport } from '../../image/inspect.ts';
import type { Hit, SubjectRule } from '../../rule.ts';
import { inImage, CIS_DOCKER } from './content.ts';

/** Programs that distributions ship so and that most services never run. */
export const IMAGE_SETUID = {
  id: 'image.setuid',
  name: 'programs with setuid or setgid',
  severity: 'low',
  cwe: [250, 732],
  why: 'A process that is not root can become it through a flaw of any of these programs.',
  help: 'remove the bits (`RUN find / -xdev -perm /6000 -type f -exec chmod a-s {} +`), or set `allowPrivilegeEscalation: false`, which makes them count for nothing',
  references: [CIS_DOCKER],
  tags: ['cis-docker:4.8'],
  *check(report: ImageReport): Iterable<Hit> {
    const [first] = report.setuid;
    if (first === undefined) return;
    const names = report.setuid
      .slice(0, 4)
      .map((path) => `\`${path}\``)
      .join(', ');
    const more = report.setuid.length > 4 ? ` and ${report.setuid.length - 4} more` : '';
    yield {
      title: `${names}${more} ${report.setuid.length === 1 ? 'runs' : 'run'} with the rights of ${report.setuid.length === 1 ? 'its owner' : 'their owners'}`,
      at: inImage(report, first),
    };
  },
} satisfies SubjectRule<ImageReport>;
