import type { ImageReport } from '../../image/inspect.ts';
import type { Hit, SubjectRule } from '../../rule.ts';
import { inImage, NO_SECRET_NAME, NO_SECRET_VALUE, OCI, SECRET_NAME } from './content.ts';

export const IMAGE_ENV_SECRET = {
  id: 'image.env-secret',
  name: 'secret in the environment of an image',
  severity: 'high',
  cwe: [526, 798],
  why: 'Whoever may pull the image reads its configuration, and with it the secret; it stays in the registry when it is removed later.',
  help: 'take the `ENV` line out, rotate the secret, and give it at run time from a Secret or the vault',
  references: [OCI],
  tags: ['cis-docker:4.10'],
  *check(report: ImageReport): Iterable<Hit> {
    for (const entry of report.image.config.env) {
      const equals = entry.indexOf('=');
      const name = entry.slice(0, equals);
      if (!SECRET_NAME.test(name) || NO_SECRET_NAME.test(name) || NO_SECRET_VALUE.test(entry.slice(equals + 1))) continue;
      yield { title: `the image's environment sets \`${name}\``, at: inImage(report, ''), detail: name };
    }
  },
} satisfies SubjectRule<ImageReport>;
