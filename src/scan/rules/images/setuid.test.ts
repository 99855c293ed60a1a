import { imageFindings, imageReport } from '../../../../test/fakes/image-reports.ts';
import { testRuleBy } from '../../../../test/fakes/rule-cases.ts';
import { IMAGE_SETUID } from './setuid.ts';

testRuleBy(IMAGE_SETUID, imageFindings, {
  fails: [
    ['one program', imageReport({}, { setuid: ['usr/bin/su'] }), 'low'],
    [
      'many, told together',
      imageReport({}, { setuid: ['bin/mount', 'bin/su', 'bin/umount', 'usr/bin/passwd', 'usr/bin/chsh'] }),
      'low',
    ],
  ],
  passes: [['none', imageReport({}, { setuid: [] })]],
});
