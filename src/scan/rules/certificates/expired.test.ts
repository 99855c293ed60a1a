import { certificateFindingsOf, DAY, expired, good, leaf, NOW, secret } from '../../../../test/fakes/certificate-files.ts';
import { testRuleBy } from '../../../../test/fakes/rule-cases.ts';
import { EXPIRED } from './expired.ts';

testRuleBy(EXPIRED, certificateFindingsOf, {
  fails: [
    ['since yesterday', { 'certs/a.pem': expired.pem }, 'high'],
    ['in a Secret', { 's.yaml': secret(expired.pem) }, 'high'],
    ['in a test', { 'test/a.pem': expired.pem }, 'info'],
  ],
  passes: [
    ['valid for two months more', { 'tls.crt': good.pem }],
    ['ends within the hour', { 'a.pem': leaf({ notAfterMs: NOW + DAY / 24 }).pem }],
  ],
});
