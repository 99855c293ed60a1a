// Rules over an image: how it is configured, what is missing in it, which of its files give more rights.
import type { Hit, SubjectRule } from '../rule.ts';
import { imageLocation } from './inspect.ts';
import type { ImageReport } from './inspect.ts';

const OCI = 'https://github.com/opencontainers/image-spec/blob/main/config.md';
const CIS_DOCKER = 'CIS Docker Benchmark';

function at(report: ImageReport, path: string): Hit['at'] {
  return { location: imageLocation(report.image.reference, path), subject: report.image.reference };
}

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
      at: at(report, ''),
    };
  },
} satisfies SubjectRule<ImageReport>;

const SECRET_NAME = /(?:^|_)(?:PASSWORD|PASSWD|PWD|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIALS?)(?:_|$)/i;
/** Names that end so hold a place or a switch, no secret. */
const NO_SECRET_NAME =
  /(?:_(?:FILE|PATH|DIR|FOLDER|URL|URI|HOST|PORT|ENDPOINT|NAME|USER|USERNAME|ACCOUNT|ID|TTL|ENABLED|DISABLED|TYPE|MODE|LENGTH|SIZE|HEADER|COOKIE|EXPIRY|EXPIRATION|EXPIRES|EXPIRES_IN|TIMEOUT|ISSUER|AUDIENCE|ALGORITHM|ALG|CLAIM|SCOPES?|PREFIX|VERSION|POLICY|PROVIDER|STORE|BACKEND|SERVICE|REGION|NAMESPACE|REQUIRED)|^PWD|^OLDPWD)$/i;
const STEP_MAX = 20_000;
const SECRET_MIN = 6;
const NO_SECRET_VALUE = /^(?:|true|false|yes|no|on|off|none|null|changeme|\d{1,5}|\$\{?\w+\}?|<.*>|\/.*|https?:\/\/[^@]*)$/i;

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
      yield { title: `the image's environment sets \`${name}\``, at: at(report, ''), detail: name };
    }
  },
} satisfies SubjectRule<ImageReport>;

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
      yield { title: `a build step of the image holds a value of \`${name}\``, at: at(report, ''), detail: name };
  },
} satisfies SubjectRule<ImageReport>;

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
        at: at(report, program),
        detail: `${program} ${library}`,
      };
    }
  },
} satisfies SubjectRule<ImageReport>;

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
      at: at(report, first),
    };
  },
} satisfies SubjectRule<ImageReport>;

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
      yield { title: 'the image exposes port 22', at: at(report, '') };
  },
} satisfies SubjectRule<ImageReport>;

export const IMAGE_RULES: readonly SubjectRule<ImageReport>[] = [
  IMAGE_ROOT,
  IMAGE_ENV_SECRET,
  IMAGE_HISTORY_SECRET,
  IMAGE_MISSING_LIBRARY,
  IMAGE_SETUID,
  IMAGE_SSH,
];
