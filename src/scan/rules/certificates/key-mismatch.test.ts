import { certificateFindingsOf, good, keyPem, other, ROOT, secret } from '../../../../test/fakes/certificate-files.ts';
import { testRuleBy } from '../../../../test/fakes/rule-cases.ts';
import { KEY_MISMATCH } from './key-mismatch.ts';

testRuleBy(KEY_MISMATCH, certificateFindingsOf, {
  fails: [
    ['key of another one', { 's.yaml': secret(good.pem, other) }, 'high'],
    ['key in the file beside', { 'a/tls.crt': good.pem, 'a/tls.key': keyPem(other) }, 'high'],
  ],
  passes: [
    [
      'the right key',
      { 's.yaml': secret(good.pem + ROOT.pem, good), 'a/server.pem': good.pem, 'a/server-key.pem': keyPem(good) },
    ],
    ['a key of another document', { 's.yaml': `${secret(good.pem)}---\n${secret(ROOT.pem, other)}` }],
  ],
});
