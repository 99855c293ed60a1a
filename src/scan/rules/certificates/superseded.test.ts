import {
  certificateFindingsOf,
  DAY,
  good,
  leaf,
  newRoot,
  NOW,
  old,
  oldRoot,
  secret,
} from '../../../../test/fakes/certificate-files.ts';
import { testRuleBy } from '../../../../test/fakes/rule-cases.ts';
import { SUPERSEDED } from './superseded.ts';

testRuleBy(SUPERSEDED, certificateFindingsOf, {
  fails: [
    ['replaced, and still shipped', { 'k8s/tls.yaml': secret(good.pem), 'client/ca.go': `var c = \`${old.pem}\`` }, 'medium'],
    ['old authority alone', { 'ca.pem': newRoot.pem, 'gen/ca.py': `CA = """${oldRoot.pem}"""` }, 'medium'],
  ],
  passes: [
    ['old and new authority in one bundle', { 'ca.pem': oldRoot.pem + newRoot.pem }],
    [
      'other names',
      { 'a.pem': good.pem, 'b.pem': leaf({ notBeforeMs: NOW - 90 * DAY, notAfterMs: NOW + 40 * DAY }, 'pay.shop.svc').pem },
    ],
    [
      'issued together',
      { 'a.pem': good.pem, 'b.pem': leaf({ notBeforeMs: NOW - 30 * DAY - 1000, notAfterMs: NOW + 59 * DAY }).pem },
    ],
  ],
});
