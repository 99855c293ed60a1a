import { from } from '../../../../test/fakes/dockerfile.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { SSH_PORT } from './ssh-port.ts';

testRule(SSH_PORT, {
  fails: [['22', from('EXPOSE 8080 22/tcp'), 'low']],
  passes: [
    ['2222', from('EXPOSE 2222 8022')],
    ['22 over UDP', from('EXPOSE 22/udp')],
  ],
});
