import { from } from '../../../../test/fakes/dockerfile.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { NO_HEALTHCHECK } from './no-healthcheck.ts';

testRule(NO_HEALTHCHECK, {
  fails: [['serves', from('EXPOSE 80'), 'info']],
  passes: [
    ['checked, or no server', from('EXPOSE 80', 'HEALTHCHECK CMD curl localhost')],
    ['no port', from('CMD ["node", "job.js"]')],
  ],
});
