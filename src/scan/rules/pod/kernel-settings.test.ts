import { deployment } from '../../../../test/fakes/pods.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { kernelView } from './kernel-settings.ts';

testRule(kernelView, {
  fails: [
    ['the whole of /proc', deployment('securityContext: {procMount: Unmasked}'), 'medium'],
    ['unsafe sysctl', deployment('', 'securityContext: {sysctls: [{name: net.core.somaxconn, value: "1"}]}'), 'low'],
  ],
  passes: [
    ['safe sysctl', deployment('', 'securityContext: {sysctls: [{name: net.ipv4.tcp_syncookies, value: "1"}]}')],
    ['/proc as it is by default', deployment('securityContext: {procMount: Default}')],
  ],
});
