import { certificateFindingsOf, good, leaf, rsaKey } from '../../../../test/fakes/certificate-files.ts';
import { testRuleBy } from '../../../../test/fakes/rule-cases.ts';
import { WEAK_KEY } from './weak-key.ts';

testRuleBy(WEAK_KEY, certificateFindingsOf, {
  fails: [['RSA of 1024 bits', { 'a.pem': leaf({ key: rsaKey(1024) }).pem }, 'high']],
  passes: [
    ['RSA of 2048 bits', { 'a.pem': leaf({ key: rsaKey(2048) }).pem }],
    ['elliptic curve', { 'a.pem': good.pem }],
  ],
});
