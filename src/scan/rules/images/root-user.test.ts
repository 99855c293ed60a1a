import { imageFindings, imageReport } from '../../../../test/fakes/image-reports.ts';
import { testRuleBy } from '../../../../test/fakes/rule-cases.ts';
import { IMAGE_ROOT } from './root-user.ts';

testRuleBy(IMAGE_ROOT, imageFindings, {
  fails: [
    ['no user', imageReport({ user: '' }), 'medium'],
    ['root', imageReport({ user: 'root' }), 'medium'],
    ['number zero, with a group', imageReport({ user: '0:1000' }), 'medium'],
  ],
  passes: [
    ['a number', imageReport({ user: '65532' })],
    ['a name, with the group of root', imageReport({ user: 'app:0' })],
  ],
});
