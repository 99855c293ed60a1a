import { imageFindings, imageReport } from '../../../../test/fakes/image-reports.ts';
import { testRuleBy } from '../../../../test/fakes/rule-cases.ts';
import { IMAGE_ENV_SECRET } from './env-secret.ts';

const env = (...entries: readonly string[]): ReturnType<typeof imageReport> => imageReport({ env: entries });

testRuleBy(IMAGE_ENV_SECRET, imageFindings, {
  fails: [
    ['password', env('PATH=/bin', 'DB_PASSWORD=s3cr3t-value'), 'high'],
    ['two of them', env('API_KEY=s3cr3t-value', 'NPM_TOKEN=s3cr3t-token'), 'high', 'high'],
  ],
  passes: [
    ['the file of a password', env('DB_PASSWORD_FILE=/run/secrets/db')],
    ['another variable', env('API_KEY=$KEY', 'TOKEN=${TOKEN}')],
    ['settings about tokens', env('TOKEN_TTL=300', 'TOKEN_ISSUER=https://login.example.org', 'AUTH_ENABLED=true')],
    ['the fingerprint of who signed the sources', env('GPG_KEY=E3FF2839C048B25C084DEBE9B26995E310250568')],
  ],
  hidden: /s3cr3t/,
});
