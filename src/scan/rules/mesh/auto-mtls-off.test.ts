import { mesh } from '../../../../test/fakes/mesh-settings.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { autoMtlsOff } from './auto-mtls-off.ts';

testRule(autoMtlsOff, {
  fails: [['off', [mesh('enableAutoMtls: false')], 'medium']],
  passes: [
    ['on', [mesh('enableAutoMtls: true')]],
    ['not said', [mesh('enableTracing: true')]],
  ],
});
