import { certificateFindingsOf, DAY, leaf, NOW } from '../../../../test/fakes/certificate-files.ts';
import { testRuleBy } from '../../../../test/fakes/rule-cases.ts';
import { LONG_VALIDITY } from './long-validity.ts';

testRuleBy(LONG_VALIDITY, certificateFindingsOf, {
  fails: [['valid for years', { 'a.pem': leaf({ notAfterMs: NOW + 500 * DAY }, 'www.acme.com').pem }, 'info']],
  passes: [
    ['valid for years inside', { 'a.pem': leaf({ notAfterMs: NOW + 500 * DAY }).pem }],
    ['three months, for a public name', { 'a.pem': leaf({}, 'www.acme.com').pem }],
  ],
});
