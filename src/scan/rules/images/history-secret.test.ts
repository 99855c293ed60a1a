import { imageFindings, imageReport } from '../../../../test/fakes/image-reports.ts';
import { testRuleBy } from '../../../../test/fakes/rule-cases.ts';
import { IMAGE_HISTORY_SECRET } from './history-secret.ts';

const history = (...steps: readonly string[]): ReturnType<typeof imageReport> =>
  imageReport({ history: steps.map((createdBy) => ({ createdBy, emptyLayer: false, created: '' })) });

testRuleBy(IMAGE_HISTORY_SECRET, imageFindings, {
  fails: [
    ['a build argument', history('RUN |1 NPM_TOKEN=npm_s3cr3t /bin/sh -c npm ci'), 'high'],
    ['in front of a command', history('RUN /bin/sh -c API_KEY="s3cr3t-value" ./configure'), 'high'],
    [
      'one name in two steps',
      history('RUN |1 NPM_TOKEN=npm_s3cr3t /bin/sh -c npm ci', 'RUN |1 NPM_TOKEN=npm_s3cr3t /bin/sh -c npm test'),
      'high',
    ],
  ],
  passes: [
    ['another variable', history('ENV API_TOKEN=$X')],
    ['what a command gives', history('RUN /bin/sh -c TOKEN=$(cat /run/secrets/token) npm ci')],
    ['a mounted secret', history('RUN --mount=type=secret,id=npm /bin/sh -c npm ci')],
    ['the file of a password', history('RUN |1 DB_PASSWORD_FILE=/run/secrets/db /bin/sh -c ./migrate')],
  ],
  hidden: /s3cr3t/,
});
