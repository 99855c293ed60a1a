import { deployment, HARD, namespace } from '../../../../test/fakes/pods.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { refused } from './refused-by-namespace.ts';

testRule(refused, {
  fails: [
    ['not hardened where it must be', deployment('') + namespace('pod-security.kubernetes.io/enforce: restricted'), 'medium'],
  ],
  passes: [
    ['baseline', deployment('') + namespace('pod-security.kubernetes.io/enforce: baseline')],
    ['hardened', deployment(HARD) + namespace('pod-security.kubernetes.io/enforce: restricted')],
    [
      'probe hosts, before the version that looks at them',
      deployment('livenessProbe: {httpGet: {host: example.com, port: 80}}') +
        namespace('pod-security.kubernetes.io/enforce: baseline, pod-security.kubernetes.io/enforce-version: v1.30'),
    ],
  ],
});
