import { imageFindings, imageReport } from '../../../../test/fakes/image-reports.ts';
import { testRuleBy } from '../../../../test/fakes/rule-cases.ts';
import { IMAGE_SSH } from './ssh.ts';

testRuleBy(IMAGE_SSH, imageFindings, {
  fails: [
    ['port 22', imageReport({ exposedPorts: ['80/tcp', '22/tcp'] }), 'medium'],
    ['port 22 of no protocol', imageReport({ exposedPorts: ['22'] }), 'medium'],
  ],
  passes: [
    ['ports that begin so', imageReport({ exposedPorts: ['2222/tcp', '220/tcp', '8022/tcp'] })],
    ['UDP', imageReport({ exposedPorts: ['22/udp'] })],
  ],
});
