import { from } from '../../../../test/fakes/dockerfile.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { SETUID } from './setuid.ts';

testRule(SETUID, {
  fails: [
    ['mode', from('RUN chmod 4755 /bin/x', 'RUN chmod u+s /bin/y'), 'medium', 'medium'],
    ['group', from('RUN chmod 2755 /bin/x'), 'medium'],
  ],
  passes: [
    ['plain', from('RUN chmod 0755 /bin/x && chmod u+x /bin/y')],
    ['taken away', from('RUN chmod u-s /bin/su && chmod a-s /bin/mount')],
  ],
});
