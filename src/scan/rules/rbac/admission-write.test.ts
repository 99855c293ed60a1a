import { bind, role, rule } from '../../../../test/fakes/rbac.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { webhooks } from './admission-write.ts';

testRule(webhooks, {
  fails: [
    ['any webhook', role(rule('admissionregistration.k8s.io', 'mutatingwebhookconfigurations', 'update')) + bind(), 'medium'],
    [
      'validating ones',
      role(rule('admissionregistration.k8s.io', 'validatingwebhookconfigurations', 'delete')) + bind(),
      'medium',
    ],
  ],
  passes: [
    [
      'its own webhook',
      role(rule('admissionregistration.k8s.io', 'mutatingwebhookconfigurations', 'update', ', resourceNames: [own]')) + bind(),
    ],
    ['reading', role(rule('admissionregistration.k8s.io', 'validatingwebhookconfigurations', 'get, list')) + bind()],
  ],
});
