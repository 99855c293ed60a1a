import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { admissionWebhooks } from './admission-webhook.ts';

const webhook = (more: string, kind = 'Validating'): string =>
  `apiVersion: admissionregistration.k8s.io/v1\nkind: ${kind}WebhookConfiguration\nmetadata: {name: w}\nwebhooks: [{name: w.example.com, rules: [{apiGroups: [""], resources: [pods], operations: [CREATE]}]${more}}]\n`;

testRule(admissionWebhooks, {
  fails: [
    ['fails open', webhook(', failurePolicy: Ignore'), 'medium'],
    ['a mutating one fails open', webhook(', failurePolicy: Ignore', 'Mutating'), 'low'],
    [
      'objects may leave themselves out',
      webhook(', objectSelector: {matchExpressions: [{key: skip, operator: DoesNotExist}]}'),
      'medium',
    ],
  ],
  passes: [
    ['fails closed', webhook(', failurePolicy: Fail')],
    [
      'the namespace of the system left out',
      webhook(
        ', namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-system]}]}',
      ),
    ],
  ],
});
