import { productionAlone, stagingAndProduction } from '../../../../test/fakes/environments.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { paritySecurity } from './security.ts';

testRule(paritySecurity, {
  fails: [
    ['production is weaker', stagingAndProduction({}, { pod: 'hostPID: true' }), 'high'],
    ['a protection that only staging has', stagingAndProduction({ pod: 'securityContext: {runAsNonRoot: true}' }, {}), 'medium'],
    ['staging is weaker', stagingAndProduction({ pod: 'hostNetwork: true' }, {}), 'low'],
    ['another account', stagingAndProduction({}, { pod: 'serviceAccountName: admin' }), 'medium'],
  ],
  passes: [
    ['alike', stagingAndProduction({ pod: 'hostNetwork: true' }, { pod: 'hostNetwork: true' })],
    ['sizes', stagingAndProduction({}, { replicas: 4, container: ', resources: {limits: {memory: 1Gi}}' })],
    [
      'names of the environment',
      stagingAndProduction({ pod: 'serviceAccountName: cart-staging' }, { pod: 'serviceAccountName: cart-prod' }),
    ],
    ['nothing to compare with', productionAlone({ pod: 'hostPID: true' })],
  ],
});
