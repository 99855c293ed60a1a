import type { ImageReport } from '../../image/inspect.ts';
import type { Hit, SubjectRule } from '../../rule.ts';
import { inImage, NO_SECRET_NAME, NO_SECRET_VALUE, SECRET_NAME } from './content.ts';

const STEP_MAX = 20_000;
const SECRET_MIN = 6;

/** Names of words `NAME=value` of a build step that set a secret to a value of its own. */
function secretsOfStep(step: string): string[] {
  return step
    .slice(0, STEP_MAX)
    .split(/[\s|;&]+/)
    .flatMap((word) => {
      const equals = word.indexOf('=');
      const name = word.slice(0, Math.max(0, equals)).replace(/^-+/, '');
      const value = word.slice(equals + 1).replace(/^["']/, '');
      const set = value.length >= SECRET_MIN && !/^[$<(]|\$\(/.test(value) && !NO_SECRET_VALUE.test(value);
      return /^[A-Z][A-Z0-9_]{0,99}$/.test(name) && SECRET_NAME.test(name) && !NO_SECRET_NAME.test(name) && set ? [name] : [];
    });
}

export const IMAGE_HISTORY_SECRET = {
  id: 'image.history-secret',
  name: 'secret in the history of an image',
  severity: 'high',
  cwe: [538, 798],
  why: 'Build arguments stay in the history of the image, which everybody who may pull it can read.',
  help: 'give secrets to a build by `RUN --mount=type=secret`, and rotate this one',
  references: ['https://docs.docker.com/build/building/secrets/'],
  tags: ['cis-docker:4.10'],
  *check(report: ImageReport): Iterable<Hit> {
    const names = new Set(report.image.config.history.flatMap(({ createdBy }) => secretsOfStep(createdBy)));
    for (const name of names)
      yield { title: `a build step of the image holds a value of \`${name}\``, at: inImage(report, ''), detail: name };
  },
} satisfies SubjectRule<ImageReport>;
