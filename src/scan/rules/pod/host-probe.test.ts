import { deployment } from '../../../../test/fakes/pods.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { hostProbe } from './host-probe.ts';

testRule(hostProbe, {
  fails: [['metadata of the cloud', deployment('livenessProbe: {httpGet: {host: 169.254.169.254, port: 80}}'), 'low']],
  passes: [
    ['this machine', deployment('livenessProbe: {httpGet: {host: 127.0.0.1, port: 80}}')],
    ['the pod itself', deployment('livenessProbe: {httpGet: {port: 80}}')],
  ],
});
