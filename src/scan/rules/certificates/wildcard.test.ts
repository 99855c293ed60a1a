import { certificateFindingsOf, leaf } from '../../../../test/fakes/certificate-files.ts';
import { testRuleBy } from '../../../../test/fakes/rule-cases.ts';
import { WILDCARD } from './wildcard.ts';

testRuleBy(WILDCARD, certificateFindingsOf, {
  fails: [['wildcard', { 'a.pem': leaf({}, '*.acme.com').pem }, 'info']],
  passes: [
    ['one host', { 'a.pem': leaf({}, 'www.acme.com').pem }],
    ['several hosts', { 'a.pem': leaf({}, 'www.acme.com', 'api.acme.com').pem }],
  ],
});
