import type { ImageReport } from '../../image/inspect.ts';
import type { Hit, SubjectRule } from '../../rule.ts';
import { inImage } from './content.ts';

export const IMAGE_MISSING_LIBRARY = {
  id: 'image.missing-library',
  name: 'library that a program needs is not in the image',
  severity: 'medium',
  cwe: [1104],
  why: 'The program stops when it is started. That a test image holds the library and this one does not is why it shows in production only.',
  help: 'install the package that holds the library, or build the program for the C library of this base image',
  references: ['ld.so(8)'],
  tags: ['parity:image'],
  *check(report: ImageReport): Iterable<Hit> {
    const start = [...report.image.config.entrypoint, ...report.image.config.cmd].map((word) => word.replace(/^\/+/, ''));
    for (const { program, through, library, interpreter } of report.missing) {
      const first = start.some((word) => word === program || program.endsWith(`/${word}`));
      const way = through === program ? '' : ` (by \`${through}\`)`;
      yield {
        title: interpreter
          ? `\`${program}\` needs the loader \`${library}\`, which the image lacks`
          : `\`${program}\` needs \`${library}\`, which the image lacks${way}`,
        severity: first ? 'high' : 'low',
        at: inImage(report, program),
        detail: `${program} ${library}`,
      };
    }
  },
} satisfies SubjectRule<ImageReport>;
