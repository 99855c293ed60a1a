import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { kubelet } from './kubelet.ts';

const configuration = (members: string): string =>
  `apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n${members}\n`;

testRule(kubelet, {
  fails: [
    ['anonymous', configuration('authentication: {anonymous: {enabled: true}}'), 'high'],
    [
      'always allow, and a read-only port',
      configuration('authorization: {mode: AlwaysAllow}\nreadOnlyPort: 10255'),
      'critical',
      'medium',
    ],
  ],
  passes: [
    ['webhook', configuration('authentication: {anonymous: {enabled: false}}\nauthorization: {mode: Webhook}\nreadOnlyPort: 0')],
    ['nothing said', configuration('maxPods: 110')],
  ],
});
