import { certificateFindingsOf, signedWith, good } from '../../../../test/fakes/certificate-files.ts';
import { testRuleBy } from '../../../../test/fakes/rule-cases.ts';
import { WEAK_SIGNATURE } from './weak-signature.ts';

testRuleBy(WEAK_SIGNATURE, certificateFindingsOf, {
  fails: [
    ['signed with SHA-1', { 'a.der': Buffer.from(signedWith('1.2.840.113549.1.1.5'), 'base64') }, 'medium'],
    ['signed with MD5', { 'a.der': Buffer.from(signedWith('1.2.840.113549.1.1.4'), 'base64') }, 'medium'],
  ],
  passes: [
    ['signed with SHA-256', { 'a.der': Buffer.from(signedWith('1.2.840.113549.1.1.11'), 'base64') }],
    ['ECDSA with SHA-256', { 'a.pem': good.pem }],
  ],
});
