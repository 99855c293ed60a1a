import { certificateFindingsOf, good, leaf, ROOT } from '../../../../test/fakes/certificate-files.ts';
import { testRuleBy } from '../../../../test/fakes/rule-cases.ts';
import { SELF_SIGNED } from './self-signed.ts';

testRuleBy(SELF_SIGNED, certificateFindingsOf, {
  fails: [
    ['signed by itself', { 'a.pem': leaf({ issuer: undefined! }).pem }, 'low'],
    ['signed by itself in production', { 'prod/a.pem': leaf({ issuer: undefined! }).pem }, 'medium'],
  ],
  passes: [
    ['signed by an authority', { 'prod/a.pem': good.pem }],
    ['the authority itself', { 'prod/ca.pem': ROOT.pem }],
  ],
});
