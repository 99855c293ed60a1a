import { GOOD, istio } from '../../../../test/fakes/jwt-verifiers.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { jwtForwarded } from './jwt-forwarded.ts';

testRule(jwtForwarded, {
  fails: [['on', istio(`{ ${GOOD}, forwardOriginalToken: true }`), 'info']],
  passes: [
    ['off', istio(`{ ${GOOD}, forwardOriginalToken: false }`)],
    ['not said', istio(`{ ${GOOD} }`)],
    ['claims only', istio(`{ ${GOOD}, outputClaimToHeaders: [{ header: x-sub, claim: sub }] }`)],
  ],
});
