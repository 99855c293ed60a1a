import { bind, role, rule } from '../../../../test/fakes/rbac.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { certificateSigning } from './certificate-signing.ts';

const CSR = rule('certificates.k8s.io', 'certificatesigningrequests/approval', 'update');

testRule(certificateSigning, {
  fails: [['any signer', role(`${CSR}, ${rule('certificates.k8s.io', 'signers', 'approve')}`) + bind(), 'high']],
  passes: [
    [
      'one signer of its own',
      role(`${CSR}, ${rule('certificates.k8s.io', 'signers', 'approve', ', resourceNames: [example.com/own]')}`) + bind(),
    ],
    ['asking for a certificate', role(rule('certificates.k8s.io', 'certificatesigningrequests', 'create')) + bind()],
  ],
});
