import { from } from '../../../../test/fakes/dockerfile.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { SECRET_IN_IMAGE } from './secret-in-image.ts';

testRule(SECRET_IN_IMAGE, {
  fails: [
    ['ENV', from('ENV DB_PASSWORD=hunter2hunter2'), 'high'],
    ['old form, and ARG default', from('ENV API_KEY abcdef123456', 'ARG NPM_TOKEN="npm_aaaaaaaa"'), 'high', 'high'],
  ],
  passes: [
    [
      'names and references',
      from(
        'ENV DB_PASSWORD_FILE=/run/secrets/db',
        'ENV TOKEN_URL=https://x.test',
        'ENV API_KEY=${API_KEY}',
        'ARG PASSWORD=',
        'ENV TOKEN_TTL=300',
        'ENV SECRET_NAME=db',
      ),
    ],
    ['to be changed', from('ENV DB_PASSWORD=changeme')],
  ],
});
