import { deployment } from '../../../../test/fakes/pods.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { unconfined } from './unconfined.ts';

testRule(unconfined, {
  fails: [
    ['seccomp', deployment('securityContext: {seccompProfile: {type: Unconfined}}'), 'medium'],
    ['AppArmor', deployment('', 'securityContext: {appArmorProfile: {type: Unconfined}}'), 'medium'],
  ],
  passes: [
    ['the default of the runtime', deployment('securityContext: {seccompProfile: {type: RuntimeDefault}}')],
    ['nothing said', deployment('')],
  ],
});
