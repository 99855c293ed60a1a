import { deployment } from '../../../../test/fakes/pods.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { hostPort } from './host-port.ts';

testRule(hostPort, {
  fails: [['a port of the host', deployment('ports: [{containerPort: 80, hostPort: 80}]'), 'low']],
  passes: [
    ['on the network of the host anyway', deployment('ports: [{containerPort: 80, hostPort: 80}]', 'hostNetwork: true')],
    ['a port of the pod', deployment('ports: [{containerPort: 80}]')],
    ['none', deployment('ports: [{containerPort: 80, hostPort: 0}]')],
  ],
});
