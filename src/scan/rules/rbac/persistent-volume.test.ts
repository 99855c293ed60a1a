import { bind, role, rule } from '../../../../test/fakes/rbac.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { persistentVolume } from './persistent-volume.ts';

testRule(persistentVolume, {
  fails: [
    ['everything of the core group', role(rule('', '"*"', '"*"')) + bind(), 'medium'],
    ['creating volumes', role(rule('', 'persistentvolumes', 'create')) + bind(), 'medium'],
  ],
  passes: [
    ['reading volumes', role(rule('', 'persistentvolumes', 'get, list')) + bind()],
    ['claims', role(rule('', 'persistentvolumeclaims', 'create')) + bind()],
  ],
});
