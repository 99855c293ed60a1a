import { deployment } from '../../../../test/fakes/pods.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { capabilities } from './capabilities.ts';

testRule(capabilities, {
  fails: [
    ['SYS_ADMIN', deployment('securityContext: {capabilities: {add: [SYS_ADMIN]}}'), 'high'],
    ['NET_ADMIN', deployment('securityContext: {capabilities: {add: [NET_ADMIN]}}'), 'medium'],
    ['NET_RAW', deployment('securityContext: {capabilities: {add: [NET_RAW]}}'), 'low'],
  ],
  passes: [
    ['harmless ones', deployment('securityContext: {capabilities: {add: [NET_BIND_SERVICE, CHOWN]}}')],
    ['privileged anyway', deployment('securityContext: {privileged: true, capabilities: {add: [SYS_ADMIN]}}')],
  ],
});
