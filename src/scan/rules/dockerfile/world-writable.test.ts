import { from } from '../../../../test/fakes/dockerfile.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { OPEN_MODE } from './world-writable.ts';

testRule(OPEN_MODE, {
  fails: [
    ['777', from('RUN chmod -R 777 /app'), 'low'],
    ['777 with its first digit', from('RUN chmod 0777 /data'), 'low'],
  ],
  passes: [
    ['755 and /tmp', from('RUN chmod 755 /app', 'RUN chmod 777 /tmp')],
    ['with the sticky bit', from('RUN chmod 1777 /scratch')],
    ['for the group', from('RUN chmod 775 /app')],
  ],
});
