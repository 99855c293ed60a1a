import { object, testAnalyzer } from '../../../../test/fakes/mesh-analyzers.ts';
import { WEBHOOK_ANALYZER } from './webhook.ts';

const ISTIOD = object('v1', 'Service', 'name: istiod, namespace: istio-system', 'spec: { ports: [{ port: 443, name: https }] }');
const webhook = (name: string, istiod: string, revision: string): string =>
  object(
    'admissionregistration.k8s.io/v1',
    'MutatingWebhookConfiguration',
    `name: ${name}`,
    `webhooks: [{ name: rev.namespace.sidecar-injector.istio.io, clientConfig: { service: { name: ${istiod}, namespace: istio-system } }, namespaceSelector: { matchLabels: { istio.io/rev: ${revision} } } }]`,
  );

testAnalyzer(WEBHOOK_ANALYZER, {
  fails: [
    ['its Service is gone', [webhook('istio-sidecar-injector-old', 'istiod-old', 'old')], 'InvalidWebhook'],
    [
      'two for the same pods',
      [ISTIOD, webhook('a', 'istiod', 'same'), webhook('b', 'istiod', 'same')],
      'InvalidWebhook',
      'InvalidWebhook',
    ],
  ],
  passes: [
    ['its Service is there', [ISTIOD, webhook('a', 'istiod', 'stable')]],
    ['a revision each', [ISTIOD, webhook('a', 'istiod', 'stable'), webhook('b', 'istiod', 'canary')]],
  ],
});
