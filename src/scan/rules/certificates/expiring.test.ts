import { certificateFindingsOf, DAY, good, leaf, NOW } from '../../../../test/fakes/certificate-files.ts';
import { testRuleBy } from '../../../../test/fakes/rule-cases.ts';
import { EXPIRING } from './expiring.ts';

testRuleBy(EXPIRING, certificateFindingsOf, {
  fails: [
    ['ends soon', { 'a.pem': leaf({ notBeforeMs: NOW - 80 * DAY, notAfterMs: NOW + 10 * DAY }).pem }, 'medium'],
    ['ends this week', { 'a.pem': leaf({ notBeforeMs: NOW - 80 * DAY, notAfterMs: NOW + 2 * DAY }).pem }, 'high'],
  ],
  passes: [
    ['of a day, which programs rotate', { 'a.pem': leaf({ notBeforeMs: NOW - DAY / 2, notAfterMs: NOW + DAY / 2 }).pem }],
    ['two months away', { 'a.pem': good.pem }],
    [
      'its successor lies beside',
      { 'a.pem': leaf({ notBeforeMs: NOW - 80 * DAY, notAfterMs: NOW + 10 * DAY }).pem, 'b.pem': good.pem },
    ],
  ],
});
