import { operator, mesh } from '../../../../test/fakes/mesh-settings.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { pathsNotNormalised } from './paths-not-normalised.ts';

testRule(pathsNotNormalised, {
  fails: [
    ['none', [operator('{ pathNormalization: { normalization: NONE } }')], 'medium'],
    ['in the ConfigMap', [mesh('pathNormalization: { normalization: NONE }')], 'medium'],
  ],
  passes: [
    ['base', [operator('{ pathNormalization: { normalization: BASE } }')]],
    ['merged and decoded', [mesh('pathNormalization: { normalization: DECODE_AND_MERGE_SLASHES }')]],
    ['not said', [mesh('enableTracing: true')]],
  ],
});
